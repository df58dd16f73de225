/** Frames of HTTP/2: RFC 9113, sections 4 to 7. */

export const FrameType = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const

export const Flag = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 0x20 } as const

export const ErrorCode = {
  none: 0,
  protocol: 1,
  internal: 2,
  flowControl: 3,
  streamClosed: 5,
  frameSize: 6,
  refusedStream: 7,
  cancel: 8,
  compression: 9,
  enhanceYourCalm: 11,
} as const

export const SettingId = {
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const

export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
export const frameHeaderBytes = 9
/** What both ends begin with; we never ask for more. */
export const defaultWindow = 65_535
export const maxFrameBytes = 16_384
export const maxWindow = 2 ** 31 - 1

/** Writes a frame's header at `at`. */
export function writeFrameHeader(
  target: Buffer,
  at: number,
  length: number,
  type: number,
  flags: number,
  stream: number,
): void {
  target[at] = length >>> 16
  target[at + 1] = length >>> 8
  target[at + 2] = length
  target[at + 3] = type
  target[at + 4] = flags
  target.writeUInt32BE(stream, at + 5)
}

export function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(frameHeaderBytes + payload.length)
  writeFrameHeader(bytes, 0, payload.length, type, flags, stream)
  bytes.set(payload, frameHeaderBytes)
  return bytes
}

/** A header block, in several frames where it is longer than one may be: nothing else may come between them (section 6.10). */
export function headersFrame(flags: number, stream: number, block: Uint8Array): Buffer {
  if (block.length <= maxFrameBytes) return frame(FrameType.headers, flags | Flag.endHeaders, stream, block)
  const parts = [frame(FrameType.headers, flags, stream, block.subarray(0, maxFrameBytes))]
  for (let at = maxFrameBytes; at < block.length; at += maxFrameBytes) {
    const isLast = block.length - at <= maxFrameBytes
    const part = block.subarray(at, at + maxFrameBytes)
    parts.push(frame(FrameType.continuation, isLast ? Flag.endHeaders : 0, stream, part))
  }
  return Buffer.concat(parts)
}

export function numberFrame(type: number, stream: number, value: number): Buffer {
  const payload = Buffer.allocUnsafe(4)
  payload.writeUInt32BE(value >>> 0)
  return frame(type, 0, stream, payload)
}

export function settingsFrame(settings: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(6 * settings.length)
  settings.forEach(([id, value], i) => {
    payload.writeUInt16BE(id, 6 * i)
    payload.writeUInt32BE(value, 6 * i + 2)
  })
  return frame(FrameType.settings, 0, 0, payload)
}

export const goawayFrame = (lastStream: number, code: number, why: string): Buffer => {
  const payload = Buffer.alloc(8)
  payload.writeUInt32BE(lastStream)
  payload.writeUInt32BE(code, 4)
  return frame(FrameType.goaway, 0, 0, Buffer.concat([payload, Buffer.from(why)]))
}
