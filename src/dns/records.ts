/**
 * The answers of the cluster DNS, as a pure function of Services and EndpointSlices (Kubernetes DNS-Based Service
 * Discovery specification 1.1.0).
 */
import type { Service, ServicePort } from '../api/core/v1/service.ts'
import type { Endpoint, EndpointPort, EndpointSlice } from '../api/discovery/v1/endpoint-slice.ts'

export type RecordType = 'A' | 'AAAA' | 'SRV' | 'PTR' | 'TXT' | 'CNAME' | 'SOA' | 'NS' | 'ANY' | string

export type DnsRecord =
  | {
      readonly type: 'A' | 'AAAA' | 'CNAME' | 'PTR' | 'NS'
      readonly name: string
      readonly ttl: number
      readonly data: string
    }
  | { readonly type: 'TXT'; readonly name: string; readonly ttl: number; readonly data: string }
  | {
      readonly type: 'SRV'
      readonly name: string
      readonly ttl: number
      readonly data: {
        readonly priority: number
        readonly weight: number
        readonly port: number
        readonly target: string
      }
    }
  | {
      readonly type: 'SOA'
      readonly name: string
      readonly ttl: number
      readonly data: {
        readonly mname: string
        readonly rname: string
        readonly serial: number
        readonly refresh: number
        readonly retry: number
        readonly expire: number
        readonly minimum: number
      }
    }

export interface ClusterNames {
  /** `cluster.local`, in lower case. */
  readonly domain: string
  service(namespace: string, name: string): Service | undefined
  slices(namespace: string, service: string): readonly EndpointSlice[]
  /** Whether any service is in the namespace. */
  hasNamespace(namespace: string): boolean
  /** The services with this cluster address. */
  serviceByAddress(address: string): Service | undefined
  /** Slices of headless services with an endpoint of this address. */
  slicesByAddress(address: string): readonly EndpointSlice[]
}

export type Answer =
  | { readonly kind: 'answer'; readonly answers: readonly DnsRecord[]; readonly additionals: readonly DnsRecord[] }
  /** The name exists, records of this type do not. */
  | { readonly kind: 'noData' }
  | { readonly kind: 'nameError' }
  /** Not a name of the cluster: ask upstream. */
  | { readonly kind: 'forward' }
  /** An alias whose target is outside of the cluster: ask upstream for it and add what comes. */
  | { readonly kind: 'alias'; readonly aliases: readonly DnsRecord[]; readonly target: string }

export const ttlSeconds = 5
const noData: Answer = { kind: 'noData' }
const nameError: Answer = { kind: 'nameError' }
const forward: Answer = { kind: 'forward' }

export function soaOf(domain: string): DnsRecord {
  const data = {
    mname: `ns.dns.${domain}`,
    rname: `hostmaster.${domain}`,
    serial: 1,
    refresh: 7200,
    retry: 1800,
    expire: 86400,
    minimum: ttlSeconds,
  }
  return { type: 'SOA', name: domain, ttl: ttlSeconds, data }
}

/** `name` is in lower case, without the dot at the end. */
export function resolve(name: string, type: RecordType, names: ClusterNames, depth = 0): Answer {
  if (name.endsWith('.in-addr.arpa')) return reverse(name, type, names)
  const { domain } = names
  if (name === domain) return ofZone(type, domain)
  if (!name.endsWith(`.${domain}`)) return forward
  const labels = name.slice(0, -domain.length - 1).split('.')
  const [kind = '', ...rest] = labels.reverse()
  if (labels.length === 1 && kind === 'dns-version')
    return type === 'TXT' ? found([{ type: 'TXT', name, ttl: ttlSeconds, data: '1.1.0' }]) : noData
  if (kind === 'svc') return inServices(name, type, rest, names, depth)
  if (kind === 'pod') return inPods(name, type, rest, names)
  return nameError
}

const found = (answers: readonly DnsRecord[], additionals: readonly DnsRecord[] = []): Answer =>
  answers.length === 0 ? noData : { kind: 'answer', answers, additionals }

function ofZone(type: RecordType, domain: string): Answer {
  if (type === 'SOA') return found([soaOf(domain)])
  if (type === 'NS') return found([{ type: 'NS', name: domain, ttl: ttlSeconds, data: `ns.dns.${domain}` }])
  return noData
}

/** Labels come innermost last: [namespace, service, …]. */
function inServices(
  name: string,
  type: RecordType,
  labels: readonly string[],
  names: ClusterNames,
  depth: number,
): Answer {
  const [namespace, serviceName, third, fourth, fifth] = labels
  if (namespace === undefined) return noData
  if (serviceName === undefined) return names.hasNamespace(namespace) ? noData : nameError
  if (fifth !== undefined) return nameError
  const service = names.service(namespace, serviceName)
  if (!service) return nameError
  if (service.spec.type === 'ExternalName')
    return third === undefined ? ofExternalName(name, type, service, names, depth) : nameError
  if (third === undefined) return ofService(name, type, service, names)
  if (fourth === undefined) return third.startsWith('_') ? noData : ofEndpoint(name, type, service, third, names)
  if (!third.startsWith('_') || !fourth.startsWith('_')) return nameError
  return ofPort(name, type, service, fourth.slice(1), third.slice(1), names)
}

/** Aliases may lead to aliases, and in a circle: no further than this. */
const maxAliases = 8

function ofExternalName(name: string, type: RecordType, service: Service, names: ClusterNames, depth: number): Answer {
  const target = (service.spec.externalName ?? '').toLowerCase().replace(/\.$/, '')
  const alias: DnsRecord = { type: 'CNAME', name, ttl: ttlSeconds, data: target }
  if (type === 'CNAME' || depth >= maxAliases) return found([alias])
  const inside = resolve(target, type, names, depth + 1)
  switch (inside.kind) {
    case 'answer':
      return found([alias, ...inside.answers])
    case 'alias':
      return { ...inside, aliases: [alias, ...inside.aliases] }
    case 'forward':
      return { kind: 'alias', aliases: [alias], target }
    default:
      return found([alias])
  }
}

const isHeadless = (service: Service): boolean => service.spec.clusterIP === 'None'

const addressType = (address: string): 'A' | 'AAAA' => (address.includes(':') ? 'AAAA' : 'A')

const addressRecords = (name: string, type: RecordType, addresses: readonly string[]): DnsRecord[] =>
  addresses
    .filter(address => addressType(address) === type || type === 'ANY')
    .map(data => ({ type: addressType(data), name, ttl: ttlSeconds, data }))

function ofService(name: string, type: RecordType, service: Service, names: ClusterNames): Answer {
  if (!isHeadless(service)) {
    if (type === 'SRV') return serviceSrv(name, service, service.spec.ports ?? [])
    return found(addressRecords(name, type, service.spec.clusterIPs ?? [service.spec.clusterIP ?? '']))
  }
  const endpoints = endpointsOf(service, names)
  if (endpoints.length === 0) return nameError
  if (type === 'SRV') return endpointSrv(name, service, endpoints, () => true, names)
  return found(addressRecords(name, type, [...new Set(endpoints.flatMap(({ endpoint }) => endpoint.addresses))]))
}

function serviceSrv(name: string, service: Service, ports: readonly ServicePort[]): Answer {
  const target = name.slice(name.indexOf(`${service.metadata.name}.`))
  const answers = ports.map(
    ({ port }): DnsRecord => ({
      type: 'SRV',
      name,
      ttl: ttlSeconds,
      data: { priority: 0, weight: Math.floor(100 / ports.length), port, target },
    }),
  )
  return found(answers, addressRecords(target, 'ANY', service.spec.clusterIPs ?? []))
}

interface NamedEndpoint {
  readonly endpoint: Endpoint
  readonly ports: readonly EndpointPort[]
  /** Its own label below the service: the hostname, or the address with dashes. */
  readonly label: string
}

/** The most endpoints that one answer is built from. */
const maxEndpoints = 1000

function endpointsOf(service: Service, names: ClusterNames): NamedEndpoint[] {
  const all: NamedEndpoint[] = []
  for (const slice of names.slices(service.metadata.namespace, service.metadata.name)) {
    if (slice.addressType === 'FQDN') continue
    for (const endpoint of slice.endpoints ?? []) {
      const ready = endpoint.conditions.ready !== false || service.spec.publishNotReadyAddresses === true
      if (ready && all.length < maxEndpoints) all.push({ endpoint, ports: slice.ports ?? [], label: labelOf(endpoint) })
    }
  }
  return all
}

const labelOf = (endpoint: Endpoint): string =>
  endpoint.hostname ?? (endpoint.addresses[0] ?? '').replaceAll(/[.:]/g, '-')

function ofEndpoint(name: string, type: RecordType, service: Service, label: string, names: ClusterNames): Answer {
  const endpoints = endpointsOf(service, names).filter(endpoint => endpoint.label === label)
  if (endpoints.length === 0) return nameError
  return found(
    addressRecords(
      name,
      type,
      endpoints.flatMap(({ endpoint }) => endpoint.addresses),
    ),
  )
}

function ofPort(
  name: string,
  type: RecordType,
  service: Service,
  port: string,
  protocol: string,
  names: ClusterNames,
): Answer {
  const matches = (candidate: { readonly name?: string; readonly protocol?: string }) =>
    (candidate.name ?? '').toLowerCase() === port && (candidate.protocol ?? 'TCP').toLowerCase() === protocol
  const wantsSrv = type === 'SRV' || type === 'ANY'
  if (!isHeadless(service)) {
    const ports = (service.spec.ports ?? []).filter(matches)
    if (ports.length === 0) return nameError
    return wantsSrv ? serviceSrv(name, service, ports) : noData
  }
  const endpoints = endpointsOf(service, names).filter(({ ports }) => ports.some(matches))
  if (endpoints.length === 0) return nameError
  return wantsSrv ? endpointSrv(name, service, endpoints, matches, names) : noData
}

function endpointSrv(
  name: string,
  service: Service,
  endpoints: readonly NamedEndpoint[],
  matches: (port: EndpointPort) => boolean,
  names: ClusterNames,
): Answer {
  const { namespace, name: serviceName } = service.metadata
  const answers: DnsRecord[] = []
  const additionals: DnsRecord[] = []
  const weight = Math.max(1, Math.floor(100 / endpoints.length))
  for (const { endpoint, ports, label } of endpoints) {
    const target = `${label}.${serviceName}.${namespace}.svc.${names.domain}`
    for (const { port } of ports.filter(matches))
      if (port !== undefined)
        answers.push({ type: 'SRV', name, ttl: ttlSeconds, data: { priority: 0, weight, port, target } })
    additionals.push(...addressRecords(target, 'ANY', endpoint.addresses))
  }
  return found(answers, additionals)
}

/** `10-244-0-5.default.pod.cluster.local` is the address that it spells. */
function inPods(name: string, type: RecordType, labels: readonly string[], names: ClusterNames): Answer {
  const [namespace, dashed, more] = labels
  if (namespace === undefined) return noData
  if (dashed === undefined) return names.hasNamespace(namespace) ? noData : nameError
  const address = dashed.replaceAll('-', '.')
  if (more !== undefined || !isIpv4(address)) return nameError
  return found(addressRecords(name, type, [address]))
}

const isIpv4 = (address: string): boolean => {
  const parts = address.split('.')
  return parts.length === 4 && parts.every(part => /^\d{1,3}$/.test(part) && Number(part) < 256)
}

function reverse(name: string, type: RecordType, names: ClusterNames): Answer {
  const address = name.slice(0, -'.in-addr.arpa'.length).split('.').reverse().join('.')
  if (!isIpv4(address)) return forward
  const targets: string[] = []
  const service = names.serviceByAddress(address)
  if (service) targets.push(`${service.metadata.name}.${service.metadata.namespace}.svc.${names.domain}`)
  for (const slice of service ? [] : names.slicesByAddress(address)) {
    const serviceName = slice.metadata.labels?.['kubernetes.io/service-name']
    for (const endpoint of slice.endpoints ?? [])
      if (endpoint.addresses.includes(address))
        targets.push(`${labelOf(endpoint)}.${serviceName}.${slice.metadata.namespace}.svc.${names.domain}`)
  }
  if (targets.length === 0) return forward
  if (type !== 'PTR' && type !== 'ANY') return noData
  return found([...new Set(targets)].map(data => ({ type: 'PTR', name, ttl: ttlSeconds, data })))
}
