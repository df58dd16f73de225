/**
 * CBOR (RFC 8949) to JSON values, with what Kubernetes accepts: strings as text or bytes, bytes that are tagged for base64,
 * definite and indefinite lengths. Floats stay told from integers as NumberLiterals. Malformed input throws DecodeError.
 */
import { selfDescribedTag } from './cbor-encode.ts'
import { DecodeError } from './decode-error.ts'
import { isInt64, NumberLiteral, setMember } from './json-exact.ts'
import { maxJsonDepth } from './json-scan.ts'
import { showTime } from './time-format.ts'

/** Longer documents are refused unless the caller names another bound. */
export const maxCborBytes = 64 * 1024 * 1024

/** The one item of a document. */
export function readCbor(bytes: Uint8Array, maxBytes = maxCborBytes): unknown {
  if (bytes.length > maxBytes) {
    throw new DecodeError(`document of ${bytes.length} bytes exceeds the limit of ${maxBytes}`)
  }
  const reader = new CborReader(bytes)
  const value = reader.item(0)
  if (reader.left > 0) {
    throw new DecodeError(
      `cbor: ${reader.left} bytes of extraneous data starting at index ${bytes.length - reader.left}`,
    )
  }
  return value
}

/** Whether a document says of itself that it is CBOR. */
export const isSelfDescribed = (bytes: Uint8Array): boolean => selfDescribedTag.every((byte, i) => bytes[i] === byte)

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const breakByte = 0xff
/** Encodings that a tag asks for when bytes become text. */
const laterEncodings: Readonly<Record<number, BufferEncoding>> = { 21: 'base64url', 22: 'base64', 23: 'hex' }

class CborReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  item(depth: number, later?: BufferEncoding): unknown {
    if (depth > maxJsonDepth) throw new DecodeError(`cbor: exceeded max nested level ${maxJsonDepth}`)
    const first = this.#byte()
    const major = first >> 5
    const info = first & 31
    switch (major) {
      case 0:
        return integer(this.#argument(info))
      case 1:
        return integer(-1n - BigInt(this.#argument(info)))
      case 2:
        return this.#byteString(info).toString(later ?? 'utf8')
      case 3:
        return this.#text(info)
      case 4:
        return this.#list(info, depth)
      case 5:
        return this.#map(info, depth)
      case 6:
        return this.#tagged(Number(this.#argument(info)), depth)
      default:
        return this.#simple(info)
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++]
    if (byte === undefined) throw new DecodeError('unexpected EOF')
    return byte
  }

  #part(length: number): Buffer {
    if (length > this.left) throw new DecodeError('unexpected EOF')
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  #argument(info: number): number | bigint {
    if (info < 24) return info
    if (info === 24) return this.#byte()
    if (info === 25) return this.#part(2).readUInt16BE()
    if (info === 26) return this.#part(4).readUInt32BE()
    if (info === 27) return this.#part(8).readBigUInt64BE()
    throw new DecodeError(`cbor: invalid additional information ${info}`)
  }

  /** Number of bytes or items that follow; each item takes at least a byte. */
  #count(info: number): number {
    const count = Number(this.#argument(info))
    if (count > this.left) throw new DecodeError('unexpected EOF')
    return count
  }

  #atBreak(): boolean {
    if (this.left === 0) throw new DecodeError('unexpected EOF')
    if (this.#bytes[this.#at] !== breakByte) return false
    this.#at++
    return true
  }

  #byteString(info: number, major = 2): Buffer {
    if (info !== 31) return this.#part(this.#count(info))
    const chunks: Buffer[] = []
    while (!this.#atBreak()) {
      const first = this.#byte()
      if (first >> 5 !== major || (first & 31) === 31) throw new DecodeError('cbor: wrong element in indefinite string')
      chunks.push(this.#part(this.#count(first & 31)))
    }
    return Buffer.concat(chunks)
  }

  #text(info: number): string {
    try {
      return utf8.decode(this.#byteString(info, 3))
    } catch (error) {
      if (error instanceof DecodeError) throw error
      throw new DecodeError('cbor: invalid UTF-8 string')
    }
  }

  #list(info: number, depth: number): unknown[] {
    const list: unknown[] = []
    if (info === 31) while (!this.#atBreak()) list.push(this.item(depth + 1))
    else for (let left = this.#count(info); left > 0; left--) list.push(this.item(depth + 1))
    return list
  }

  #map(info: number, depth: number): Record<string, unknown> {
    const map: Record<string, unknown> = {}
    const pair = () => {
      const key = this.item(depth + 1)
      if (typeof key !== 'string') throw new DecodeError('cbor: a key of a map is no string')
      if (Object.hasOwn(map, key)) throw new DecodeError(`cbor: found duplicate map key ${JSON.stringify(key)}`)
      setMember(map, key, this.item(depth + 1))
    }
    if (info === 31) while (!this.#atBreak()) pair()
    else for (let left = this.#count(info); left > 0; left--) pair()
    return map
  }

  #tagged(tag: number, depth: number): unknown {
    const value = this.item(depth + 1, laterEncodings[tag])
    if (tag === 1) return epochTime(value)
    if (tag === 2 || tag === 3) throw new DecodeError('cbor: bignums are not accepted')
    return value
  }

  #simple(info: number): unknown {
    if (info === 20) return false
    if (info === 21) return true
    if (info === 22) return null
    if (info === 25) return float(new DataView(new Uint8Array(this.#part(2)).buffer).getFloat16(0))
    if (info === 26) return float(this.#part(4).readFloatBE())
    if (info === 27) return float(this.#part(8).readDoubleBE())
    throw new DecodeError(`cbor: simple value ${info} is not recognized`)
  }
}

function integer(value: number | bigint): number | bigint {
  const exact = BigInt(value)
  if (!isInt64(exact)) throw new DecodeError(`cbor: integer ${value} overflows int64`)
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : exact
}

function float(value: number): NumberLiteral {
  if (!Number.isFinite(value)) throw new DecodeError('cbor: NaN and infinities are not accepted')
  return new NumberLiteral(String(value))
}

function epochTime(value: unknown): string {
  const seconds = value instanceof NumberLiteral ? Number(value.text) : Number(value)
  if (!Number.isFinite(seconds)) throw new DecodeError('cbor: a time that is no number')
  return showTime(Math.floor(seconds))
}
