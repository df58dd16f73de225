/** Offsets in a DNS message (RFC 1035, 4.1), without decoding it. */

const headerBytes = 12
const optType = 41
const soaType = 6

/** Behind a name that starts at `at`, or undefined where the message ends within it. */
function behindName(message: Buffer, at: number): number | undefined {
  for (let i = at; i < message.length; ) {
    const length = message[i] ?? 0
    if (length === 0) return i + 1
    if (length >= 0xc0) return i + 2
    i += 1 + length
  }
  return undefined
}

/** Where the section of one question ends; 12 for a message with none, or a broken one. */
export function questionEnd(message: Buffer): number {
  if (message.length < headerBytes || message.readUInt16BE(4) !== 1) return headerBytes
  const end = behindName(message, headerBytes)
  return end === undefined || end + 4 > message.length ? headerBytes : end + 4
}

export interface Lifetimes {
  /** Where the TTLs of the records are. */
  readonly offsets: readonly number[]
  /** The shortest; of a negative answer that of its SOA (RFC 2308); undefined where nothing says how long it holds. */
  readonly seconds: number | undefined
}

export function lifetimesOf(message: Buffer): Lifetimes {
  const nothing: Lifetimes = { offsets: [], seconds: undefined }
  if (message.length < headerBytes) return nothing
  const count = message.readUInt16BE(6) + message.readUInt16BE(8) + message.readUInt16BE(10)
  const offsets: number[] = []
  let seconds: number | undefined
  let at = questionEnd(message)
  for (let i = 0; i < count; i += 1) {
    const end = behindName(message, at)
    if (end === undefined || end + 10 > message.length) return nothing
    const type = message.readUInt16BE(end)
    const next = end + 10 + message.readUInt16BE(end + 8)
    if (next > message.length) return nothing
    if (type !== optType) {
      let ttl = message.readUInt32BE(end + 4)
      if (type === soaType && message.readUInt16BE(6) === 0) ttl = Math.min(ttl, message.readUInt32BE(next - 4))
      offsets.push(end + 4)
      seconds = Math.min(seconds ?? ttl, ttl)
    }
    at = next
  }
  return { offsets, seconds }
}
