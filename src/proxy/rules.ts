/**
 * The nftables rules that route Services on one node, as a pure function of the Services and EndpointSlices
 * (Kubernetes documentation, "Virtual IPs and Service Proxies"). One verdict map sends a packet to the chain of its
 * service port in one look-up, however many Services there are; that chain picks an endpoint.
 */
import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import type { Service, ServicePort } from '../api/core/v1/service.ts'
import type { EndpointSlice } from '../api/discovery/v1/endpoint-slice.ts'
import type { NftSet, RuleSet } from './rule-set.ts'
import { endpointsOf, type PortEndpoints, type ProxyEndpoint } from './service-endpoints.ts'

export interface ProxyInput {
  readonly services: readonly Service[]
  /** EndpointSlices by `namespace/service`. */
  readonly slicesOf: (namespace: string, service: string) => readonly EndpointSlice[]
  readonly nodeName: string
  /** Addresses of this node that answer node ports. */
  readonly nodeAddresses: readonly string[]
  /** The pods' addresses of the whole cluster: traffic from elsewhere is masqueraded. */
  readonly clusterCidr: string
  readonly serviceCidr: string
  /** Bit of the packet mark that asks for masquerading. */
  readonly masqueradeMark: number
}

const defaultAffinitySeconds = 10_800

type MutableRuleSet = {
  chains: Map<string, { hook: string; rules: string[] }>
  sets: Map<string, NftSet & { elements: Map<string, string> }>
}

export interface WantedRules extends RuleSet {
  /** Addresses that get new connections while they are ready. */
  readonly routed: ReadonlySet<string>
}

export function wantedRules(input: ProxyInput): WantedRules {
  const rules = baseRules(input)
  const routed = new Set<string>()
  for (const service of input.services) {
    if (!isProxied(service)) continue
    const slices = input.slicesOf(service.metadata.namespace, service.metadata.name)
    for (const port of service.spec.ports ?? []) {
      const endpoints = endpointsOf(service, port, slices, input.nodeName)
      addServicePort(rules, input, service, port, endpoints)
      // One that is published whatever its state is (publishNotReadyAddresses) gets connections until it is gone.
      for (const list of [endpoints.cluster, endpoints.external, endpoints.anywhere])
        for (const { address, ready, terminating } of list) if (ready && !terminating) routed.add(address)
    }
  }
  return { ...rules, routed }
}

export const isProxied = (service: Service): boolean =>
  service.spec.type !== 'ExternalName' &&
  service.spec.clusterIP !== undefined &&
  service.spec.clusterIP !== '' &&
  service.spec.clusterIP !== 'None' &&
  service.metadata.labels?.['service.kubernetes.io/service-proxy-name'] === undefined

function baseRules({ clusterCidr, serviceCidr, nodeAddresses, masqueradeMark }: ProxyInput): MutableRuleSet {
  const mark = `0x${masqueradeMark.toString(16)}`
  const toService = 'ip daddr . meta l4proto . th dport vmap @service-ips'
  const toNodePort = 'ip daddr @node-addresses meta l4proto . th dport vmap @node-ports'
  const reject = [
    'ct state new ip daddr . meta l4proto . th dport vmap @no-endpoint-ips',
    'ct state new ip daddr @node-addresses meta l4proto . th dport vmap @no-endpoint-node-ports',
  ]
  const chains = new Map([
    ['mark-for-masquerade', { hook: '', rules: [`meta mark set meta mark or ${mark}`] }],
    // A reset, since the kernel sends ICMP errors to one host about once a second only.
    ['reject-chain', { hook: '', rules: ['meta l4proto tcp reject with tcp reset', 'reject'] }],
    ['services', { hook: '', rules: [toService, toNodePort] }],
    ['nat-prerouting', { hook: 'type nat hook prerouting priority dstnat;', rules: ['jump services'] }],
    ['nat-output', { hook: 'type nat hook output priority -100;', rules: ['jump services'] }],
    [
      'nat-postrouting',
      {
        hook: 'type nat hook postrouting priority srcnat;',
        rules: [
          `meta mark and ${mark} != 0 meta mark set meta mark xor ${mark} masquerade fully-random`,
          'ip saddr . ip daddr @hairpins masquerade',
        ],
      },
    ],
    // Before DNAT's hook has its say a packet to a service without endpoints still has the service's address.
    ['filter-input', { hook: 'type filter hook input priority -110;', rules: [...reject] }],
    [
      'filter-forward',
      {
        hook: 'type filter hook forward priority -110;',
        rules: [...reject, `ct state new ip daddr ${serviceCidr} goto reject-chain`],
      },
    ],
    ['filter-output', { hook: 'type filter hook output priority -110;', rules: [...reject] }],
    // After DNAT an address of the range is one that no service has: it must not leave the node by the default route.
    [
      'filter-output-post-dnat',
      {
        hook: 'type filter hook output priority -90;',
        rules: [`ct state new ip daddr ${serviceCidr} fib daddr type != local goto reject-chain`],
      },
    ],
  ])
  const set = (type: 'set' | 'map', declaration: string, elements: readonly string[] = []) => ({
    type,
    declaration,
    elements: new Map(elements.map(element => [element, ''] as const)),
  })
  const sets = new Map([
    ['service-ips', set('map', 'type ipv4_addr . inet_proto . inet_service : verdict;')],
    ['node-ports', set('map', 'type inet_proto . inet_service : verdict;')],
    ['no-endpoint-ips', set('map', 'type ipv4_addr . inet_proto . inet_service : verdict;')],
    ['no-endpoint-node-ports', set('map', 'type inet_proto . inet_service : verdict;')],
    ['node-addresses', set('set', 'type ipv4_addr;', nodeAddresses)],
    ['hairpins', set('set', 'type ipv4_addr . ipv4_addr;')],
    ['pod-addresses', set('set', 'type ipv4_addr; flags interval;', [clusterCidr])],
  ])
  return { chains, sets }
}

function addServicePort(
  rules: MutableRuleSet,
  input: ProxyInput,
  service: Service,
  port: ServicePort,
  endpoints: PortEndpoints,
): void {
  const protocol = port.protocol.toLowerCase()
  const { namespace, name } = service.metadata
  const id = chainId(namespace, name, protocol, port.name ?? '')
  const internal = `svc-${id}`
  const external = `ext-${id}`
  const externalAddresses = [
    ...(service.spec.externalIPs ?? []),
    ...(service.status.loadBalancer.ingress ?? []).flatMap(({ ip, ipMode }) =>
      ip === undefined || ipMode === 'Proxy' ? [] : [ip],
    ),
  ]
  const hasExternal = externalAddresses.length > 0 || (port.nodePort ?? 0) !== 0

  for (const { address, local } of [...endpoints.cluster, ...endpoints.external, ...endpoints.anywhere])
    if (local) rules.sets.get('hairpins')?.elements.set(`${address} . ${address}`, '')

  const clusterIps = (service.spec.clusterIPs ?? [service.spec.clusterIP ?? '']).filter(isIpv4)
  const clusterKeys = clusterIps.map(ip => `${ip} . ${protocol} . ${port.port}`)
  if (endpoints.cluster.length > 0) {
    const masquerade = `ip saddr != @pod-addresses jump mark-for-masquerade`
    rules.chains.set(internal, {
      hook: '',
      rules: [
        ...clusterIps.map(ip => `ip daddr ${ip} ${masquerade}`),
        ...endpointRules(rules, service, internal, protocol, endpoints.cluster),
      ],
    })
    for (const key of clusterKeys) rules.sets.get('service-ips')?.elements.set(key, `goto ${internal}`)
  } else {
    for (const key of clusterKeys) rules.sets.get('no-endpoint-ips')?.elements.set(key, verdictWithout(endpoints))
  }
  if (!hasExternal) return

  const externalKeys = externalAddresses.filter(isIpv4).map(ip => `${ip} . ${protocol} . ${port.port}`)
  const nodePortKeys = (port.nodePort ?? 0) === 0 ? [] : [`${protocol} . ${port.nodePort}`]
  const reachable = endpoints.anywhere.length > 0
  const [ips, ports, verdict] = reachable
    ? (['service-ips', 'node-ports', `goto ${external}`] as const)
    : (['no-endpoint-ips', 'no-endpoint-node-ports', 'goto reject-chain'] as const)
  if (reachable)
    rules.chains.set(external, { hook: '', rules: externalRules(rules, input, service, id, protocol, endpoints) })
  for (const key of externalKeys) rules.sets.get(ips)?.elements.set(key, verdict)
  for (const key of nodePortKeys) rules.sets.get(ports)?.elements.set(key, verdict)
}

/** A local traffic policy without local endpoints drops, so that a load balancer may try another node. */
const verdictWithout = (endpoints: PortEndpoints): string =>
  endpoints.anywhere.length > 0 ? 'drop' : 'goto reject-chain'

function externalRules(
  rules: MutableRuleSet,
  { clusterCidr }: ProxyInput,
  service: Service,
  id: string,
  protocol: string,
  endpoints: PortEndpoints,
): string[] {
  const firewall = service.spec.type === 'LoadBalancer' ? sourceRangeRules(rules, service, id, clusterCidr) : []
  if (service.spec.externalTrafficPolicy !== 'Local')
    return [
      ...firewall,
      'jump mark-for-masquerade',
      ...endpointRules(rules, service, `ext-${id}`, protocol, endpoints.anywhere),
    ]
  // Under the Local policy the client's address is kept. Pods and this node itself may use any endpoint, as if they had
  // asked for the cluster address.
  const inside = `all-${id}`
  rules.chains.set(inside, { hook: '', rules: endpointRules(rules, service, inside, protocol, endpoints.anywhere) })
  // Without local endpoints a load balancer shall try another node.
  const local =
    endpoints.external.length === 0
      ? ['drop']
      : endpointRules(rules, service, `ext-${id}`, protocol, endpoints.external)
  return [
    ...firewall,
    `ip saddr @pod-addresses goto ${inside}`,
    'fib saddr type local jump mark-for-masquerade',
    `fib saddr type local goto ${inside}`,
    ...local,
  ]
}

/** loadBalancerSourceRanges: others are dropped. One rule each, since a set refuses ranges that overlap. */
function sourceRangeRules(rules: MutableRuleSet, service: Service, id: string, clusterCidr: string): string[] {
  const ranges = (service.spec.loadBalancerSourceRanges ?? [])
    .map(range => range.trim())
    .filter(range => isIpv4(range.split('/')[0] ?? ''))
  if (ranges.length === 0) return []
  const chain = `fw-${id}`
  rules.chains.set(chain, {
    hook: '',
    rules: [...new Set([...ranges, clusterCidr])]
      .map(range => `ip saddr ${range} return`)
      .concat('fib saddr type local return', 'drop'),
  })
  return [`jump ${chain}`]
}

/** The rules at the end of a chain that choose an endpoint and rewrite the destination to it. */
function endpointRules(
  rules: MutableRuleSet,
  service: Service,
  chain: string,
  protocol: string,
  endpoints: readonly ProxyEndpoint[],
): string[] {
  if (service.spec.sessionAffinity !== 'ClientIP') return [pickEndpoint(protocol, endpoints)]
  const seconds = service.spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? defaultAffinitySeconds
  const names = endpoints.map(({ address, port }) => `${chain}/${seconds}/${address}/${port}`)
  endpoints.forEach((endpoint, i) => {
    const remembered = `aff-${names[i]}`
    rules.sets.set(remembered, {
      type: 'set',
      declaration: `type ipv4_addr; flags dynamic,timeout; timeout ${seconds}s;`,
      elements: new Map(),
    })
    rules.chains.set(`ep-${names[i]}`, {
      hook: '',
      rules: [`update @${remembered} { ip saddr }`, pickEndpoint(protocol, [endpoint])],
    })
  })
  return [
    ...names.map(name => `ip saddr @aff-${name} goto ep-${name}`),
    `numgen random mod ${names.length} vmap { ${names.map((name, i) => `${i} : goto ep-${name}`).join(', ')} }`,
  ]
}

function pickEndpoint(protocol: string, endpoints: readonly ProxyEndpoint[]): string {
  const [only] = endpoints
  if (endpoints.length === 1 && only) return `meta l4proto ${protocol} dnat ip to ${only.address}:${only.port}`
  const choices = endpoints.map(({ address, port }, i) => `${i} : ${address} . ${port}`).join(', ')
  return `meta l4proto ${protocol} dnat ip to numgen random mod ${endpoints.length} map { ${choices} }`
}

const isIpv4 = (address: string): boolean => isIP(address) === 4

/** Readable, unique, and short enough for nftables: names are cut to fit, the hash tells them apart. */
function chainId(namespace: string, name: string, protocol: string, port: string): string {
  const full = `${namespace}/${name}/${protocol}/${port}`
  const hash = createHash('sha256').update(full).digest('hex').slice(0, 8)
  return `${hash}-${full.slice(0, 60)}`
}
