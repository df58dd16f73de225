/** The API servers that a node knows: those of the `kubernetes` Service, kept on disk for when none answers at its start. */
import { join } from 'node:path'
import { EndpointSlice } from '../api/discovery/v1/endpoint-slice.ts'
import { loggerOf } from '../base/log.ts'
import { readIfExists, writeFileWhole } from '../base/whole-file.ts'
import type { InformerFactory } from '../client/informer-factory.ts'
import { LoadBalancer } from '../load-balancer/load-balancer.ts'
import { readinessOf } from '../load-balancer/readiness.ts'
import { random } from './random.ts'

export interface ServerListOptions {
  readonly dataDirectory: string
  /** URL of the server that the node joined by; used when no other is known, or the others fail. */
  readonly server: string
  readonly caPem: string
}

const fileOf = (dataDirectory: string): string => join(dataDirectory, 'servers.json')

function readList(dataDirectory: string): string[] {
  try {
    const list: unknown = JSON.parse(readIfExists(fileOf(dataDirectory)) ?? '[]')
    return Array.isArray(list) ? list.filter(one => typeof one === 'string' && /^[^/\s]+:\d+$/.test(one)) : []
  } catch {
    // A file that cannot be read is made anew once a server answers.
    return []
  }
}

const addressOf = (server: string): string => {
  const { hostname, port } = new URL(server)
  return `${hostname}:${port || 443}`
}

/** In order; IPv6 addresses as URLs have them. */
export function serversOf({ endpoints, ports }: Pick<EndpointSlice, 'endpoints' | 'ports'>): string[] {
  const port = ports?.find(({ name }) => name === 'https')?.port
  if (port === undefined || port === null) return []
  const addresses = (endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready !== false)
    .flatMap(one => one.addresses)
  return addresses.map(address => `${address.includes(':') ? `[${address}]` : address}:${port}`).sort()
}

export function startBalancer({ dataDirectory, server, caPem }: ServerListOptions): Promise<LoadBalancer> {
  return LoadBalancer.start({
    servers: [...readList(dataDirectory), addressOf(server)],
    check: address => readinessOf(address, caPem),
    log: loggerOf('load-balancer'),
    random,
  })
}

/** Hands every change of the list to the balancer and to the disk. An empty list is an error of somebody: it changes nothing. */
export function followServers(balancer: LoadBalancer, informers: InformerFactory, options: ServerListOptions): void {
  const { dataDirectory, server } = options
  const slices = informers.of(EndpointSlice, { namespace: 'default', fieldSelector: 'metadata.name=kubernetes' })
  slices.subscribe(({ type, object }) => {
    const servers = type === 'deleted' ? [] : serversOf(object)
    if (servers.length === 0) return
    balancer.use([...servers, addressOf(server)])
    if (servers.join() !== readList(dataDirectory).join())
      writeFileWhole(fileOf(dataDirectory), JSON.stringify(servers), 0o600)
  })
}
