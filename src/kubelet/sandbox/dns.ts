/** A pod's resolver configuration (Kubernetes documentation, "DNS for Services and Pods"). */
import { readFileSync } from 'node:fs'
import type { Pod } from '../../api/core/v1/pod.ts'

export interface ResolverConfig {
  readonly servers: string[]
  readonly searches: string[]
  readonly options: string[]
}

/** What resolv.conf(5) and Kubernetes' validation allow. */
const maxServers = 3
const maxSearches = 32
const maxSearchLength = 2048

export function parseResolvConf(text: string): ResolverConfig {
  const result: ResolverConfig = { servers: [], searches: [], options: [] }
  for (const line of text.split('\n')) {
    const [keyword, ...rest] = line.trim().split(/\s+/)
    if (keyword === 'nameserver' && rest[0]) result.servers.push(rest[0])
    if (keyword === 'search' || keyword === 'domain')
      result.searches.splice(
        0,
        result.searches.length,
        ...rest.map(name => (name === '.' ? name : name.replace(/\.$/, ''))),
      )
    if (keyword === 'options') result.options.splice(0, result.options.length, ...rest)
  }
  return result
}

/** The node's own resolver; behind systemd-resolved's local stub, the one that it asks. */
export function readHostResolver(): ResolverConfig {
  for (const path of ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf'])
    try {
      const config = parseResolvConf(readFileSync(path, 'utf8'))
      if (!config.servers.includes('127.0.0.53')) return config
    } catch {
      // The next one, or none.
    }
  return { servers: [], searches: [], options: [] }
}

export interface DnsFacts {
  readonly clusterDns: readonly string[]
  readonly clusterDomain: string
  readonly host: ResolverConfig
}

function baseOf(pod: Pod, facts: DnsFacts): ResolverConfig {
  const { host, clusterDns, clusterDomain } = facts
  const policy = pod.spec.dnsPolicy ?? 'ClusterFirst'
  if (policy === 'None') return { servers: [], searches: [], options: [] }
  const cluster = policy === 'ClusterFirstWithHostNet' || (policy === 'ClusterFirst' && pod.spec.hostNetwork !== true)
  if (!cluster || clusterDns.length === 0) {
    // A loopback resolver of the node is out of reach from a pod's own network.
    const local = (server: string) => server.startsWith('127.') || server === '::1'
    return pod.spec.hostNetwork === true ? host : { ...host, servers: host.servers.filter(server => !local(server)) }
  }
  const own =
    clusterDomain === ''
      ? []
      : [`${pod.metadata.namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain]
  return { servers: [...clusterDns], searches: [...own, ...host.searches], options: ['ndots:5'] }
}

export function podResolver(pod: Pod, facts: DnsFacts): ResolverConfig {
  const base = baseOf(pod, facts)
  const extra = pod.spec.dnsConfig
  const options = new Map(base.options.map(option => [option.split(':')[0]!, option]))
  for (const { name = '', value } of extra?.options ?? [])
    options.set(name, value === undefined || value === '' ? name : `${name}:${value}`)
  const searches: string[] = []
  let length = 0
  for (const search of new Set([...base.searches, ...(extra?.searches ?? [])])) {
    length += search.length + 1
    if (searches.length >= maxSearches || length > maxSearchLength + 1) break
    searches.push(search)
  }
  const servers = [...new Set([...base.servers, ...(extra?.nameservers ?? [])])].slice(0, maxServers)
  return { servers, searches, options: [...options.values()] }
}
