/**
 * Node ports as upstream keeps them: a RangeAllocation whose data are the bytes, big-endian and without leading zeros, of
 * a number in which bit `i` stands for port `first + i`.
 */
export class PortBitmap {
  readonly first: number
  readonly last: number
  #bits: bigint

  constructor(first: number, last: number, base64 = '') {
    this.first = first
    this.last = last
    const hex = Buffer.from(base64, 'base64').toString('hex')
    this.#bits = hex === '' ? 0n : BigInt(`0x${hex}`)
  }

  get base64(): string {
    if (this.#bits === 0n) return ''
    const hex = this.#bits.toString(16)
    return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex').toString('base64')
  }

  get range(): string {
    return `${this.first}-${this.last}`
  }

  inRange(port: number): boolean {
    return port >= this.first && port <= this.last
  }

  has(port: number): boolean {
    return this.inRange(port) && ((this.#bits >> BigInt(port - this.first)) & 1n) === 1n
  }

  add(port: number): void {
    if (this.inRange(port)) this.#bits |= 1n << BigInt(port - this.first)
  }

  remove(port: number): void {
    if (this.has(port)) this.#bits ^= 1n << BigInt(port - this.first)
  }

  /** A free port: random above those left for explicit wishes (KEP-3668), then any. */
  free(random: () => number): number | undefined {
    const size = this.last - this.first + 1
    const reserved = size < 16 ? 0 : Math.min(128, Math.max(16, Math.floor(size / 32)))
    return this.#freeIn(reserved, size, random) ?? this.#freeIn(0, reserved, random)
  }

  #freeIn(from: number, to: number, random: () => number): number | undefined {
    const size = to - from
    if (size <= 0) return undefined
    const start = Math.floor(random() * size)
    for (let i = 0; i < size; i++) {
      const port = this.first + from + ((start + i) % size)
      if (!this.has(port)) return port
    }
    return undefined
  }
}
