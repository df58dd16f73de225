/**
 * The Service `kubernetes` in `default`, and behind it the addresses of the servers that are alive. Each server renews a
 * Lease of its own; an address goes when its Lease has run out or its server has stopped.
 */
import { createHash, randomUUID } from 'node:crypto'
import { isIP } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import { Lease } from '../../api/coordination/v1/lease.ts'
import { Endpoints } from '../../api/core/v1/endpoints.ts'
import { Service } from '../../api/core/v1/service.ts'
import { EndpointSlice } from '../../api/discovery/v1/endpoint-slice.ts'
import type { Clock, Timer } from '../../base/clock.ts'
import { loggerOf } from '../../base/log.ts'
import { isConflict } from '../../machinery/api-error.ts'
import type { BootstrapApi } from './bootstrap-api.ts'

const log = loggerOf('apiserver/kubernetes-service')
const namespace = 'default'
const name = 'kubernetes'
const leaseNamespace = 'kube-system'
const identityLabel = 'apiserver.kubernetes.io/identity'
const addressAnnotation = 'clipper.dev/advertise-address'
const leaseSeconds = 60
const renewMs = 20_000

export interface KubernetesServiceOptions {
  readonly api: BootstrapApi
  /** What pods reach this server at. */
  readonly advertiseAddress: string
  readonly securePort: number
  /** The first address of the service range. */
  readonly serviceAddress: string
  /** Tells servers apart and stays the same over a restart, as the host's name. */
  readonly serverName: string
  readonly clock: Clock
}

/** RFC 3339 with microseconds, of which the clock knows the first three. */
const microTime = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z')

/** The addresses of the servers whose Lease is running, in order. Pure. */
export function liveAddresses(leases: readonly Lease[], nowMs: number): string[] {
  const live = leases.flatMap(({ metadata, spec = {} }) => {
    const address = metadata.annotations?.[addressAnnotation]
    const untilMs = Date.parse(spec.renewTime ?? '') + (spec.leaseDurationSeconds ?? 0) * 1000
    return address !== undefined && untilMs > nowMs ? [address] : []
  })
  return [...new Set(live)].sort()
}

export class KubernetesService {
  readonly #options: KubernetesServiceOptions
  readonly #leaseName: string
  readonly #holder: string
  #timer: Timer | undefined
  #stopped = false
  #running: Promise<void> = Promise.resolve()

  constructor(options: KubernetesServiceOptions) {
    this.#options = options
    const hash = createHash('sha256').update(options.serverName).digest('hex').slice(0, 26)
    this.#leaseName = `apiserver-${hash}`
    this.#holder = `${this.#leaseName}_${randomUUID()}`
  }

  /** Makes the Service and its endpoints, then keeps them; resolves after the first time. */
  async start(): Promise<void> {
    await this.reconcile()
    this.#schedule()
  }

  /** Takes this server's address away. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    await this.#running
    await this.#options.api.delete(Lease, leaseNamespace, this.#leaseName)
    await this.#writeEndpoints()
  }

  async reconcile(): Promise<void> {
    await this.#ensureService()
    await this.#renew()
    await this.#writeEndpoints()
  }

  #schedule(): void {
    if (this.#stopped) return
    this.#timer = this.#options.clock.after(renewMs, () => {
      this.#running = this.reconcile()
        .catch(error => log.warn({ error: String(error) }, 'the kubernetes Service could not be renewed; trying again'))
        .then(() => this.#schedule())
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

  async #renew(): Promise<void> {
    const { api, clock, advertiseAddress, serverName } = this.#options
    const nowMs = clock.now()
    const existing = await api.get(Lease, leaseNamespace, this.#leaseName)
    const spec = {
      holderIdentity: this.#holder,
      leaseDurationSeconds: leaseSeconds,
      acquireTime: existing?.spec?.holderIdentity === this.#holder ? existing.spec.acquireTime : microTime(nowMs),
      renewTime: microTime(nowMs),
    }
    const facts = {
      labels: { [identityLabel]: 'kube-apiserver', 'kubernetes.io/hostname': serverName },
      annotations: { [addressAnnotation]: advertiseAddress },
    }
    if (!existing)
      return void (await api.create(Lease, {
        metadata: { namespace: leaseNamespace, name: this.#leaseName, ...facts },
        spec,
      } as object))
    await api
      .update(Lease, { ...existing, metadata: { ...existing.metadata, ...facts }, spec } as object)
      .catch(ignoreConflict)
  }

  async #writeEndpoints(): Promise<void> {
    const { api, clock, securePort } = this.#options
    const leases = await api.list(Lease, leaseNamespace)
    const own = leases.filter(lease => lease.metadata.labels?.[identityLabel] === 'kube-apiserver')
    const addresses = liveAddresses(own, clock.now())
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

/** Another server wrote at the same time; the next round looks again. */
function ignoreConflict(error: unknown): void {
  if (!isConflict(error)) throw error
}
