/** `clipper store`: the embedded store alone, for clients of etcd. */
import { resolve } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import { CliError } from './cli-error.ts'
import type { StoreLocation } from './snapshot-command.ts'

export interface StoreSettings {
  readonly directory: string
  readonly host: string
  readonly port: number
  readonly tls?: { readonly certFile: string; readonly keyFile: string; readonly clientCaFile?: string }
  readonly watchProgressIntervalMs?: number
}

export interface StoreActions {
  runStore(settings: StoreSettings): Promise<void>
  /** Throws CliError where the target has keys or either is in use. Returns what was done. */
  copyStores(from: StoreLocation, to: StoreLocation): Promise<string>
}

interface StoreFlags {
  readonly listen: URL
  readonly dataDir: string
  readonly cert?: string
  readonly key?: string
  readonly clientCa?: string
  readonly watchProgressNotifyInterval?: number
}

const listenUrl = (text: string): URL => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || url.pathname !== '/') {
    throw new InvalidArgumentError('a URL to listen on looks like http://127.0.0.1:2379.')
  }
  return url
}

const seconds = (text: string): number => {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text)
  const factor = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match?.[2] ?? 's'] ?? 1000
  const ms = Number(match?.[1]) * factor
  if (!(ms >= 100)) throw new InvalidArgumentError('an interval looks like 5s or 10m, and is at least 100ms.')
  return ms
}

export function settingsOf(flags: StoreFlags): StoreSettings {
  const { listen, cert, key, clientCa } = flags
  const secure = listen.protocol === 'https:'
  if (secure && (!cert || !key)) throw new CliError('https needs --cert and --key')
  if (!secure && (cert || key || clientCa)) {
    throw new CliError('--cert, --key and --client-ca need an https URL', 'use: --listen https://…')
  }
  return {
    directory: resolve(flags.dataDir),
    host: listen.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(listen.port || 2379),
    ...(cert && key ? { tls: { certFile: cert, keyFile: key, ...(clientCa ? { clientCaFile: clientCa } : {}) } } : {}),
    ...(flags.watchProgressNotifyInterval ? { watchProgressIntervalMs: flags.watchProgressNotifyInterval } : {}),
  }
}

interface EtcdTlsFlags {
  readonly etcdCafile?: string
  readonly etcdCertfile?: string
  readonly etcdKeyfile?: string
}

type CopyFlags = EtcdTlsFlags & { readonly from: string; readonly to: string }

function locationOf(text: string, { etcdCafile, etcdCertfile, etcdKeyfile }: EtcdTlsFlags): StoreLocation {
  if (!/^https?:\/\//.test(text)) return { directory: resolve(text) }
  return { servers: text.split(','), caFile: etcdCafile, certFile: etcdCertfile, keyFile: etcdKeyfile }
}

export function addStoreCommand(program: Command, actions: StoreActions): void {
  const store = program.command('store').description('serve the store alone, by the API of etcd')
  store
    .command('serve', { isDefault: true })
    .description('run in the foreground until it is told to stop')
    .option('--listen <url>', 'where to listen', listenUrl, new URL('http://127.0.0.1:2379'))
    .requiredOption('--data-dir <directory>', 'where the data lies')
    .option('--cert <file>', 'certificate of the server, PEM')
    .option('--key <file>', 'its key, PEM')
    .option('--client-ca <file>', 'authority of clients: they need a certificate of it')
    .option('--watch-progress-notify-interval <duration>', 'between progress notifications (default: 10m)', seconds)
    .action(async (flags: StoreFlags) => actions.runStore(settingsOf(flags)))
  store
    .command('copy')
    .description(
      'copy a store into a new one, as from a directory into an etcd cluster or back; revisions never go back',
    )
    .requiredOption('--from <store>', 'a directory of which nobody has the store open, or URLs of an etcd cluster')
    .requiredOption('--to <store>', 'the same; without a key in it')
    .option('--etcd-cafile <file>', 'authority of the etcd servers, PEM')
    .option('--etcd-certfile <file>', 'certificate for etcd, PEM')
    .option('--etcd-keyfile <file>', 'its key, PEM')
    .action(async ({ from, to, ...tls }: CopyFlags) => {
      process.stdout.write(`${await actions.copyStores(locationOf(from, tls), locationOf(to, tls))}\n`)
    })
}
