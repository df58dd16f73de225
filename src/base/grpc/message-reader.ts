/** The frames of a gRPC message: a flag, four bytes of length, the message. */
import { GrpcCode, GrpcError } from './grpc-error.ts'

export const frameHeaderBytes = 5

export function frameHeader(length: number): Uint8Array {
  return Uint8Array.of(0, length >>> 24, (length >>> 16) & 0xff, (length >>> 8) & 0xff, length & 0xff)
}

export function frameOf(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(frameHeaderBytes + message.length)
  frame.set(frameHeader(message.length))
  frame.set(message, frameHeaderBytes)
  return frame
}

/** Splits a byte stream into messages. A message that came in one piece is a view on it. */
export class MessageReader {
  readonly #maxMessageBytes: number
  /** What came of a message that is not whole yet. */
  #parts: Buffer[] = []
  #partBytes = 0
  #wantedBytes = frameHeaderBytes

  constructor(maxMessageBytes: number) {
    this.#maxMessageBytes = maxMessageBytes
  }

  push(chunk: Buffer): Buffer[] {
    this.#parts.push(chunk)
    this.#partBytes += chunk.length
    const messages: Buffer[] = []
    if (this.#partBytes < this.#wantedBytes) return messages
    let bytes = this.#parts.length === 1 ? chunk : Buffer.concat(this.#parts, this.#partBytes)
    for (;;) {
      this.#wantedBytes = frameHeaderBytes
      if (bytes.length < frameHeaderBytes) break
      const length = bytes.readUInt32BE(1)
      if (length > this.#maxMessageBytes) {
        const why = `grpc: received message larger than max (${length} vs. ${this.#maxMessageBytes})`
        throw new GrpcError(GrpcCode.resourceExhausted, why)
      }
      if (bytes[0] !== 0) throw new GrpcError(GrpcCode.unimplemented, 'compressed messages are not supported')
      this.#wantedBytes = frameHeaderBytes + length
      if (bytes.length < this.#wantedBytes) break
      messages.push(bytes.subarray(frameHeaderBytes, this.#wantedBytes))
      bytes = bytes.subarray(this.#wantedBytes)
    }
    this.#parts = bytes.length === 0 ? [] : [bytes]
    this.#partBytes = bytes.length
    return messages
  }
}
