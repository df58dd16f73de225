/** The protobuf wire format: varints, lengths, tags. */
import { DecodeError } from './decode-error.ts'

const two32 = 4294967296
/** Text up to so many characters is written and read by hand. */
const shortText = 48

/** How many bytes a length takes. */
export function varintLength(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : value < 0x10000000 ? 4 : 5
}

/** Writes a length; returns where it ends. */
export function writeVarint(target: Uint8Array, start: number, value: number): number {
  let at = start
  let rest = value
  while (rest > 0x7f) {
    target[at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  target[at++] = rest
  return at
}

/**
 * Writes a message from its end to its start, so that the length of every part is known when its header is written.
 * Fields are therefore given in descending order.
 */
export class WireWriter {
  #buffer: Buffer
  #start: number

  constructor(initialBytes = 1024) {
    this.#buffer = Buffer.allocUnsafeSlow(initialBytes)
    this.#start = initialBytes
  }

  /** Bytes written so far: the difference of two calls is the length of what lies between. */
  get length(): number {
    return this.#buffer.length - this.#start
  }

  /** A copy of its own, of exactly the bytes written. */
  bytes(): Buffer {
    const copy = Buffer.allocUnsafeSlow(this.length)
    this.#buffer.copy(copy, 0, this.#start)
    return copy
  }

  /** The bytes written, without a copy: nothing more may be written then. */
  view(): Uint8Array {
    return this.#buffer.subarray(this.#start)
  }

  get capacity(): number {
    return this.#buffer.length
  }

  /** Begins anew, keeping the memory. */
  reset(): void {
    this.#start = this.#buffer.length
  }

  tag(tag: number, wireType: number): void {
    this.uint32(((tag << 3) | wireType) >>> 0)
  }

  /** Header of a part that was written since `lengthBefore`. */
  lengthHeader(tag: number, lengthBefore: number): void {
    this.uint32(this.length - lengthBefore)
    this.tag(tag, 2)
  }

  uint32(value: number): void {
    const at = this.#reserve(varintLength(value))
    writeVarint(this.#buffer, at, value)
  }

  /** Two's complement in 64 bits. */
  integer(value: number | bigint): void {
    if (typeof value === 'number') {
      if (value >= 0 && value < two32) this.uint32(value)
      else this.#varint64(value >>> 0, Math.floor(value / two32) >>> 0)
    } else {
      const bits = BigInt.asUintN(64, value)
      this.#varint64(Number(bits & 0xffffffffn), Number(bits >> 32n))
    }
  }

  #varint64(low: number, high: number): void {
    let size = 1
    for (let l = low, h = high; h !== 0 || l > 0x7f; size++) {
      l = ((l >>> 7) | (h << 25)) >>> 0
      h >>>= 7
    }
    let at = this.#reserve(size)
    let l = low
    let h = high
    while (h !== 0 || l > 0x7f) {
      this.#buffer[at++] = (l & 0x7f) | 0x80
      l = ((l >>> 7) | (h << 25)) >>> 0
      h >>>= 7
    }
    this.#buffer[at] = l
  }

  double(value: number): void {
    const at = this.#reserve(8)
    this.#buffer.writeDoubleLE(value, at)
  }

  /** Text without its length. */
  text(value: string): void {
    const { length } = value
    if (length <= shortText) {
      // Calls out of JavaScript cost more than these few bytes. What turns out not to be ASCII is written over.
      let at = this.#reserve(length)
      const buffer = this.#buffer
      let i = 0
      for (; i < length; i++) {
        const code = value.charCodeAt(i)
        if (code > 0x7f) break
        buffer[at++] = code
      }
      if (i === length) return
      this.#start += length
    }
    const at = this.#reserve(Buffer.byteLength(value))
    this.#buffer.write(value, at)
  }

  /** One byte per character, without its length. */
  byteString(value: string): void {
    const at = this.#reserve(value.length)
    this.#buffer.write(value, at, 'latin1')
  }

  raw(value: Uint8Array): void {
    const at = this.#reserve(value.length)
    this.#buffer.set(value, at)
  }

  /** May replace the buffer: to be called before it is used. */
  #reserve(size: number): number {
    if (this.#start < size) this.#grow(size)
    this.#start -= size
    return this.#start
  }

  #grow(size: number): void {
    const used = this.length
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, used + size))
    this.#buffer.copy(larger, larger.length - used, this.#start)
    this.#buffer = larger
    this.#start = larger.length - used
  }
}

/** Short texts read lately, by a hash of their bytes: most come again and again, and then are one string. */
const textSlots = 4_096
const texts: string[] = new Array(textSlots).fill('')

/** The text of so many bytes; undefined where they are not ASCII. */
function remembered(bytes: Buffer, start: number, length: number): string | undefined {
  const end = start + length
  let hash = length
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!
    if (byte > 0x7f) return undefined
    hash = (Math.imul(hash, 31) + byte) | 0
  }
  const slot = (hash ^ (hash >>> 12)) & (textSlots - 1)
  const known = texts[slot]!
  if (known.length === length) {
    let i = 0
    while (i < length && known.charCodeAt(i) === bytes[start + i]) i++
    if (i === length) return known
  }
  const text = bytes.toString('latin1', start, end)
  texts[slot] = text
  return text
}

/** Reads one message, or a part of one: everything before `end`. Throws DecodeError on malformed input. */
export class WireReader {
  readonly buffer: Buffer
  at: number
  end: number
  /** Messages that enclose the current one. */
  depth = 0

  constructor(bytes: Uint8Array) {
    this.buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.at = 0
    this.end = bytes.length
  }

  /** Tag and wire type, as on the wire. */
  header(): number {
    const header = this.uint32()
    if (header >>> 3 === 0) throw new DecodeError(`proto: illegal tag 0 (wire type ${header & 7})`)
    return header
  }

  /** A varint cut to 32 bits, as the length of a part and an int32 are. */
  uint32(): number {
    let value = 0
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.at >= this.end) throw unexpectedEnd()
      const byte = this.buffer[this.at++]!
      if (shift < 35) value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value >>> 0
    }
    throw new DecodeError('proto: integer overflow')
  }

  /** A varint of 64 bits: a number while it is safe, else a bigint. */
  integer(signed: boolean): number | bigint {
    let low = 0
    let high = 0
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.at >= this.end) throw unexpectedEnd()
      const byte = this.buffer[this.at++]!
      const bits = byte & 0x7f
      if (shift < 28) low |= bits << shift
      else if (shift === 28) {
        low |= bits << 28
        high |= bits >>> 4
      } else high |= bits << (shift - 32)
      if (byte < 0x80) return joined(low >>> 0, signed ? high | 0 : high >>> 0)
    }
    throw new DecodeError('proto: integer overflow')
  }

  /** Length of the part that follows, which lies within the current one. */
  partLength(): number {
    const length = this.uint32()
    if (length > this.end - this.at) throw unexpectedEnd()
    return length
  }

  text(): string {
    const length = this.partLength()
    const start = this.at
    this.at += length
    return (
      (length <= shortText ? remembered(this.buffer, start, length) : undefined) ??
      this.buffer.toString('utf8', start, this.at)
    )
  }

  byteString(): string {
    const length = this.partLength()
    this.at += length
    return this.buffer.toString('latin1', this.at - length, this.at)
  }

  /** A view on the input. */
  part(): Buffer {
    const length = this.partLength()
    this.at += length
    return this.buffer.subarray(this.at - length, this.at)
  }

  double(): number {
    if (this.end - this.at < 8) throw unexpectedEnd()
    this.at += 8
    return this.buffer.readDoubleLE(this.at - 8)
  }

  /** Passes over the value of a field that nobody knows. */
  skip(wireType: number, groups = 0): void {
    if (wireType === 0) this.integer(true)
    else if (wireType === 1) this.#forward(8)
    else if (wireType === 2) this.#forward(this.partLength())
    else if (wireType === 5) this.#forward(4)
    else if (wireType === 3 && groups < maxProtobufDepth) this.#skipGroup(groups)
    else throw new DecodeError(`proto: illegal wireType ${wireType}`)
  }

  #skipGroup(groups: number): void {
    for (;;) {
      const header = this.header()
      if ((header & 7) === 4) return
      this.skip(header & 7, groups + 1)
    }
  }

  #forward(bytes: number): void {
    if (bytes > this.end - this.at) throw unexpectedEnd()
    this.at += bytes
  }
}

/** Messages nested deeper are refused. */
export const maxProtobufDepth = 100

const unexpectedEnd = () => new DecodeError('unexpected EOF')

function joined(low: number, high: number): number | bigint {
  const value = high * two32 + low
  return Number.isSafeInteger(value) ? value : (BigInt(high) << 32n) | BigInt(low)
}
