/** Flags of a cluster about its store: snapshots in time, and who else may use it. */
import { resolve } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import { Cron } from 'croner'
import { CliError } from './cli-error.ts'

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

const retention = (text: string): number => {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('a whole number above zero is needed.')
  return value
}

const httpsUrl = (text: string): string => {
  if (text === '') return text
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'https:' || url.pathname !== '/') {
    throw new InvalidArgumentError('a URL to listen on looks like https://127.0.0.1:2379.')
  }
  return text
}

const path = (text: string): string => (text === '' ? '' : resolve(text))

export function withStoreFlags(command: Command): Command {
  return command
    .option('--snapshot-schedule-cron <line>', 'when to take snapshots of the store (default: never)', cronLine)
    .option('--snapshot-retention <count>', 'how many of them stay (default: 5)', retention)
    .option('--snapshot-dir <directory>', 'where they lie (default: snapshots/ in the data directory)', path)
    .option('--store-listen <url>', 'serve the embedded store by the API of etcd (default: not)', httpsUrl)
    .option('--store-cert <file>', 'certificate of that server, PEM', path)
    .option('--store-key <file>', 'its key, PEM', path)
    .option('--store-client-ca <file>', 'authority of its clients: who has a certificate of it may do everything', path)
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
