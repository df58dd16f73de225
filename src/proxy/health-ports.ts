/**
 * The health check node ports of Services that keep to local endpoints (KEP-27, `externalTrafficPolicy: Local`): a load balancer
 * asks each node whether it has an endpoint.
 */
import { createServer, type Server } from 'node:http'
import type { Service } from '../api/core/v1/service.ts'
import type { EndpointSlice } from '../api/discovery/v1/endpoint-slice.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'

export interface HealthPortsOptions {
  readonly nodeName: string
  readonly clock: Clock
  readonly log: Logger
  isHealthy(): boolean
}

interface Checked {
  readonly namespace: string
  readonly name: string
  readonly port: number
  localEndpoints: number
}

interface Listening {
  readonly server: Server
  checked: Checked
}

/** Another program may have the port for a while. */
const retryMs = 30_000

/** Addresses on the node that are ready and stay so. */
export function localEndpointsOf(slices: readonly EndpointSlice[], nodeName: string): number {
  const addresses = new Set<string>()
  for (const { endpoints, addressType } of slices)
    if (addressType === 'IPv4')
      for (const { nodeName: node, conditions, addresses: own } of endpoints ?? [])
        if (node === nodeName && conditions?.ready !== false && conditions?.terminating !== true)
          for (const address of own.slice(0, 1)) addresses.add(address)
  return addresses.size
}

const portOf = ({ spec }: Service): number =>
  spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local' ? (spec.healthCheckNodePort ?? 0) : 0

export class HealthPorts {
  readonly #options: HealthPortsOptions
  /** By port: as many as there are such Services. */
  readonly #listening = new Map<number, Listening>()
  #wanted: ReadonlyMap<number, Checked> = new Map()
  #retry: Timer | undefined
  #stopped = false

  constructor(options: HealthPortsOptions) {
    this.#options = options
  }

  update(services: readonly Service[], slicesOf: (namespace: string, name: string) => readonly EndpointSlice[]): void {
    const wanted = new Map<number, Checked>()
    for (const service of services) {
      const port = portOf(service)
      if (port === 0) continue
      const { namespace, name } = service.metadata
      const localEndpoints = localEndpointsOf(slicesOf(namespace, name), this.#options.nodeName)
      wanted.set(port, { namespace, name, port, localEndpoints })
    }
    this.#wanted = wanted
    this.#listen()
  }

  stop(): void {
    this.#stopped = true
    this.#retry?.cancel()
    for (const { server } of this.#listening.values()) server.close()
    this.#listening.clear()
  }

  #listen(): void {
    if (this.#stopped) return
    for (const [port, { server }] of this.#listening)
      if (!this.#wanted.has(port)) {
        server.close()
        server.closeAllConnections()
        this.#listening.delete(port)
      }
    for (const [port, checked] of this.#wanted) {
      const known = this.#listening.get(port)
      if (known) known.checked = checked
      else this.#open(checked)
    }
  }

  #open(checked: Checked): void {
    const { clock, log, isHealthy } = this.#options
    const listening: Listening = { checked, server: createServer() }
    listening.server.on('request', (_, response) => {
      const { namespace, name, localEndpoints } = listening.checked
      const isWell = isHealthy()
      response
        .writeHead(localEndpoints > 0 && isWell ? 200 : 503, {
          'Content-Type': 'application/json',
          'X-Content-Type-Options': 'nosniff',
          'X-Load-Balancing-Endpoint-Weight': `${localEndpoints}`,
        })
        .end(JSON.stringify({ service: { namespace, name }, localEndpoints, serviceProxyHealthy: isWell }, null, '\t'))
    })
    listening.server.on('error', error => {
      log.warn({ port: checked.port, error: error.message }, 'cannot open the health check port of a Service')
      if (this.#listening.get(checked.port) !== listening) return
      this.#listening.delete(checked.port)
      this.#retry?.cancel()
      this.#retry = clock.after(retryMs, () => this.#listen())
    })
    listening.server.listen(checked.port, '0.0.0.0')
    listening.server.unref()
    this.#listening.set(checked.port, listening)
  }
}
