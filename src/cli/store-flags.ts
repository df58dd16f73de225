/** Flags of a cluster about its store: snapshots in time, and who else may use it. */
import { type Command, InvalidArgumentError } from 'commander'
import { Cron } from 'croner'
import { CliError } from './cli-error.ts'
import { absolutePath, positive } from './flag-values.ts'

export interface StoreConfig {
  /** Five fields, in local time; absent or empty: no snapshots. */
  readonly snapshotScheduleCron?: string
  /** How many snapshots stay; 5 where absent. */
  readonly snapshotRetention?: number
  /** Where they lie; absent or empty: `snapshots` in the data directory. */
  readonly snapshotDir?: string
  /** https URL at which the embedded store serves the API of etcd; absent or empty: it does not. */
  readonly storeListen?: string
  /** PEM files of that server, and the authority of its clients. */
  readonly storeCert?: string
  readonly storeKey?: string
  readonly storeClientCa?: string
}

export const defaultSnapshotRetention = 5

const cronLine = (text: string): string => {
  if (text === '') return text
  try {
    new Cron(text, { paused: true, mode: '5-part' })
    return text
  } catch (error) {
    throw new InvalidArgumentError(`a schedule looks like '0 */6 * * *': ${(error as Error).message}`)
  }
}

const httpsUrl = (text: string): string => {
  if (text === '') return text
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'https:' || url.pathname !== '/') {
    throw new InvalidArgumentError('a URL to listen on looks like https://127.0.0.1:2379.')
  }
  return text
}

export function withStoreFlags(command: Command): Command {
  return command
    .option('--snapshot-schedule-cron <line>', 'when to take snapshots of the store (default: never)', cronLine)
    .option('--snapshot-retention <count>', 'how many of them stay (default: 5)', positive)
    .option('--snapshot-dir <directory>', 'where they lie (default: snapshots/ in the data directory)', absolutePath)
    .option('--store-listen <url>', 'serve the embedded store by the API of etcd (default: not)', httpsUrl)
    .option('--store-cert <file>', 'certificate of that server, PEM', absolutePath)
    .option('--store-key <file>', 'its key, PEM', absolutePath)
    .option(
      '--store-client-ca <file>',
      'authority of its clients: who has a certificate of it may do everything',
      absolutePath,
    )
}

/** Where the embedded store listens, and its files. Throws CliError for half of it. */
export function storeListenerOf(config: StoreConfig & { readonly etcdServers?: readonly string[] }) {
  const { storeListen, storeCert, storeKey, storeClientCa, etcdServers = [] } = config
  if (!storeListen) return undefined
  if (etcdServers.length > 0)
    throw new CliError('--store-listen serves the embedded store, but --etcd-servers is given')
  if (!storeCert || !storeKey || !storeClientCa) {
    throw new CliError('--store-listen needs --store-cert, --store-key and --store-client-ca')
  }
  const url = new URL(storeListen)
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  return { host, port: Number(url.port || 2379), certFile: storeCert, keyFile: storeKey, clientCaFile: storeClientCa }
}
