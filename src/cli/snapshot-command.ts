/** `clipper snapshot`: copies of the whole store, for the day on which it is lost. */
import { resolve } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { CliError } from './cli-error.ts'
import { type ClusterConfig, pathsOf } from './cluster-config.ts'

/** A store: that of a directory, or an etcd cluster. */
export type StoreLocation =
  | { readonly directory: string }
  | {
      readonly servers: readonly string[]
      readonly caFile?: string | undefined
      readonly certFile?: string | undefined
      readonly keyFile?: string | undefined
    }

export interface SnapshotListing {
  readonly name: string
  readonly takenAt: string
  readonly bytes: number
  /** Absent where it cannot be read. */
  readonly revision?: number
  /** `ok`, or what is wrong with it. */
  readonly state: string
}

export interface SnapshotActions {
  /** Each throws CliError. */
  saveSnapshot(from: StoreLocation, target: { file: string } | { directory: string; cluster: string }): Promise<string>
  restoreSnapshot(options: {
    file: string
    storeDirectory: string
    revisionGap: number
    replace: boolean
  }): Promise<string>
  listSnapshots(directory: string): Promise<readonly SnapshotListing[]>
  pruneSnapshots(directory: string, keep: number): readonly string[]
}

interface SnapshotFlags {
  readonly dataDir: string
  readonly storeDir?: string
  readonly etcdServers?: readonly string[]
  readonly etcdCafile?: string
  readonly etcdCertfile?: string
  readonly etcdKeyfile?: string
  readonly dir?: string
}

/** Leaves room for a thousand writes a second for eleven days after the snapshot. */
const defaultRevisionGap = 1_000_000_000

const count = (text: string): number => {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('a whole number is needed.')
  return value
}

/** `configOf`: the settings of the cluster in a data directory, undefined where there is none. */
export function addSnapshotCommand(
  program: Command,
  load: () => Promise<SnapshotActions>,
  configOf: (dataDirectory: string) => ClusterConfig | undefined,
  defaultDataDirectory: string,
): void {
  const print = (line: string) => process.stdout.write(`${line}\n`)
  const snapshot = program.command('snapshot').description('save and restore the whole store')
  const dataDir = () =>
    new Option('--data-dir <directory>', 'the cluster whose store it is').default(defaultDataDirectory)
  const storeDir = () => new Option('--store-dir <directory>', 'the directory of a `clipper store` instead')
  const dir = () => new Option('--dir <directory>', 'where snapshots lie (default: snapshots/ in the data directory)')

  snapshot
    .command('save')
    .description('take a snapshot; the cluster may run')
    .argument('[file]', 'the new file (default: one named for the time, in the directory of snapshots)')
    .addOption(dataDir())
    .addOption(storeDir())
    .option('--etcd-servers <urls>', 'an etcd cluster instead, comma separated', text => text.split(','))
    .option('--etcd-cafile <file>', 'authority of the etcd servers, PEM')
    .option('--etcd-certfile <file>', 'certificate for etcd, PEM')
    .option('--etcd-keyfile <file>', 'its key, PEM')
    .addOption(dir())
    .action(async (file: string | undefined, flags: SnapshotFlags) => {
      const config = configOf(resolve(flags.dataDir))
      const from = locationOf(flags, config)
      const cluster = config?.name ?? 'clipper'
      const target = file === undefined ? { directory: directoryOf(flags), cluster } : { file: resolve(file) }
      print(await (await load()).saveSnapshot(from, target))
    })

  snapshot
    .command('restore')
    .description('make the store of a stopped cluster from a snapshot')
    .argument('<file>', 'a snapshot, by this command or by `etcdctl snapshot save`')
    .addOption(dataDir())
    .addOption(storeDir())
    .option('--revision-gap <count>', 'added to the revision, so that clients begin anew', count, defaultRevisionGap)
    .option('--replace', 'move a store that is there aside')
    .action(async (file: string, flags: SnapshotFlags & { revisionGap: number; replace?: boolean }) => {
      const storeDirectory = flags.storeDir ?? pathsOf({ name: '', dataDirectory: resolve(flags.dataDir) }).store
      const { revisionGap, replace = false } = flags
      const options = { file: resolve(file), storeDirectory: resolve(storeDirectory), revisionGap, replace }
      print(await (await load()).restoreSnapshot(options))
    })

  snapshot
    .command('list')
    .description('list snapshots, oldest first, and whether their checksums fit')
    .addOption(dataDir())
    .addOption(dir())
    .addOption(new Option('-o, --output <format>', 'as JSON').choices(['json']))
    .action(async (flags: SnapshotFlags & { output?: string }) => {
      const listed = await (await load()).listSnapshots(directoryOf(flags))
      if (flags.output === 'json') print(JSON.stringify(listed, null, 2))
      else for (const line of table(listed)) print(line)
      if (listed.some(({ state }) => state !== 'ok')) process.exitCode = 1
    })

  snapshot
    .command('prune')
    .description('remove the oldest snapshots')
    .addOption(dataDir())
    .addOption(dir())
    .requiredOption('--keep <count>', 'how many stay', count)
    .action(async (flags: SnapshotFlags & { keep: number }) => {
      for (const name of (await load()).pruneSnapshots(directoryOf(flags), flags.keep)) print(`removed ${name}`)
    })
}

const directoryOf = ({ dir, dataDir }: SnapshotFlags): string => resolve(dir ?? `${dataDir}/snapshots`)

function locationOf(flags: SnapshotFlags, config: ClusterConfig | undefined): StoreLocation {
  if (flags.storeDir !== undefined) return { directory: resolve(flags.storeDir) }
  const {
    etcdServers,
    etcdCafile: caFile,
    etcdCertfile: certFile,
    etcdKeyfile: keyFile,
  } = flags.etcdServers === undefined ? (config ?? {}) : flags
  if (etcdServers !== undefined && etcdServers.length > 0) return { servers: etcdServers, caFile, certFile, keyFile }
  if (config === undefined) {
    throw new CliError(
      `there is no cluster in ${resolve(flags.dataDir)}`,
      'give --data-dir, --store-dir or --etcd-servers',
    )
  }
  return { directory: pathsOf(config).store }
}

function table(listed: readonly SnapshotListing[]): string[] {
  const rows = [
    ['NAME', 'TAKEN', 'SIZE', 'REVISION', 'STATE'],
    ...listed.map(({ name, takenAt, bytes, revision, state }) => [
      name,
      takenAt,
      `${(bytes / 2 ** 20).toFixed(1)} MiB`,
      revision === undefined ? '-' : String(revision),
      state,
    ]),
  ]
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map(row => row[i]!.length)))
  return rows.map(row =>
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('  ')
      .trimEnd(),
  )
}
