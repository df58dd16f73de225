/** What `clipper snapshot` and `clipper store copy` do. */
import { existsSync, renameSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { ClientTls } from '../base/grpc/grpc-channel.ts'
import { CliError } from '../cli/cli-error.ts'
import { fileOfFlag } from '../cli/flag-values.ts'
import type { SnapshotActions, SnapshotListing, StoreLocation } from '../cli/snapshot-command.ts'
import { copyStore } from '../store/copy-store.ts'
import { databaseFile } from '../store/embedded/database.ts'
import { lockDirectory, StoreInUseError } from '../store/embedded/directory-lock.ts'
import { openEmbeddedStore } from '../store/embedded/embedded-store.ts'
import { openEtcdStore } from '../store/etcd/etcd-store.ts'
import { restoreSnapshot } from '../store/snapshots/restore-snapshot.ts'
import { type SnapshotSource, saveSnapshot } from '../store/snapshots/save-snapshot.ts'
import {
  listSnapshots,
  prepareSnapshotDirectory,
  pruneSnapshots,
  snapshotName,
} from '../store/snapshots/snapshot-directory.ts'
import { revisionOf, verifySnapshot } from '../store/snapshots/snapshot-file.ts'
import type { Store } from '../store/store.ts'

function tlsOf({ caFile, certFile, keyFile }: Extract<StoreLocation, { servers: unknown }>): ClientTls {
  return {
    ...(caFile ? { ca: fileOfFlag('etcd-cafile', caFile) } : {}),
    ...(certFile && keyFile
      ? { cert: fileOfFlag('etcd-certfile', certFile), key: fileOfFlag('etcd-keyfile', keyFile) }
      : {}),
  }
}

const sourceOf = (location: StoreLocation): SnapshotSource =>
  'directory' in location
    ? { is: 'embedded', directory: location.directory }
    : { is: 'etcd', servers: location.servers, tls: tlsOf(location) }

/** Its message is for people. */
const explained = (error: unknown): never => {
  if (error instanceof CliError) throw error
  throw new CliError((error as Error).message)
}

export const snapshotActions: SnapshotActions = {
  async saveSnapshot(from, target) {
    if ('directory' in from && !existsSync(databaseFile(from.directory))) {
      throw new CliError(`there is no store in ${from.directory}`)
    }
    if ('directory' in target) prepareSnapshotDirectory(target.directory)
    const file = 'file' in target ? target.file : join(target.directory, snapshotName(target.cluster, new Date()))
    if (existsSync(file)) throw new CliError(`${file} exists already`)
    const info = await saveSnapshot(sourceOf(from), file).catch(explained)
    return `${file}: ${info.bytes} bytes, revision ${revisionOf(file)}, SHA-256 ${info.sha256}`
  },

  async restoreSnapshot({ file, storeDirectory, revisionGap, replace }) {
    await verifySnapshot(file).catch(explained)
    const aside = existsSync(databaseFile(storeDirectory)) ? moveAside(storeDirectory, replace) : undefined
    try {
      const { revision } = await restoreSnapshot(file, storeDirectory, { revisionGap })
      const kept = aside === undefined ? '' : `; what was there lies in ${aside}`
      return `${storeDirectory}: restored, revision ${revision}${kept}`
    } catch (error) {
      if (aside !== undefined && !existsSync(storeDirectory)) renameSync(aside, storeDirectory)
      return explained(error)
    }
  },

  async listSnapshots(directory) {
    if (!existsSync(directory)) return []
    const listed: SnapshotListing[] = []
    for (const { name, path, takenAt, bytes } of listSnapshots(directory)) {
      const common = { name, takenAt: takenAt.toISOString().replace('.000', ''), bytes }
      try {
        await verifySnapshot(path)
        listed.push({ ...common, revision: revisionOf(path), state: 'ok' })
      } catch (error) {
        listed.push({ ...common, state: (error as Error).message.replace(`${path} `, '') })
      }
    }
    return listed
  },

  pruneSnapshots: (directory, keep) =>
    existsSync(directory) ? pruneSnapshots(directory, keep).map(({ name }) => name) : [],
}

/** Never under a running cluster: who has the store open has its lock. */
function moveAside(storeDirectory: string, replace: boolean): string {
  try {
    lockDirectory(storeDirectory).release()
  } catch (error) {
    if (!(error instanceof StoreInUseError)) throw error
    throw new CliError(`the store in ${storeDirectory} is in use`, 'stop the cluster first: clipper down')
  }
  if (!replace) {
    throw new CliError(`${storeDirectory} has a store already`, 'give --replace to move it aside, or another directory')
  }
  const aside = `${storeDirectory}-before-${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}`
  renameSync(storeDirectory, aside)
  return aside
}

export async function copyStores(from: StoreLocation, to: StoreLocation): Promise<string> {
  const source = await open(from, true)
  try {
    const target = await open(to, false)
    try {
      const shown = progressShown()
      const { keys, sourceRevision, targetRevision } = await copyStore(source, target, shown).catch(explained)
      return `${keys} keys copied; revision ${sourceRevision} there, ${targetRevision} here`
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}

/** A line now and then on a terminal. */
function progressShown(): (what: string, done: number, total: number) => void {
  let nextMs = performance.now() + 2000
  return (what, done, total) => {
    if (!process.stderr.isTTY || performance.now() < nextMs) return
    nextMs = performance.now() + 2000
    process.stderr.write(`${what}: ${done} of ${total}\n`)
  }
}

async function open(location: StoreLocation, mustExist: boolean): Promise<Store> {
  if (!('directory' in location)) {
    return openEtcdStore({ servers: location.servers, tls: tlsOf(location) }).catch(explained)
  }
  const { directory } = location
  if (mustExist && !existsSync(databaseFile(directory))) throw new CliError(`there is no store in ${directory}`)
  if (!existsSync(dirname(directory))) throw new CliError(`${dirname(directory)} does not exist`)
  return openEmbeddedStore({ directory }).catch(error => {
    throw error instanceof StoreInUseError ? new CliError(error.message, 'stop what uses it first') : error
  })
}
