/** One request and its answer. */
import type { ConnectionLimits, ServerConnection } from './connection.ts'
import {
  ErrorCode,
  Flag,
  FrameType,
  frame,
  frameHeaderBytes,
  maxFrameBytes,
  numberFrame,
  writeFrameHeader,
} from './frames.ts'

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
const noBytes = new Uint8Array(0)

export class ServerStream {
  readonly id: number
  sendWindow: number
  listener: StreamListener | undefined
  readonly #connection: ServerConnection
  readonly #window: number
  readonly #fullBytes: number
  /** What arrived and was not yet allowed again. */
  #received = 0
  /** Of it, what was taken. */
  #taken = 0
  #takesAtOnce = true
  /** What the windows or the network hold back. */
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  /** Without any, the last data ends the answer. */
  #trailers: Buffer | undefined
  #isEnding = false
  #clientEnded = false
  #wasFull = false
  /** Whether data follows the headers of the request. */
  hasBody = false
  isClosed = false

  constructor(
    connection: ServerConnection,
    id: number,
    { streamWindow, waitingBytes }: Pick<ConnectionLimits, 'streamWindow' | 'waitingBytes'>,
  ) {
    this.#connection = connection
    this.id = id
    this.#window = streamWindow
    this.#fullBytes = waitingBytes
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

  /** An answer that is all there, without trailers. */
  answerWhole(headers: Buffer, body: Uint8Array): void {
    if (this.isClosed) return
    const fits = body.length <= Math.min(this.sendWindow, this.#connection.sendWindow, maxFrameBytes)
    if (!fits) {
      this.sendHeaders(headers)
      this.write(body)
      this.end()
      return
    }
    this.sendWindow -= body.length
    this.#connection.sendWindow -= body.length
    const bytes = Buffer.allocUnsafe(2 * frameHeaderBytes + headers.length + body.length)
    writeFrameHeader(bytes, 0, headers.length, FrameType.headers, Flag.endHeaders, this.id)
    bytes.set(headers, frameHeaderBytes)
    const at = frameHeaderBytes + headers.length
    writeFrameHeader(bytes, at, body.length, FrameType.data, Flag.endStream, this.id)
    bytes.set(body, at + frameHeaderBytes)
    this.#connection.send(bytes)
    this.#finish()
  }

  sendHeaders(block: Buffer): void {
    if (!this.isClosed) this.#connection.send(frame(FrameType.headers, Flag.endHeaders, this.id, block))
  }

  /** The bytes must not change afterwards. */
  write(bytes: Uint8Array): void {
    if (this.isClosed || this.#isEnding) return
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    if (this.#waiting.length === 1 && !this.resume()) this.#connection.hold(this)
  }

  /** Sends no more than what waits, then the trailers. */
  end(trailers?: Buffer): void {
    if (this.isClosed || this.#isEnding) return
    this.#isEnding = true
    this.#trailers = trailers
    if (this.#waiting.length === 0) this.#sendEnd()
  }

  /** Whether a sender should wait for `drained`. */
  get isFull(): boolean {
    this.#wasFull ||= this.#waitingBytes > this.#fullBytes
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
    if (this.#isEnding) this.#sendEnd()
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

  /** From now on the client may send more only as `taken` says. */
  takeLater(): void {
    this.#takesAtOnce = false
  }

  /** So much of what arrived needs no room any more. */
  taken(bytes: number): void {
    this.#taken += bytes
    if (this.#taken <= this.#window / 2 || this.#clientEnded || this.isClosed) return
    this.#connection.send(numberFrame(FrameType.windowUpdate, this.id, this.#taken))
    this.#received -= this.#taken
    this.#taken = 0
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
    if (!ends) this.taken(this.#takesAtOnce ? frameBytes : frameBytes - chunk.length)
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

  #sendEnd(): void {
    const block = this.#trailers
    this.#connection.send(
      block === undefined
        ? frame(FrameType.data, Flag.endStream, this.id, noBytes)
        : frame(FrameType.headers, Flag.endHeaders | Flag.endStream, this.id, block),
    )
    this.#finish()
  }

  #finish(): void {
    // Who has its answer need not send the rest of its request (RFC 9113, section 8.1).
    if (!this.#clientEnded) this.#connection.send(numberFrame(FrameType.rstStream, this.id, ErrorCode.none))
    this.abandoned()
  }
}
