/** Frames of SPDY/3.1 (draft 3.1, 2.2), as far as streaming to containers uses them. */

export const frameTypes = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  headers: 8,
  windowUpdate: 9,
} as const

export const flagFin = 0x01

export type Frame =
  | { readonly kind: 'data'; readonly streamId: number; readonly fin: boolean; readonly data: Buffer }
  | { readonly kind: 'control'; readonly type: number; readonly flags: number; readonly payload: Buffer }

/** A length has 24 bits; peers here send at most 64 KiB. */
const maxFrameBytes = 16 * 1024 * 1024 - 1

export function dataFrame(streamId: number, data: Uint8Array, fin: boolean): Buffer {
  const frame = Buffer.allocUnsafe(8 + data.length)
  frame.writeUInt32BE(streamId & 0x7fffffff, 0)
  frame.writeUInt32BE(((fin ? flagFin : 0) << 24) | data.length, 4)
  frame.set(data, 8)
  return frame
}

export function controlFrame(type: number, flags: number, payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(8 + payload.length)
  frame.writeUInt16BE(0x8003, 0)
  frame.writeUInt16BE(type, 2)
  frame.writeUInt32BE(((flags << 24) | payload.length) >>> 0, 4)
  frame.set(payload, 8)
  return frame
}

/** The uncompressed name/value block of a SYN_STREAM. Names are in lower case. */
export function headerBlock(headers: Readonly<Record<string, string>>): Buffer {
  const entries = Object.entries(headers)
  const parts: Buffer[] = [uint32(entries.length)]
  for (const [name, value] of entries) {
    const nameBytes = Buffer.from(name.toLowerCase())
    const valueBytes = Buffer.from(value)
    parts.push(uint32(nameBytes.length), nameBytes, uint32(valueBytes.length), valueBytes)
  }
  return Buffer.concat(parts)
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value >>> 0)
  return bytes
}

/** Cuts a byte stream into frames. */
export class FrameReader {
  #buffered: Buffer = Buffer.alloc(0)

  push(chunk: Buffer): Frame[] {
    this.#buffered = this.#buffered.length === 0 ? chunk : Buffer.concat([this.#buffered, chunk])
    const frames: Frame[] = []
    for (;;) {
      if (this.#buffered.length < 8) return frames
      const length = this.#buffered.readUInt32BE(4) & 0xffffff
      if (length > maxFrameBytes) throw new Error('SPDY frame too large')
      if (this.#buffered.length < 8 + length) return frames
      frames.push(this.#frame(this.#buffered.subarray(0, 8 + length)))
      this.#buffered = this.#buffered.subarray(8 + length)
    }
  }

  #frame(bytes: Buffer): Frame {
    const head = bytes.readUInt32BE(0)
    const flags = bytes[4] ?? 0
    const payload = bytes.subarray(8)
    if (head >>> 31 === 0) return { kind: 'data', streamId: head, fin: (flags & flagFin) !== 0, data: payload }
    return { kind: 'control', type: head & 0xffff, flags, payload }
  }
}
