/** Header blocks of answers (RFC 7541): fields that go into no table, their names by the static table where it has them. */
import { staticTable } from './hpack-tables.ts'

type FieldValue = string | number | readonly string[] | undefined

const nameIndices = new Map<string, number>()
staticTable.forEach(([name], i) => {
  if (!nameIndices.has(name)) nameIndices.set(name, i + 1)
})
const statusIndices = new Map(
  staticTable.flatMap(([name, value], i) => (name === ':status' ? [[Number(value), i + 1] as const] : [])),
)

/** Where a block is put together before it is copied; a longer one gets a buffer of its own. */
const scratch = Buffer.allocUnsafeSlow(16 * 1024)
/** An index and two lengths, in bytes. */
const maxFramingBytes = 16

type Fields = Readonly<Record<string, FieldValue>>

/** Names are in lower case already; a character of a value is one byte. Fields of undefined are left out. */
export const encodeHeaders = (status: number, fields: Fields): Buffer => encoded(fields, status)

/** A block without a status: trailers. */
export const encodeTrailers = (fields: Fields): Buffer => encoded(fields)

function encoded(fields: Fields, status?: number): Buffer {
  let bytes = maxFramingBytes
  for (const name in fields) bytes += sizeOf(name, fields[name])
  const target = bytes <= scratch.length ? scratch : Buffer.allocUnsafe(bytes)
  let at = status === undefined ? 0 : writeStatus(target, status)
  for (const name in fields) {
    const value = fields[name]
    if (value === undefined) continue
    if (typeof value === 'object') for (const one of value) at = writeField(target, at, name, one)
    else at = writeField(target, at, name, typeof value === 'string' ? value : String(value))
  }
  return Buffer.from(target.subarray(0, at))
}

function sizeOf(name: string, value: FieldValue): number {
  if (value === undefined) return 0
  if (typeof value === 'number') return name.length + maxFramingBytes + 20
  if (typeof value === 'string') return name.length + maxFramingBytes + value.length
  return value.reduce((sum, one) => sum + name.length + maxFramingBytes + one.length, 0)
}

function writeStatus(target: Buffer, status: number): number {
  const index = statusIndices.get(status)
  if (index === undefined) return writeField(target, 0, ':status', String(status))
  target[0] = 0x80 | index
  return 1
}

function writeField(target: Buffer, start: number, name: string, value: string): number {
  const index = nameIndices.get(name) ?? 0
  let at = writeInteger(target, start, 4, index)
  if (index === 0) at = writeText(target, at, name)
  return writeText(target, at, value)
}

function writeText(target: Buffer, start: number, text: string): number {
  const at = writeInteger(target, start, 7, text.length)
  return at + target.write(text, at, 'latin1')
}

/** The bits before the prefix are 0. */
function writeInteger(target: Buffer, at: number, prefixBits: number, value: number): number {
  const limit = 2 ** prefixBits - 1
  if (value < limit) {
    target[at] = value
    return at + 1
  }
  target[at] = limit
  let end = at + 1
  let rest = value - limit
  for (; rest >= 128; rest = Math.floor(rest / 128)) target[end++] = (rest % 128) | 128
  target[end] = rest
  return end + 1
}
