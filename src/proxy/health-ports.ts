/**
 * The health check node ports of Services that keep to local endpoints (KEP-27, `externalTrafficPolicy: Local`): a load balancer
 * asks each node whether it has an endpoint.
 */
import type { RequestListener } from 'node:http'
import type { Service } from '../api/core/v1/service.ts'
import type { EndpointSlice } from '../api/discovery/v1/endpoint-slice.ts'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import { type OpenPort, openPort } from './open-port.ts'

export interface HealthPortsOptions {
  readonly nodeName: string
  readonly clock: Clock
  readonly log: Logger
  isHealthy(): boolean
}

interface Checked {
  readonly namespace: string
  readonly name: string
  readonly localEndpoints: number
}

interface Listening {
  readonly opened: OpenPort
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
      wanted.set(port, { namespace, name, localEndpoints })
    }
    for (const port of this.#listening.keys()) if (!wanted.has(port)) this.#close(port)
    for (const [port, checked] of wanted) {
      const known = this.#listening.get(port)
      if (known) known.checked = checked
      else this.#listening.set(port, { checked, opened: this.#open(port) })
    }
  }

  stop(): void {
    for (const port of this.#listening.keys()) this.#close(port)
  }

  #open(port: number): OpenPort {
    const { clock, log } = this.#options
    return openPort({
      port,
      host: '0.0.0.0',
      answer: this.#answer(port),
      clock,
      retryMs,
      onFailure: error => log.warn({ port, error: error.message }, 'cannot open the health check port of a Service'),
    })
  }

  #close(port: number): void {
    this.#listening.get(port)?.opened.close()
    this.#listening.delete(port)
  }

  #answer(port: number): RequestListener {
    return (_, response) => {
      const checked = this.#listening.get(port)?.checked
      if (!checked) return void response.destroy()
      const { namespace, name, localEndpoints } = checked
      const isWell = this.#options.isHealthy()
      response
        .writeHead(localEndpoints > 0 && isWell ? 200 : 503, {
          'Content-Type': 'application/json',
          'X-Content-Type-Options': 'nosniff',
          'X-Load-Balancing-Endpoint-Weight': `${localEndpoints}`,
        })
        .end(JSON.stringify({ service: { namespace, name }, localEndpoints, serviceProxyHealthy: isWell }, null, '\t'))
    }
  }
}
