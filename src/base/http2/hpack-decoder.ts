/** Header blocks of HTTP/2 (RFC 7541), as a server reads them. */
import { huffmanTree, staticTable } from './hpack-tables.ts'

export class HpackError extends Error {}

export type Header = readonly [name: string, value: string]

/** Bytes of the dynamic table: what HTTP/2 starts with, and we ask for no other. */
const maxTableBytes = 4096
/** Counted for an entry besides its name and value. */
const entryBytes = 32

export class HpackDecoder {
  /** Newest first. */
  readonly #dynamic: Header[] = []
  #dynamicBytes = 0
  #tableLimit = maxTableBytes
  readonly #maxListBytes: number
  #block: Buffer = Buffer.alloc(0)
  #at = 0

  /** A longer list of headers is refused. */
  constructor(maxListBytes: number) {
    this.#maxListBytes = maxListBytes
  }

  /** Throws HpackError: the connection cannot go on, for both ends' tables differ now. */
  decode(block: Buffer): Header[] {
    this.#block = block
    this.#at = 0
    const headers: Header[] = []
    let bytes = 0
    while (this.#at < block.length) {
      const first = block[this.#at]!
      let header: Header
      if (first & 0x80) header = this.#entry(this.#integer(7))
      else if (first & 0x40) {
        header = this.#literal(this.#integer(6))
        this.#remember(header)
      } else if (first & 0x20) {
        this.#resize(this.#integer(5))
        continue
      } else header = this.#literal(this.#integer(4))
      bytes += sizeOf(header)
      if (bytes > this.#maxListBytes) throw new HpackError('too many headers')
      headers.push(header)
    }
    return headers
  }

  #entry(index: number): Header {
    const found = index <= staticTable.length ? staticTable[index - 1] : this.#dynamic[index - staticTable.length - 1]
    if (found === undefined) throw new HpackError(`no header ${index} in the tables`)
    return found
  }

  #literal(nameIndex: number): Header {
    const name = nameIndex === 0 ? this.#string() : this.#entry(nameIndex)[0]
    return [name, this.#string()]
  }

  #remember(header: Header): void {
    this.#dynamic.unshift(header)
    this.#dynamicBytes += sizeOf(header)
    this.#evict()
  }

  #resize(limit: number): void {
    if (limit > maxTableBytes) throw new HpackError(`a table of ${limit} bytes was not agreed on`)
    this.#tableLimit = limit
    this.#evict()
  }

  #evict(): void {
    while (this.#dynamicBytes > this.#tableLimit) this.#dynamicBytes -= sizeOf(this.#dynamic.pop()!)
  }

  #integer(prefixBits: number): number {
    const limit = 2 ** prefixBits - 1
    let value = this.#byte() & limit
    if (value < limit) return value
    for (let factor = 1; ; factor *= 128) {
      if (factor > 2 ** 21) throw new HpackError('an integer is too long')
      const byte = this.#byte()
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
    }
  }

  #byte(): number {
    const byte = this.#block[this.#at++]
    if (byte === undefined) throw new HpackError('the block ends in the middle')
    return byte
  }

  #string(): string {
    const isCoded = ((this.#block[this.#at] ?? 0) & 0x80) !== 0
    const length = this.#integer(7)
    const end = this.#at + length
    if (end > this.#block.length) throw new HpackError('the block ends in the middle')
    const text = isCoded
      ? decodeHuffman(this.#block.subarray(this.#at, end))
      : this.#block.toString('latin1', this.#at, end)
    this.#at = end
    return text
  }
}

const sizeOf = ([name, value]: Header): number => name.length + value.length + entryBytes

function decodeHuffman(bytes: Buffer): string {
  let text = ''
  let node = 0
  /** Since the last symbol: padding has at most seven, all ones. */
  let bitsSince = 0
  let onlyOnes = true
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      const side = (byte >> bit) & 1
      const next = huffmanTree[node]![side as 0 | 1]
      bitsSince++
      onlyOnes &&= side === 1
      if (next === 0) throw new HpackError('no such code')
      if (next > 0) node = next
      else {
        text += String.fromCharCode(-1 - next)
        node = 0
        bitsSince = 0
        onlyOnes = true
      }
    }
  }
  if (bitsSince > 7 || !onlyOnes) throw new HpackError('wrong padding')
  return text
}
