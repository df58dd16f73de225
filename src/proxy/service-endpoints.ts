/** Which endpoints a service port sends new connections to, on one node (KEP-1669 for terminating ones). Pure. */
import type { Service, ServicePort } from '../api/core/v1/service.ts'
import type { EndpointSlice } from '../api/discovery/v1/endpoint-slice.ts'

export interface ProxyEndpoint {
  readonly address: string
  readonly port: number
  readonly local: boolean
}

export interface PortEndpoints {
  /** For traffic from inside the cluster (internalTrafficPolicy). */
  readonly cluster: readonly ProxyEndpoint[]
  /** For traffic through node ports and external addresses (externalTrafficPolicy). */
  readonly external: readonly ProxyEndpoint[]
  /** Whether the service has any endpoint on any node: decides between drop and reject. */
  readonly anywhere: boolean
}

interface Candidate extends ProxyEndpoint {
  readonly ready: boolean
  readonly serving: boolean
  readonly terminating: boolean
}

/** One rule chooses among at most so many endpoints. */
const maxEndpoints = 10_000

export function endpointsOf(
  service: Service,
  port: ServicePort,
  slices: readonly EndpointSlice[],
  nodeName: string,
): PortEndpoints {
  const candidates = candidatesOf(port, slices, nodeName)
  const spec = service.spec
  const local = candidates.filter(candidate => candidate.local)
  return {
    cluster: usable(spec.internalTrafficPolicy === 'Local' ? local : candidates),
    external: usable(spec.externalTrafficPolicy === 'Local' ? local : candidates),
    anywhere: candidates.some(candidate => candidate.ready || candidate.serving),
  }
}

/** The ready ones; if there are none, those that still serve while they terminate. */
function usable(candidates: readonly Candidate[]): readonly ProxyEndpoint[] {
  const ready = candidates.filter(candidate => candidate.ready)
  return ready.length > 0 ? ready : candidates.filter(candidate => candidate.serving && candidate.terminating)
}

function candidatesOf(port: ServicePort, slices: readonly EndpointSlice[], nodeName: string): readonly Candidate[] {
  const found = new Map<string, Candidate>()
  for (const slice of slices) {
    if (slice.addressType !== 'IPv4') continue
    for (const slicePort of slice.ports ?? []) {
      if ((slicePort.name ?? '') !== (port.name ?? '') || (slicePort.protocol ?? 'TCP') !== port.protocol) continue
      if (slicePort.port === undefined) continue
      for (const endpoint of slice.endpoints ?? []) {
        const address = endpoint.addresses?.[0]
        if (address === undefined || found.size >= maxEndpoints) continue
        const { ready = true, serving = ready, terminating = false } = endpoint.conditions ?? {}
        const candidate = {
          address,
          port: slicePort.port,
          local: endpoint.nodeName === nodeName,
          ready,
          serving,
          terminating,
        }
        const key = `${address}:${slicePort.port}`
        const known = found.get(key)
        if (!known || (!known.ready && ready)) found.set(key, candidate)
      }
    }
  }
  return [...found.values()].sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : a.port - b.port))
}
