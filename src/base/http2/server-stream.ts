/** One request and its answer. */
import type { ServerConnection } from './connection.ts'
import { ErrorCode, Flag, FrameType, frame, frameHeaderBytes, numberFrame, writeFrameHeader } from './frames.ts'

export interface StreamListener {
  data(chunk: Buffer): void
  /** The client sends nothing more. */
  ended(): void
  /** What waited has left, after `isFull`. */
  drained(): void
  /** The stream is over, whoever ended it. */
  closed(): void
}

/** Answers up to so many bytes go into one buffer with their headers and trailers. */
const wholeAnswerBytes = 4096
/** Of data that waits for the client's window or the network; then the sender is told to stop. */
const fullBytes = 1 << 20

export class ServerStream {
  readonly id: number
  sendWindow: number
  listener: StreamListener | undefined
  readonly #connection: ServerConnection
  readonly #window: number
  #received = 0
  /** What the windows or the network hold back. */
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #trailers: Buffer | undefined
  #clientEnded = false
  #wasFull = false
  isClosed = false

  constructor(connection: ServerConnection, id: number, window: number) {
    this.#connection = connection
    this.id = id
    this.#window = window
    this.sendWindow = connection.initialSendWindow
  }

  /** `headers` and `trailers` are whole header blocks. */
  answer(headers: Buffer, body: Uint8Array, trailers: Buffer): void {
    if (this.isClosed) return
    const fits = body.length <= Math.min(this.sendWindow, this.#connection.sendWindow)
    if (!fits || body.length > wholeAnswerBytes) {
      this.sendHeaders(headers)
      this.write(body)
      this.end(trailers)
      return
    }
    this.sendWindow -= body.length
    this.#connection.sendWindow -= body.length
    const bytes = Buffer.allocUnsafe(3 * frameHeaderBytes + headers.length + body.length + trailers.length)
    let at = 0
    const add = (type: number, flags: number, part: Uint8Array) => {
      writeFrameHeader(bytes, at, part.length, type, flags, this.id)
      bytes.set(part, at + frameHeaderBytes)
      at += frameHeaderBytes + part.length
    }
    add(FrameType.headers, Flag.endHeaders, headers)
    add(FrameType.data, 0, body)
    add(FrameType.headers, Flag.endHeaders | Flag.endStream, trailers)
    this.#connection.send(bytes)
    this.#finish()
  }

  sendHeaders(block: Buffer): void {
    if (!this.isClosed) this.#connection.send(frame(FrameType.headers, Flag.endHeaders, this.id, block))
  }

  /** The bytes must not change afterwards. */
  write(bytes: Uint8Array): void {
    if (this.isClosed || this.#trailers !== undefined) return
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    if (this.#waiting.length === 1 && !this.resume()) this.#connection.hold(this)
  }

  /** Sends no more than what waits, then the trailers. */
  end(trailers: Buffer): void {
    if (this.isClosed || this.#trailers !== undefined) return
    this.#trailers = trailers
    if (this.#waiting.length === 0) this.#sendTrailers()
  }

  /** Whether a sender should wait for `drained`. */
  get isFull(): boolean {
    this.#wasFull ||= this.#waitingBytes > fullBytes
    return this.#wasFull
  }

  /** Headers that are all of the answer. */
  answerWithHeaders(block: Buffer): void {
    if (this.isClosed) return
    this.#connection.send(frame(FrameType.headers, Flag.endHeaders | Flag.endStream, this.id, block))
    this.#finish()
  }

  /** Sends what the windows and the network allow. Returns whether nothing waits any more. */
  resume(): boolean {
    const connection = this.#connection
    while (this.#waiting.length > 0) {
      const first = this.#waiting[0]!
      const allowed = Math.min(this.sendWindow, connection.sendWindow, connection.maxSentFrameBytes)
      if ((allowed <= 0 && first.length > 0) || connection.isCongested) return false
      const length = Math.min(allowed, first.length)
      const header = Buffer.allocUnsafe(frameHeaderBytes)
      writeFrameHeader(header, 0, length, FrameType.data, 0, this.id)
      connection.send(header)
      if (length > 0) connection.send(length === first.length ? first : first.subarray(0, length))
      this.sendWindow -= length
      connection.sendWindow -= length
      this.#waitingBytes -= length
      if (length === first.length) this.#waiting.shift()
      else this.#waiting[0] = first.subarray(length)
    }
    if (this.#trailers !== undefined) this.#sendTrailers()
    else if (this.#wasFull) {
      this.#wasFull = false
      // Not from within the sender's own call.
      queueMicrotask(() => this.listener?.drained())
    }
    return true
  }

  reset(code: number): void {
    if (this.isClosed) return
    this.#connection.send(numberFrame(FrameType.rstStream, this.id, code))
    this.abandoned()
  }

  /** Of the connection: data that arrived. `frameBytes` counts its padding. */
  received(chunk: Buffer, frameBytes: number, ends: boolean): void {
    this.#received += frameBytes
    if (this.#received > this.#window) {
      this.reset(ErrorCode.flowControl)
      return
    }
    if (this.#clientEnded) {
      this.reset(ErrorCode.streamClosed)
      return
    }
    if (!ends && this.#received > this.#window / 2) {
      this.#connection.send(numberFrame(FrameType.windowUpdate, this.id, this.#received))
      this.#received = 0
    }
    if (chunk.length > 0) this.listener?.data(chunk)
    if (!ends || this.isClosed) return
    this.#clientEnded = true
    this.listener?.ended()
  }

  /** Of the connection: the client gave it up, or is gone. */
  abandoned(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.#waiting = []
    this.#waitingBytes = 0
    this.#connection.forget(this)
    this.listener?.closed()
  }

  #sendTrailers(): void {
    const block = this.#trailers!
    this.#connection.send(frame(FrameType.headers, Flag.endHeaders | Flag.endStream, this.id, block))
    this.#finish()
  }

  #finish(): void {
    // Who has its answer need not send the rest of its request (RFC 9113, section 8.1).
    if (!this.#clientEnded) this.#connection.send(numberFrame(FrameType.rstStream, this.id, ErrorCode.none))
    this.abandoned()
  }
}
