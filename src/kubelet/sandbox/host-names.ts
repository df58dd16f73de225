/** A pod's host name, its domain name and its /etc/hosts. */
import type { Pod } from '../../api/core/v1/pod.ts'

const maxHostNameLength = 63
const maxFqdnLength = 64

/** `domain` is '' without a subdomain. Throws if the whole name does not fit where it is asked for. */
export function podHostName(pod: Pod, clusterDomain: string): { hostname: string; domain: string } {
  const { spec, metadata } = pod
  if (spec.hostnameOverride) return { hostname: spec.hostnameOverride, domain: '' }
  const wanted = spec.hostname || metadata.name
  const hostname = wanted.slice(0, maxHostNameLength).replace(/[-.]+$/, '')
  const domain = spec.subdomain ? `${spec.subdomain}.${metadata.namespace}.svc.${clusterDomain}` : ''
  if (spec.setHostnameAsFQDN !== true || domain === '') return { hostname, domain }
  const fqdn = `${hostname}.${domain}`
  if (fqdn.length > maxFqdnLength)
    throw new Error(
      `Failed to construct FQDN from Pod hostname and cluster domain, FQDN ${fqdn} is too long (${maxFqdnLength} characters is the max, ${fqdn.length} characters requested)`,
    )
  return { hostname: fqdn, domain }
}

export interface HostsFile {
  readonly pod: Pod
  readonly ips: readonly string[]
  readonly hostname: string
  readonly domain: string
  /** The node's /etc/hosts, for pods on its network. */
  readonly nodeHosts: string
}

export function hostsFileOf({ pod, ips, hostname, domain, nodeHosts }: HostsFile): string {
  const lines: string[] = []
  if (pod.spec.hostNetwork === true) lines.push('# Kubernetes-managed hosts file (host network).', nodeHosts.trimEnd())
  else {
    lines.push(
      '# Kubernetes-managed hosts file.',
      '127.0.0.1\tlocalhost',
      '::1\tlocalhost ip6-localhost ip6-loopback',
      'fe00::0\tip6-localnet',
      'fe00::0\tip6-mcastprefix',
      'fe00::1\tip6-allnodes',
      'fe00::2\tip6-allrouters',
    )
    const fqdn = domain === '' ? '' : hostname.endsWith(domain) ? hostname : `${hostname}.${domain}`
    const short = hostname.split('.')[0] ?? hostname
    for (const ip of ips) lines.push(fqdn === '' ? `${ip}\t${hostname}` : `${ip}\t${fqdn}\t${short}`)
  }
  const aliases = pod.spec.hostAliases ?? []
  if (aliases.length > 0) {
    lines.push('', '# Entries added by HostAliases.')
    for (const { ip, hostnames = [] } of aliases) lines.push(`${ip}\t${hostnames.join('\t')}`)
  }
  return `${lines.join('\n')}\n`
}
