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

  /** What makes another one like it. */
  get parts(): [first: number, last: number, base64: string] {
    return [this.first, this.last, this.base64]
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

/** Where a dry run's first port comes from: it is no promise, and need not lie in the range. */
const beforeFirstGuess = 32_768

/** Ports of a dry run: nothing is taken, and free ones are guessed without a look at what is (upstream: operation.go). */
export class GuessedPorts extends PortBitmap {
  readonly #own: number[] = []

  override inRange(): boolean {
    return true
  }

  override has(port: number): boolean {
    return this.#own.includes(port) || (port >= this.first && port <= this.last && super.has(port))
  }

  override add(port: number): void {
    this.#own.push(port)
  }

  override remove(): void {}

  override free(): number {
    return (this.#own.length === 0 ? beforeFirstGuess : Math.max(...this.#own)) + 1
  }
}
