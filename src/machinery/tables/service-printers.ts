/** Services and what lies behind them. */
import type { Endpoints } from '../../api/core/v1/endpoints.ts'
import type { Service } from '../../api/core/v1/service.ts'
import type { EndpointSlice } from '../../api/discovery/v1/endpoint-slice.ts'
import { ageOf } from './human-duration.ts'
import { ageColumn, column, firstItems, nameColumn, type Printer, showLabels, wideColumn } from './printer.ts'

interface Ingress {
  readonly ip?: string
  readonly hostname?: string
}
/** The addresses of a load balancer, sorted, separated by commas. */
export const loadBalancerAddresses = (status: { readonly ingress?: readonly Ingress[] } | undefined): string =>
  [...new Set((status?.ingress ?? []).map(one => one.ip || one.hostname || ''))]
    .filter(address => address !== '')
    .sort()
    .join(',')

function externalAddress({ spec, status }: Service): string {
  const given = (spec.externalIPs ?? []).join(',')
  switch (spec.type) {
    case 'ClusterIP':
    case 'NodePort':
      return given || '<none>'
    case 'LoadBalancer':
      return [loadBalancerAddresses(status.loadBalancer), given].filter(text => text !== '').join(',') || '<pending>'
    case 'ExternalName':
      return spec.externalName ?? ''
    default:
      return '<unknown>'
  }
}

const portsOf = ({ spec }: Service): string =>
  (spec.ports ?? [])
    .map(({ port, nodePort, protocol }) => `${port}${nodePort ? `:${nodePort}` : ''}/${protocol}`)
    .join(',') || '<none>'

export const servicePrinter: Printer<Service> = {
  columns: [
    nameColumn,
    column('Type', 'How the service is reached.'),
    column('Cluster-IP', 'The address within the cluster.'),
    column('External-IP', 'Addresses or the name by which the service is reached from outside.'),
    column('Port(s)', 'The ports, with the port on every node behind the colon.'),
    ageColumn,
    wideColumn('Selector', 'The labels of the pods that serve.'),
  ],
  cells: (service, nowMs) => [
    service.metadata.name,
    service.spec.type ?? '',
    service.spec.clusterIPs?.[0] ?? '<none>',
    externalAddress(service),
    portsOf(service),
    ageOf(service.metadata.creationTimestamp, nowMs),
    showLabels(service.spec.selector),
  ],
}

const hostPort = (ip: string, port: number): string => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`)

function endpointsOf({ subsets }: Endpoints): string {
  if ((subsets ?? []).length === 0) return '<none>'
  const all = (subsets ?? []).flatMap(({ addresses, ports }) => {
    const ips = (addresses ?? []).map(address => address.ip)
    return (ports ?? []).length === 0 ? ips : (ports ?? []).flatMap(({ port }) => ips.map(ip => hostPort(ip, port)))
  })
  return firstItems(all, 3)
}

export const endpointsPrinter: Printer<Endpoints> = {
  columns: [nameColumn, column('Endpoints', 'The addresses and ports that serve.'), ageColumn],
  cells: (endpoints, nowMs) => [
    endpoints.metadata.name,
    endpointsOf(endpoints),
    ageOf(endpoints.metadata.creationTimestamp, nowMs),
  ],
}

export const endpointSlicePrinter: Printer<EndpointSlice> = {
  columns: [
    nameColumn,
    column('AddressType', 'The kind of address of all endpoints in the slice.'),
    column('Ports', 'The ports that each endpoint serves.'),
    column('Endpoints', 'The addresses of the endpoints.'),
    ageColumn,
  ],
  cells: (slice, nowMs) => [
    slice.metadata.name,
    slice.addressType,
    firstItems(
      (slice.ports ?? []).map(({ port, name }) => String(port ?? name ?? '*')),
      3,
    ) || '<unset>',
    firstItems(
      (slice.endpoints ?? []).flatMap(endpoint => endpoint.addresses ?? []),
      3,
    ) || '<unset>',
    ageOf(slice.metadata.creationTimestamp, nowMs),
  ],
}
