/** Which endpoints a service port sends new connections to, on one node (KEP-1669 for terminating ones). Pure. */
import { isIP } from 'node:net'
import type { Service, ServicePort } from '../api/core/v1/service.ts'
import type { EndpointSlice } from '../api/discovery/v1/endpoint-slice.ts'

export interface ProxyEndpoint {
  readonly address: string
  readonly port: number
  readonly local: boolean
  /** False for one that serves while it terminates, since no other is ready. */
  readonly ready: boolean
  readonly terminating: boolean
}

export interface PortEndpoints {
  /** For traffic from inside the cluster (internalTrafficPolicy). */
  readonly cluster: readonly ProxyEndpoint[]
  /** For traffic through node ports and external addresses (externalTrafficPolicy). */
  readonly external: readonly ProxyEndpoint[]
  /** Whatever the traffic policies say: decides between drop and reject, and serves external addresses from inside. */
  readonly anywhere: readonly ProxyEndpoint[]
}

interface Candidate extends ProxyEndpoint {
  readonly forNodes: readonly string[]
  readonly serving: boolean
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
    cluster: usable(spec.internalTrafficPolicy === 'Local' ? local : hinted(candidates, nodeName)),
    external: usable(spec.externalTrafficPolicy === 'Local' ? local : hinted(candidates, nodeName)),
    anywhere: usable(hinted(candidates, nodeName)),
  }
}

/**
 * Those that are meant for this node, where every ready one is meant for some node and one for this (KEP-3015); else all,
 * so that a hint never leaves a node without an endpoint.
 */
function hinted(candidates: readonly Candidate[], nodeName: string): readonly Candidate[] {
  const ready = candidates.filter(candidate => candidate.ready)
  const meant = ready.filter(({ forNodes }) => forNodes.includes(nodeName))
  return meant.length > 0 && ready.every(({ forNodes }) => forNodes.length > 0) ? meant : candidates
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
        // One bad address would make the kernel refuse every rule.
        if (address === undefined || isIP(address) !== 4 || found.size >= maxEndpoints) continue
        const { ready = true, serving = ready, terminating = false } = endpoint.conditions ?? {}
        const candidate = {
          address,
          port: slicePort.port,
          local: endpoint.nodeName === nodeName,
          ready,
          serving,
          terminating,
          forNodes: (endpoint.hints?.forNodes ?? []).map(({ name }) => name),
        }
        const key = `${address}:${slicePort.port}`
        const known = found.get(key)
        if (!known || (!known.ready && ready)) found.set(key, candidate)
      }
    }
  }
  return [...found.values()].sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : a.port - b.port))
}
