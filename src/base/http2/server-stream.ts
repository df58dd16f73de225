/** One request and its answer. */
import type { ConnectionLimits, ServerConnection } from './connection.ts'
import {
  ErrorCode,
  Flag,
  FrameType,
  frame,
  frameHeaderBytes,
  headersFrame,
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

/** Answers with trailers go into one buffer with them up to so many bytes, those without up to a frame. */
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

  /** An answer that is all there. `headers` and `trailers` are whole header blocks. */
  answer(headers: Buffer, body: Uint8Array, trailers?: Buffer): void {
    if (this.isClosed) return
    const most = trailers === undefined ? maxFrameBytes : wholeAnswerBytes
    const fits = body.length <= Math.min(this.sendWindow, this.#connection.sendWindow, most)
    if (!fits || headers.length > maxFrameBytes || (trailers?.length ?? 0) > maxFrameBytes) {
      this.sendHeaders(headers)
      this.write(body)
      this.end(trailers)
      return
    }
    this.sendWindow -= body.length
    this.#connection.sendWindow -= body.length
    const frames = trailers === undefined ? 2 : 3
    const payload = headers.length + body.length + (trailers?.length ?? 0)
    const bytes = Buffer.allocUnsafe(frames * frameHeaderBytes + payload)
    let at = 0
    const add = (type: number, flags: number, part: Uint8Array) => {
      writeFrameHeader(bytes, at, part.length, type, flags, this.id)
      bytes.set(part, at + frameHeaderBytes)
      at += frameHeaderBytes + part.length
    }
    add(FrameType.headers, Flag.endHeaders, headers)
    add(FrameType.data, trailers === undefined ? Flag.endStream : 0, body)
    if (trailers) add(FrameType.headers, Flag.endHeaders | Flag.endStream, trailers)
    this.#connection.send(bytes)
    this.#finish()
  }

  sendHeaders(block: Buffer): void {
    if (!this.isClosed) this.#connection.send(headersFrame(0, this.id, block))
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
    this.#connection.send(headersFrame(Flag.endStream, this.id, block))
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
        : headersFrame(Flag.endStream, this.id, block),
    )
    this.#finish()
  }

  #finish(): void {
    // Who has its answer need not send the rest of its request (RFC 9113, section 8.1).
    if (!this.#clientEnded) this.#connection.send(numberFrame(FrameType.rstStream, this.id, ErrorCode.none))
    this.abandoned()
  }
}
