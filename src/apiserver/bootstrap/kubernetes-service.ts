/**
 * The Service `kubernetes` in `default`, and behind it the addresses of the servers that are alive: each renews a lease in
 * the store; an address goes when its lease has run out or its server has stopped.
 */
import { isIP } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import { Endpoints } from '../../api/core/v1/endpoints.ts'
import { Service } from '../../api/core/v1/service.ts'
import { EndpointSlice } from '../../api/discovery/v1/endpoint-slice.ts'
import type { Clock, Timer } from '../../base/clock.ts'
import { loggerOf } from '../../base/log.ts'
import { isConflict } from '../../machinery/api-error.ts'
import type { BootstrapApi } from './bootstrap-api.ts'
import type { MasterLeases } from './master-leases.ts'

const log = loggerOf('apiserver/kubernetes-service')
const namespace = 'default'
const name = 'kubernetes'
/** Upstream's. */
const reconcileMs = 10_000

export interface KubernetesServiceOptions {
  readonly api: BootstrapApi
  readonly leases: MasterLeases
  /** What pods reach this server at. */
  readonly advertiseAddress: string
  readonly securePort: number
  /** The first address of the service range. */
  readonly serviceAddress: string
  readonly clock: Clock
}

export class KubernetesService {
  readonly #options: KubernetesServiceOptions
  #timer: Timer | undefined
  #stopped = false
  #running: Promise<void> = Promise.resolve()

  constructor(options: KubernetesServiceOptions) {
    this.#options = options
  }

  /**
   * Makes the Service and its endpoints, then keeps them; resolves after the first time. The server serves without them, as
   * upstream's does: an address of the loopback, for one, is no endpoint.
   */
  async start(): Promise<void> {
    await this.reconcile().catch(logFailure)
    this.#schedule(reconcileMs)
  }

  /** Takes this server's address away, before it stops to answer. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    await this.#running
    const { leases, advertiseAddress } = this.#options
    await leases.remove(advertiseAddress)
    await this.#writeEndpoints().catch(logFailure)
  }

  /** A server came or went: looks now, not only at the next turn. */
  wake(): void {
    this.#timer?.cancel()
    this.#schedule(0)
  }

  async reconcile(): Promise<void> {
    const { leases, advertiseAddress } = this.#options
    await this.#ensureService()
    await leases.renew(advertiseAddress)
    await this.#writeEndpoints()
  }

  #schedule(delayMs: number): void {
    if (this.#stopped) return
    this.#timer = this.#options.clock.after(delayMs, () => {
      this.#timer = undefined
      // A wake while a turn is under way has its own turn behind it.
      this.#running = this.#running
        .then(() => (this.#stopped ? undefined : this.reconcile()))
        .catch(logFailure)
        .then(() => {
          if (this.#timer === undefined) this.#schedule(reconcileMs)
        })
    })
  }

  async #ensureService(): Promise<void> {
    const { api, serviceAddress, securePort } = this.#options
    if (await api.get(Service, namespace, name)) return
    await api.create(Service, {
      metadata: { namespace, name, labels: { component: 'apiserver', provider: 'kubernetes' } },
      spec: {
        type: 'ClusterIP',
        clusterIP: serviceAddress,
        clusterIPs: [serviceAddress],
        ipFamilies: [isIP(serviceAddress) === 6 ? 'IPv6' : 'IPv4'],
        ipFamilyPolicy: 'SingleStack',
        sessionAffinity: 'None',
        ports: [{ name: 'https', protocol: 'TCP', port: 443, targetPort: securePort }],
      },
    } as object)
  }

  async #writeEndpoints(): Promise<void> {
    const { api, leases, securePort } = this.#options
    const addresses = await leases.list()
    // A running server has just renewed its own: none at all means that something is amiss, not that all are gone.
    if (addresses.length === 0 && !this.#stopped) throw new Error('no API server is listed in the store')
    const port = { name: 'https', port: securePort, protocol: 'TCP' }
    const slice = {
      addressType: isIP(addresses[0] ?? '') === 6 ? 'IPv6' : 'IPv4',
      endpoints: addresses.map(address => ({ addresses: [address], conditions: { ready: true } })),
      ports: [port],
    }
    const subsets = addresses.length === 0 ? [] : [{ addresses: addresses.map(ip => ({ ip })), ports: [port] }]
    const sliceLabels = { 'kubernetes.io/service-name': name }
    const endpointsLabels = { 'endpointslice.kubernetes.io/skip-mirror': 'true' }
    const [oldSlice, oldEndpoints] = await Promise.all([
      api.get(EndpointSlice, namespace, name),
      api.get(Endpoints, namespace, name),
    ])
    if (!oldSlice)
      await api.create(EndpointSlice, { metadata: { namespace, name, labels: sliceLabels }, ...slice } as object)
    else {
      const { addressType, endpoints, ports } = oldSlice
      if (!isDeepStrictEqual({ addressType, endpoints, ports }, slice))
        await api.update(EndpointSlice, { ...oldSlice, ...slice } as object).catch(ignoreConflict)
    }
    if (!oldEndpoints)
      await api.create(Endpoints, { metadata: { namespace, name, labels: endpointsLabels }, subsets } as object)
    else if (!isDeepStrictEqual(oldEndpoints.subsets ?? [], subsets))
      await api.update(Endpoints, { ...oldEndpoints, subsets } as object).catch(ignoreConflict)
  }
}

const logFailure = (error: unknown): void =>
  log.warn({ error: String(error) }, 'the kubernetes Service was not renewed; trying again')

/** Another server wrote at the same time; the next round looks again. */
function ignoreConflict(error: unknown): void {
  if (!isConflict(error)) throw error
}
