/** The part of ASN.1 DER (ITU-T X.690) that certificates need: a writer of values and a reader of their outline. */

const lengthBytes = (length: number): Buffer => {
  if (length < 0x80) return Buffer.from([length])
  const bytes: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256)
  return Buffer.from([0x80 | bytes.length, ...bytes])
}

/** One value: identifier, length, contents. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(contents)
  return Buffer.concat([Buffer.from([tag]), lengthBytes(body.length), body])
}

export const sequence = (...contents: readonly Uint8Array[]): Buffer => der(0x30, ...contents)
export const setOf = (...contents: readonly Uint8Array[]): Buffer => der(0x31, ...contents)
export const octetString = (...contents: readonly Uint8Array[]): Buffer => der(0x04, ...contents)
export const utf8String = (text: string): Buffer => der(0x0c, Buffer.from(text, 'utf8'))
export const boolean = (value: boolean): Buffer => der(0x01, Buffer.from([value ? 0xff : 0]))
/** A constructed, context-specific value: `[n]`. */
export const tagged = (n: number, ...contents: readonly Uint8Array[]): Buffer => der(0xa0 | n, ...contents)
/** A primitive, context-specific value: `[n] IMPLICIT`. */
export const implicit = (n: number, contents: Uint8Array): Buffer => der(0x80 | n, contents)

/** A non-negative integer from its big-endian bytes. */
export function integer(bytes: Uint8Array): Buffer {
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0) start++
  const body = bytes.subarray(start)
  return (body[0] ?? 0) >= 0x80 ? der(0x02, Buffer.from([0]), body) : der(0x02, body)
}

export const bitString = (bytes: Uint8Array, unusedBits = 0): Buffer => der(0x03, Buffer.from([unusedBits]), bytes)

export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes: number[] = []
  for (const arc of [first * 40 + second, ...rest]) {
    const group = [arc % 128]
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) group.unshift(0x80 | (left % 128))
    bytes.push(...group)
  }
  return der(0x06, Buffer.from(bytes))
}

/** UTCTime before 2050, GeneralizedTime from then on (RFC 5280, 4.1.2.5). Whole seconds. */
export function timeValue(ms: number): Buffer {
  const digits = new Date(ms)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:T]/g, '')
  return new Date(ms).getUTCFullYear() < 2050
    ? der(0x17, Buffer.from(digits.slice(2), 'ascii'))
    : der(0x18, Buffer.from(digits, 'ascii'))
}

export interface DerValue {
  readonly tag: number
  /** The whole value with its header. */
  readonly bytes: Buffer
  readonly contents: Buffer
}

/** The values that stand one behind another in `bytes`. Throws RangeError on a truncated value. */
export function readValues(bytes: Buffer): DerValue[] {
  const values: DerValue[] = []
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes.readUInt8(at)
    const first = bytes.readUInt8(at + 1)
    const long = first < 0x80 ? 0 : first & 0x7f
    const length = long === 0 ? first : bytes.readUIntBE(at + 2, long)
    const start = at + 2 + long
    if (start + length > bytes.length) throw new RangeError('DER value is truncated')
    values.push({ tag, bytes: bytes.subarray(at, start + length), contents: bytes.subarray(start, start + length) })
    at = start + length
  }
  return values
}
