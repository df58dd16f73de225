/** Warnings about addresses in forms that may be refused one day (upstream: GetWarningsForIP, GetWarningsForCIDR). */
import { isIPv6 } from 'node:net'

/** The canonical text of an IPv6 address (RFC 5952). */
function canonicalIpv6(address: string): string {
  const host = new URL(`http://[${address}]/`).hostname
  return host.slice(1, -1)
}

export function addressWarnings(path: string, address: string): string[] {
  if (!isIPv6(address) || address.includes('%')) return []
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  if (mapped)
    return [`${path}: non-standard IP address ${JSON.stringify(address)} is invalid: use ${JSON.stringify(mapped[1])}`]
  const canonical = canonicalIpv6(address)
  if (canonical === address) return []
  return [
    `${path}: IPv6 address ${JSON.stringify(address)} should be in RFC 5952 canonical format (${JSON.stringify(canonical)})`,
  ]
}

/** The first address of an IPv4 block. */
function firstOf(address: string, prefix: number): string {
  const value = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  const size = 2 ** (32 - prefix)
  const first = Math.floor(value / size) * size
  return [24, 16, 8, 0].map(shift => Math.floor(first / 2 ** shift) % 256).join('.')
}

export function cidrWarnings(path: string, cidr: string): string[] {
  const [address = '', length = ''] = cidr.split('/')
  if (!/^\d+\.\d+\.\d+\.\d+$/.test(address) || !/^\d+$/.test(length) || Number(length) > 32) return []
  const first = firstOf(address, Number(length))
  if (first === address) return []
  return [
    `${path}: CIDR value ${JSON.stringify(cidr)} is ambiguous in this context (should be "${first}/${length}" or "${address}/32"?)`,
  ]
}
