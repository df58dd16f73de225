/** The embedded store behind etcd's v3 gRPC API. */

import { GrpcServer, type GrpcServerOptions } from '../../base/grpc/grpc-server.ts'
import { type Logger, loggerOf } from '../../base/log.ts'
import type { MaintainedStore } from '../maintained-store.ts'
import { Identity } from './identity.ts'
import { kvService } from './kv-service.ts'
import { leaseService } from './lease-service.ts'
import { maintenanceService } from './maintenance-service.ts'
import { WatchStream } from './watch-stream.ts'

export interface StoreServerOptions {
  readonly store: MaintainedStore
  /** The store's directory: who it is lies beside its data. */
  readonly directory: string
  readonly host: string
  readonly port: number
  /** PEM; with `ca`, clients need a certificate of it. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string }
  /** Shown in the list of members; absent: where it listens. */
  readonly advertisedUrl?: string
  readonly name?: string
  readonly watchProgressIntervalMs?: number
  readonly log?: Logger
}

export interface StoreServer {
  readonly url: string
  /** Ends every call; the store stays open. */
  close(): Promise<void>
}

/** As etcd bounds messages: its largest request and half a MiB for what surrounds it. */
const maxRequestBytes = 2 * 1024 * 1024
const defaultProgressIntervalMs = 10 * 60 * 1000

export async function startStoreServer(options: StoreServerOptions): Promise<StoreServer> {
  const { store, host, tls, log = loggerOf('store'), watchProgressIntervalMs = defaultProgressIntervalMs } = options
  const deps = { store, identity: new Identity(options.directory) }
  const clientUrls: string[] = []
  const services = [
    kvService(deps),
    leaseService(deps),
    maintenanceService(deps, { name: options.name ?? 'default', clientUrls }),
  ]
  const streams: GrpcServerOptions['streams'] = new Map([
    ...services.flatMap(service => service.streams),
    ['/etcdserverpb.Watch/Watch', call => new WatchStream(deps, call, { progressIntervalMs: watchProgressIntervalMs })],
  ])
  const server = new GrpcServer({
    host,
    port: options.port,
    unary: new Map(services.flatMap(service => service.unary)),
    streams,
    maxRequestBytes,
    ...(tls === undefined
      ? {}
      : { tls: { cert: tls.cert, key: tls.key, ...(tls.ca === undefined ? {} : { ca: tls.ca }) } }),
  })
  const port = await server.listen()
  const url = `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`
  clientUrls.push(options.advertisedUrl ?? url)
  log.info({ url, directory: options.directory }, 'the store listens')
  return { url, close: () => server.close() }
}
