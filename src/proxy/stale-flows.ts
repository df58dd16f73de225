/**
 * UDP flows whose endpoint is gone stay in the connection table and swallow packets until they time out; they are
 * deleted when an endpoint goes, or when a service gets its first one. TCP needs none of it. Pure.
 */
import { isIP } from 'node:net'
import type { Service } from '../api/core/v1/service.ts'
import type { EndpointSlice } from '../api/discovery/v1/endpoint-slice.ts'
import { isProxied } from './rules.ts'
import { endpointsOf } from './service-endpoints.ts'

export interface UdpService {
  readonly addresses: readonly string[]
  readonly nodePort: number | undefined
  readonly endpoints: ReadonlySet<string>
}

export type UdpServices = ReadonlyMap<string, UdpService>

export function udpServicesOf(
  services: readonly Service[],
  slicesOf: (namespace: string, name: string) => readonly EndpointSlice[],
  nodeName: string,
): UdpServices {
  const found = new Map<string, UdpService>()
  for (const service of services) {
    if (!isProxied(service)) continue
    const { namespace, name } = service.metadata
    for (const port of service.spec.ports ?? []) {
      if (port.protocol !== 'UDP') continue
      const { anywhere } = endpointsOf(service, port, slicesOf(namespace, name), nodeName)
      found.set(`${namespace}/${name}/${port.name ?? ''}/${port.port}`, {
        addresses: [...(service.spec.clusterIPs ?? []), ...(service.spec.externalIPs ?? [])].filter(
          address => isIP(address) === 4,
        ),
        nodePort: port.nodePort,
        endpoints: new Set(anywhere.map(({ address }) => address)),
      })
    }
  }
  return found
}

/** The arguments of the `conntrack` calls that delete what went stale between two states. */
export function staleFlows(before: UdpServices, after: UdpServices): string[][] {
  const calls: string[][] = []
  for (const [id, service] of before) {
    const now = after.get(id)
    for (const endpoint of service.endpoints) {
      if (now?.endpoints.has(endpoint)) continue
      for (const address of service.addresses)
        calls.push(['-D', '-p', 'udp', '--orig-dst', address, '--dst-nat', endpoint])
      if (service.nodePort)
        calls.push(['-D', '-p', 'udp', '--orig-port-dst', String(service.nodePort), '--dst-nat', endpoint])
    }
  }
  for (const [id, service] of after) {
    if (service.endpoints.size === 0 || (before.get(id)?.endpoints.size ?? 0) > 0) continue
    for (const address of service.addresses) calls.push(['-D', '-p', 'udp', '--orig-dst', address])
    if (service.nodePort) calls.push(['-D', '-p', 'udp', '--orig-port-dst', String(service.nodePort)])
  }
  return calls
}
