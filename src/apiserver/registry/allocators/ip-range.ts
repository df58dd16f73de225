/** Addresses of a CIDR as offsets: pure arithmetic on IPv4 and IPv6. */
import { isIPv4, isIPv6 } from 'node:net'

export type IpFamily = 'IPv4' | 'IPv6'

export const familyOf = (address: string): IpFamily | undefined =>
  isIPv4(address) ? 'IPv4' : isIPv6(address) ? 'IPv6' : undefined

export function parseAddress(address: string): bigint | undefined {
  if (isIPv4(address)) return address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n)
  if (!isIPv6(address)) return undefined
  const [head = '', tail] = address.split('::')
  const words = (text: string): bigint[] =>
    text === '' ? [] : text.split(':').flatMap(part => (part.includes('.') ? ipv4Words(part) : [BigInt(`0x${part}`)]))
  const front = words(head)
  const back = tail === undefined ? [] : words(tail)
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - front.length - back.length }, () => 0n)
  return [...front, ...zeros, ...back].reduce((sum, word) => sum * 65_536n + word, 0n)
}

function ipv4Words(text: string): bigint[] {
  const value = parseAddress(text) ?? 0n
  return [value >> 16n, value & 0xffffn]
}

/** Canonical text (RFC 5952 for IPv6). */
export function showAddress(value: bigint, family: IpFamily): string {
  if (family === 'IPv4') return [24n, 16n, 8n, 0n].map(shift => String((value >> shift) & 255n)).join('.')
  const words = Array.from({ length: 8 }, (_, i) => ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16))
  let best = { start: -1, length: 1 }
  for (let i = 0; i < 8; i++) {
    let length = 0
    while (words[i + length] === '0') length++
    if (length > best.length) best = { start: i, length }
  }
  if (best.start < 0) return words.join(':')
  return `${words.slice(0, best.start).join(':')}::${words.slice(best.start + best.length).join(':')}`
}

export class IpRange {
  readonly family: IpFamily
  readonly #network: bigint
  readonly #size: bigint

  /** Throws on what is no CIDR. */
  constructor(cidr: string) {
    const [address = '', prefixText = ''] = cidr.split('/')
    const family = familyOf(address)
    const value = parseAddress(address)
    const bits = family === 'IPv4' ? 32 : 128
    const prefix = Number(prefixText)
    if (!family || value === undefined || !/^\d+$/.test(prefixText) || prefix > bits) {
      throw new Error(`invalid CIDR address: ${cidr}`)
    }
    this.family = family
    this.#size = 1n << BigInt(bits - prefix)
    this.#network = (value / this.#size) * this.#size
  }

  get cidr(): string {
    const bits = (this.family === 'IPv4' ? 32 : 128) - (this.#size.toString(2).length - 1)
    return `${this.network}/${bits}`
  }

  get network(): string {
    return showAddress(this.#network, this.family)
  }

  contains(address: string): boolean {
    const value = parseAddress(address)
    if (value === undefined || familyOf(address) !== this.family) return false
    return value >= this.#network && value < this.#network + this.#size
  }

  /** Whether a host can have it: neither the network's own address nor IPv4's broadcast. */
  hasHost(address: string): boolean {
    if (!this.contains(address)) return false
    const offset = (parseAddress(address) as bigint) - this.#network
    return offset > 0n && (this.family === 'IPv6' || offset < this.#size - 1n)
  }

  /** Usable addresses: without the network's own, and without IPv4's broadcast. Capped, as upstream does, for IPv6. */
  get usable(): number {
    const count = this.#size - (this.family === 'IPv4' ? 2n : 1n)
    return count > 2_147_483_647n ? 2_147_483_647 : Math.max(0, Number(count))
  }

  /** The address `offset` behind the network's; the first usable one is 1. */
  at(offset: number): string {
    return showAddress(this.#network + BigInt(offset), this.family)
  }

  /** First address, that of the service `kubernetes`. */
  get first(): string {
    return this.at(1)
  }

  /** So many addresses at the start are left for those who ask for a certain one (KEP-3070). */
  get staticBand(): number {
    const min = 16
    const max = 256
    if (this.usable < min) return 0
    return Math.min(max, Math.max(min, Math.floor(this.usable / 16)))
  }
}
