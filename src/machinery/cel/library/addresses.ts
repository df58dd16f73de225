/** `ip('…')`, `cidr('…')` and `url('…')` (Kubernetes documentation, "Kubernetes IP address library" and its neighbours). */
import { isIPv4, isIPv6 } from 'node:net'
import { EvaluationError } from '../evaluation-error.ts'
import { type Cost, func, method, type Overload } from '../functions.ts'
import type { CelType } from '../types.ts'
import { ArrayList, EntryMap, type MapValue, Opaque, type Value } from '../values.ts'
import { traversalOf } from './costs.ts'

/** An address as a number of 32 or 128 bits. */
class Address extends Opaque {
  readonly type: CelType = { is: 'opaque', name: 'net.IP' }
  readonly bits: 32 | 128
  readonly number: bigint

  constructor(bits: 32 | 128, number: bigint) {
    super()
    this.bits = bits
    this.number = number
  }

  equals(other: Value): boolean {
    return other instanceof Address && other.bits === this.bits && other.number === this.number
  }

  /** The form of RFC 5952. */
  override toString(): string {
    if (this.bits === 32) return [24n, 16n, 8n, 0n].map(shift => (this.number >> shift) & 255n).join('.')
    const groups = this.number.toString(16).padStart(32, '0').match(/.{4}/g) as string[]
    return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
  }
}

class Network extends Opaque {
  readonly type: CelType = { is: 'opaque', name: 'net.CIDR' }
  readonly address: Address
  readonly prefix: number

  constructor(address: Address, prefix: number) {
    super()
    this.address = address
    this.prefix = prefix
  }

  equals(other: Value): boolean {
    return other instanceof Network && other.prefix === this.prefix && other.address.equals(this.address)
  }

  get masked(): Network {
    const { bits, number } = this.address
    const host = BigInt(bits - this.prefix)
    return new Network(new Address(bits, (number >> host) << host), this.prefix)
  }

  contains({ bits, number }: Address): boolean {
    if (bits !== this.address.bits) return false
    const host = BigInt(bits - this.prefix)
    return number >> host === this.address.number >> host
  }

  override toString(): string {
    return `${this.address}/${this.prefix}`
  }
}

const number4 = (text: string): bigint => text.split('.').reduce((number, part) => number * 256n + BigInt(part), 0n)

function number6(text: string): bigint {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text)
  const low = dotted ? number4(dotted[2] as string) : 0n
  const hex = dotted ? `${dotted[1]}${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}` : text
  const [head = '', tail] = hex.split('::')
  const groups = (part: string) => (part === '' ? [] : part.split(':'))
  const first = groups(head)
  const last = tail === undefined ? [] : groups(tail)
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => '0')
  return [...first, ...zeros, ...last].reduce((number, group) => number * 65536n + BigInt(`0x${group}`), 0n)
}

/** No zones and no IPv4 addresses in IPv6 form, which Kubernetes refuses. */
function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) return new Address(32, number4(text))
  if (!isIPv6(text) || text.includes('%')) return undefined
  const number = number6(text)
  return number >> 32n === 0xffffn ? undefined : new Address(128, number)
}

function parseNetwork(text: string): Network | undefined {
  const [, host = '', prefix = ''] = /^(.+)\/(0|[1-9]\d*)$/.exec(text) ?? []
  const address = parseAddress(host)
  return address && prefix !== '' && Number(prefix) <= address.bits ? new Network(address, Number(prefix)) : undefined
}

function address(text: string): Address {
  const parsed = parseAddress(text)
  if (!parsed) throw new EvaluationError(`IP Address ${JSON.stringify(text)} parse error during conversion from string`)
  return parsed
}

function network(text: string): Network {
  const parsed = parseNetwork(text)
  if (!parsed)
    throw new EvaluationError(`network address parse error during conversion from string: ${JSON.stringify(text)}`)
  return parsed
}

/** Whether an address lies in a range: one for each family. */
const inRange = (range4: string, range6: string) => {
  const four = network(range4)
  const six = network(range6)
  return (ip: Address): boolean => four.contains(ip) || six.contains(ip)
}

const isLoopback = inRange('127.0.0.0/8', '::1/128')
const isUnspecified = inRange('0.0.0.0/32', '::/128')
const isMulticast = inRange('224.0.0.0/4', 'ff00::/8')
const isLinkLocalMulticast = inRange('224.0.0.0/24', 'ff02::/16')
const isLinkLocalUnicast = inRange('169.254.0.0/16', 'fe80::/10')
const isBroadcast = (ip: Address): boolean => ip.bits === 32 && ip.number === 0xffffffffn
const isGlobalUnicast = (ip: Address): boolean =>
  !(isBroadcast(ip) || isUnspecified(ip) || isLoopback(ip) || isMulticast(ip) || isLinkLocalUnicast(ip))

const containsNetwork = (outer: Network, inner: Network): boolean =>
  outer.prefix <= inner.prefix && outer.contains(inner.address)

const comparison: Cost = ([cidr]) => Math.ceil((cidr as Network).address.bits * 0.025)

export const addresses: readonly Overload[] = [
  func('ip(string) net.IP', address, traversalOf(0)),
  func('isIP(string) bool', (text: string) => parseAddress(text) !== undefined, traversalOf(0)),
  func('ip.isCanonical(string) bool', (text: string) => String(address(text)) === text, traversalOf(0, 2)),
  func('string(net.IP) string', String),
  method('net.IP', 'family() int', ({ bits }: Address) => (bits === 32 ? 4n : 6n)),
  method('net.IP', 'isUnspecified() bool', isUnspecified),
  method('net.IP', 'isLoopback() bool', isLoopback),
  method('net.IP', 'isLinkLocalMulticast() bool', isLinkLocalMulticast),
  method('net.IP', 'isLinkLocalUnicast() bool', isLinkLocalUnicast),
  method('net.IP', 'isGlobalUnicast() bool', isGlobalUnicast),
  func('cidr(string) net.CIDR', network, traversalOf(0)),
  func('isCIDR(string) bool', (text: string) => parseNetwork(text) !== undefined, traversalOf(0)),
  func('string(net.CIDR) string', String),
  method('net.CIDR', 'containsIP(string) bool', (cidr: Network, ip: string) => cidr.contains(address(ip)), comparison),
  method('net.CIDR', 'containsIP(net.IP) bool', (cidr: Network, ip: Address) => cidr.contains(ip), comparison),
  method(
    'net.CIDR',
    'containsCIDR(string) bool',
    (cidr: Network, inner: string) => containsNetwork(cidr, network(inner)),
    comparison,
  ),
  method('net.CIDR', 'containsCIDR(net.CIDR) bool', containsNetwork, comparison),
  method('net.CIDR', 'ip() net.IP', ({ address: ip }: Network) => ip),
  method('net.CIDR', 'prefixLength() int', ({ prefix }: Network) => BigInt(prefix)),
  method('net.CIDR', 'masked() net.CIDR', ({ masked }: Network) => masked),
]

class UrlValue extends Opaque {
  readonly type: CelType = { is: 'opaque', name: 'kubernetes.URL' }
  readonly url: URL
  readonly isPath: boolean

  /** `isPath`: an absolute path alone; scheme and host stay empty. */
  constructor(url: URL, isPath: boolean) {
    super()
    this.url = url
    this.isPath = isPath
  }

  equals(other: Value): boolean {
    return other instanceof UrlValue && other.isPath === this.isPath && other.url.href === this.url.href
  }
}

/** As Go's url.ParseRequestURI: an absolute URI or an absolute path. */
function parseUrl(text: string): UrlValue | undefined {
  const isPath = text.startsWith('/')
  if (!isPath && !/^[A-Za-z][A-Za-z0-9+.-]*:/.test(text)) return undefined
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused.
  if (/[\x00-\x20\x7f]/.test(text)) return undefined
  const url = URL.parse(isPath ? `path://host${text}` : text)
  return url ? new UrlValue(url, isPath) : undefined
}

function url(text: string): UrlValue {
  const parsed = parseUrl(text)
  if (!parsed)
    throw new EvaluationError(
      `URL parse error during conversion from string: parse ${JSON.stringify(text)}: invalid URI for request`,
    )
  return parsed
}

function query({ url: { searchParams } }: UrlValue): MapValue {
  const names = [...new Set(searchParams.keys())]
  return EntryMap.of(names.map(name => [name, new ArrayList(searchParams.getAll(name))] as const))
}

const part =
  (of: (url: URL) => string) =>
  ({ url, isPath }: UrlValue) =>
    isPath ? '' : of(url)

export const urls: readonly Overload[] = [
  func('url(string) kubernetes.URL', url, traversalOf(0)),
  func('isURL(string) bool', (text: string) => parseUrl(text) !== undefined, traversalOf(0)),
  method(
    'kubernetes.URL',
    'getScheme() string',
    part(({ protocol }) => protocol.slice(0, -1)),
  ),
  method(
    'kubernetes.URL',
    'getHost() string',
    part(({ host }) => host),
  ),
  method(
    'kubernetes.URL',
    'getHostname() string',
    part(({ hostname }) => hostname.replace(/^\[|\]$/g, '')),
  ),
  method(
    'kubernetes.URL',
    'getPort() string',
    part(({ port }) => port),
  ),
  method('kubernetes.URL', 'getEscapedPath() string', ({ url: { pathname } }: UrlValue) => pathname),
  method('kubernetes.URL', 'getQuery() map(string, list(string))', query),
]
