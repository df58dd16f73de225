/**
 * The server's end of an HTTP/2 connection: requests come whole in headers, answers are headers, data and, for gRPC,
 * trailers. Frames that leave in one turn of the event loop leave in one write. RFC 9113.
 */
import type { Socket } from 'node:net'
import {
  defaultWindow,
  ErrorCode,
  Flag,
  FrameType,
  frame,
  frameHeaderBytes,
  goawayFrame,
  maxFrameBytes,
  maxWindow,
  numberFrame,
  preface,
  SettingId,
  settingsFrame,
} from './frames.ts'
import { type Header, HpackDecoder } from './hpack-decoder.ts'
import { ServerStream } from './server-stream.ts'

export interface ConnectionLimits {
  readonly maxStreams: number
  /** Bytes that may arrive on a stream, and on the connection, before they are taken. */
  readonly streamWindow: number
  readonly connectionWindow: number
  /** Of a stream's data that waits for the client's window or the network; then its sender is told to stop. */
  readonly waitingBytes: number
  /** Of one request, its continuation frames included. */
  readonly headerBytes: number
  /** PING and SETTINGS cost us answers: a connection may send so many of them in a second. */
  readonly controlFramesPerSecond: number
}

/** Called when the headers of a request are there, in the order in which they came. */
export type RequestHandler = (stream: ServerStream, headers: readonly Header[]) => void

/** Output that waits: above the first one data stays with its stream, above the second one nothing more is read. */
const congestedBytes = 1 << 20
const maxOutputBytes = 16 << 20
/** The client says who it is within so long. */
const prefaceTimeoutMs = 10_000
/** How long a connection that is over may take to send what it has. */
const lingerMs = 1000
/** Streams that a client may give up at once, and a second: more is an attack (CVE-2023-44487). */
const resetBurst = 20_000
const resetsPerSecond = 2000
/**
 * Up to so many bytes frames are put into one buffer before they are written, where they are shorter than `joinedPiece` on
 * average: of longer ones, as of a watch's events, the copies cost more, and collecting them, than pieces do.
 */
const joinedBytes = 64 * 1024
const joinedPiece = 1024

const noBytes = Buffer.alloc(0)

class ConnectionError extends Error {
  readonly code: number
  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

export class ServerConnection {
  /** What may be sent now on any stream, and on a new one. */
  sendWindow = defaultWindow
  initialSendWindow = defaultWindow
  maxSentFrameBytes = maxFrameBytes
  readonly #socket: Socket
  readonly #limits: ConnectionLimits
  readonly #onRequest: RequestHandler
  readonly #streams = new Map<number, ServerStream>()
  readonly #hpack: HpackDecoder
  readonly #prefaceTimer: NodeJS.Timeout
  /** Streams with data that the windows hold back, the longest waiting first. */
  readonly #held = new Set<ServerStream>()
  #rest: Buffer = noBytes
  #hasPreface = false
  #lastStream = 0
  /** Data that was taken and not yet told the client, and what it may still send. */
  #taken = 0
  #receiveWindow: number
  #block: { readonly stream: number; readonly flags: number; parts: Buffer[]; bytes: number } | undefined
  #output: Uint8Array[] = []
  #outputBytes = 0
  #flushScheduled = false
  #resets = resetBurst
  #resetsAtMs = performance.now()
  #controlFrames = 0
  #controlFramesSinceMs = performance.now()
  #isDraining = false
  #isClosed = false

  constructor(socket: Socket, limits: ConnectionLimits, onRequest: RequestHandler) {
    this.#socket = socket
    this.#limits = limits
    this.#onRequest = onRequest
    this.#hpack = new HpackDecoder(limits.headerBytes)
    this.#receiveWindow = limits.connectionWindow
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.on('drain', () => {
      socket.resume()
      this.#release()
    })
    socket.on('error', () => {})
    socket.on('close', () => this.#closed())
    this.#prefaceTimer = setTimeout(() => this.close(), prefaceTimeoutMs)
    this.send(
      settingsFrame([
        [SettingId.maxConcurrentStreams, limits.maxStreams],
        [SettingId.initialWindowSize, limits.streamWindow],
        [SettingId.maxHeaderListSize, limits.headerBytes],
      ]),
    )
    this.send(numberFrame(FrameType.windowUpdate, 0, limits.connectionWindow - defaultWindow))
  }

  /** Takes no new requests; the connection ends when those under way are answered. */
  drain(): void {
    if (this.#isClosed || this.#isDraining) return
    this.#isDraining = true
    this.send(goawayFrame(this.#lastStream, ErrorCode.none, ''))
    if (this.#streams.size === 0) this.#end()
  }

  get streamCount(): number {
    return this.#streams.size
  }

  /** Something waits for the client's windows or the network. */
  get isHeldUp(): boolean {
    return this.#held.size > 0 || this.#outputBytes + this.#socket.writableLength > 0
  }

  /** Ends every call. */
  close(): void {
    if (this.#isClosed) return
    this.send(goawayFrame(this.#lastStream, ErrorCode.none, ''))
    this.#end()
  }

  /** The bytes must not change afterwards. */
  send(bytes: Uint8Array): void {
    if (this.#isClosed) return
    this.#output.push(bytes)
    this.#outputBytes += bytes.length
    if (this.#flushScheduled) return
    this.#flushScheduled = true
    // Behind the promises that are settled already: the answers of one batch leave together.
    process.nextTick(() => this.#flush())
  }

  /** Too much waits for the network already: streams keep what they have. */
  get isCongested(): boolean {
    return this.#outputBytes + this.#socket.writableLength > congestedBytes
  }

  hold(stream: ServerStream): void {
    this.#held.add(stream)
  }

  forget(stream: ServerStream): void {
    this.#streams.delete(stream.id)
    this.#held.delete(stream)
    if (this.#isDraining && this.#streams.size === 0 && !this.#isClosed) this.#end()
  }

  #flush(): void {
    this.#flushScheduled = false
    const output = this.#output
    const bytes = this.#outputBytes
    if (bytes === 0 || this.#socket.destroyed) return
    this.#output = []
    this.#outputBytes = 0
    if (output.length === 1) this.#socket.write(output[0]!)
    else if (bytes <= joinedBytes && bytes <= output.length * joinedPiece)
      this.#socket.write(Buffer.concat(output, bytes))
    else {
      this.#socket.cork()
      for (const one of output) this.#socket.write(one)
      this.#socket.uncork()
    }
    if (this.#socket.writableLength > maxOutputBytes) this.#socket.pause()
  }

  #receive(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    try {
      this.#rest = this.#readFrames(bytes)
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Returns what is not whole yet. */
  #readFrames(bytes: Buffer): Buffer {
    let at = 0
    if (!this.#hasPreface) {
      if (bytes.length < preface.length) return bytes
      if (!bytes.subarray(0, preface.length).equals(preface)) throw new ConnectionError(ErrorCode.protocol, 'no HTTP/2')
      this.#hasPreface = true
      clearTimeout(this.#prefaceTimer)
      at = preface.length
    }
    while (!this.#isClosed && bytes.length - at >= frameHeaderBytes) {
      const length = bytes.readUIntBE(at, 3)
      if (length > maxFrameBytes) throw new ConnectionError(ErrorCode.frameSize, 'a frame is too long')
      const end = at + frameHeaderBytes + length
      if (bytes.length < end) break
      const payload = bytes.subarray(at + frameHeaderBytes, end)
      this.#frame(bytes[at + 3]!, bytes[at + 4]!, bytes.readUInt32BE(at + 5) & 0x7fffffff, payload)
      at = end
    }
    // Nothing of what came must stay in memory for an empty rest.
    return at === bytes.length ? noBytes : bytes.subarray(at)
  }

  #frame(type: number, flags: number, id: number, payload: Buffer): void {
    if (this.#block !== undefined && (type !== FrameType.continuation || id !== this.#block.stream)) {
      throw new ConnectionError(ErrorCode.protocol, 'headers were not continued')
    }
    switch (type) {
      case FrameType.data:
        this.#data(flags, id, payload)
        break
      case FrameType.headers:
        this.#headers(flags, id, payload)
        break
      case FrameType.continuation:
        this.#continuation(flags, payload)
        break
      case FrameType.rstStream:
        this.#reset(id, payload)
        break
      case FrameType.settings:
        this.#countControl()
        this.#settings(flags, id, payload)
        break
      case FrameType.ping:
        this.#countControl()
        if (payload.length !== 8 || id !== 0) throw new ConnectionError(ErrorCode.frameSize, 'a ping has 8 bytes')
        if (!(flags & Flag.ack)) this.send(frame(FrameType.ping, Flag.ack, 0, payload))
        break
      case FrameType.windowUpdate:
        this.#windowUpdate(id, payload)
        break
      case FrameType.pushPromise:
        throw new ConnectionError(ErrorCode.protocol, 'clients push nothing')
      default:
      // Priorities, the client's farewell and unknown frames change nothing.
    }
  }

  #countControl(): void {
    const nowMs = performance.now()
    if (nowMs - this.#controlFramesSinceMs > 1000) {
      this.#controlFramesSinceMs = nowMs
      this.#controlFrames = 0
    }
    if (++this.#controlFrames > this.#limits.controlFramesPerSecond)
      throw new ConnectionError(ErrorCode.enhanceYourCalm, 'too many pings or settings')
  }

  #data(flags: number, id: number, payload: Buffer): void {
    this.#receiveWindow -= payload.length
    if (this.#receiveWindow < 0) throw new ConnectionError(ErrorCode.flowControl, 'more data than the window allows')
    this.#took(payload.length)
    const stream = this.#streams.get(id)
    if (stream === undefined) {
      if (id === 0 || id > this.#lastStream) throw new ConnectionError(ErrorCode.protocol, 'data of no stream')
      return
    }
    stream.received(unpadded(flags, payload), payload.length, (flags & Flag.endStream) !== 0)
  }

  /** Of all streams together; each stream minds its own. */
  #took(bytes: number): void {
    this.#taken += bytes
    if (this.#taken < this.#limits.connectionWindow / 2) return
    this.send(numberFrame(FrameType.windowUpdate, 0, this.#taken))
    this.#receiveWindow += this.#taken
    this.#taken = 0
  }

  #headers(flags: number, id: number, payload: Buffer): void {
    if (id % 2 === 0) throw new ConnectionError(ErrorCode.protocol, 'clients have odd streams')
    const skipped = flags & Flag.priority ? 5 : 0
    const part = unpadded(flags, payload).subarray(skipped)
    this.#block = { stream: id, flags, parts: [part], bytes: part.length }
    if (flags & Flag.endHeaders) this.#endHeaders()
  }

  #continuation(flags: number, payload: Buffer): void {
    const block = this.#block
    if (block === undefined) throw new ConnectionError(ErrorCode.protocol, 'nothing is to be continued')
    block.parts.push(payload)
    block.bytes += payload.length
    if (block.bytes > this.#limits.headerBytes || block.parts.length > 16) {
      throw new ConnectionError(ErrorCode.enhanceYourCalm, 'too many headers')
    }
    if (flags & Flag.endHeaders) this.#endHeaders()
  }

  #endHeaders(): void {
    const { stream: id, flags, parts } = this.#block!
    this.#block = undefined
    let headers: readonly Header[]
    try {
      headers = this.#hpack.decode(parts.length === 1 ? parts[0]! : Buffer.concat(parts))
    } catch (error) {
      throw new ConnectionError(ErrorCode.compression, (error as Error).message)
    }
    const ends = (flags & Flag.endStream) !== 0
    const known = this.#streams.get(id)
    if (known !== undefined) {
      // Trailers of a request say nothing to gRPC.
      if (ends) known.received(noBytes, 0, true)
      return
    }
    // The client has been told that such a request is not processed.
    if (id <= this.#lastStream || this.#isDraining) return
    this.#lastStream = id
    if (this.#streams.size >= this.#limits.maxStreams) {
      this.send(numberFrame(FrameType.rstStream, id, ErrorCode.refusedStream))
      return
    }
    const stream = new ServerStream(this, id, this.#limits)
    this.#streams.set(id, stream)
    stream.hasBody = !ends
    this.#onRequest(stream, headers)
    if (ends) stream.received(noBytes, 0, true)
  }

  #reset(id: number, payload: Buffer): void {
    if (payload.length !== 4) throw new ConnectionError(ErrorCode.frameSize, 'a reset has 4 bytes')
    if (id === 0 || id > this.#lastStream) throw new ConnectionError(ErrorCode.protocol, 'no such stream')
    const nowMs = performance.now()
    this.#resets = Math.min(resetBurst, this.#resets + ((nowMs - this.#resetsAtMs) / 1000) * resetsPerSecond) - 1
    this.#resetsAtMs = nowMs
    if (this.#resets < 0) throw new ConnectionError(ErrorCode.enhanceYourCalm, 'too many calls were given up')
    this.#streams.get(id)?.abandoned()
  }

  #settings(flags: number, id: number, payload: Buffer): void {
    if (id !== 0) throw new ConnectionError(ErrorCode.protocol, 'settings are of the connection')
    if (flags & Flag.ack) return
    if (payload.length % 6 !== 0) throw new ConnectionError(ErrorCode.frameSize, 'settings have 6 bytes each')
    for (let at = 0; at < payload.length; at += 6) {
      const value = payload.readUInt32BE(at + 2)
      const setting = payload.readUInt16BE(at)
      if (setting === SettingId.initialWindowSize) this.#setInitialWindow(value)
      else if (setting === SettingId.maxFrameSize) {
        if (value < maxFrameBytes || value > 2 ** 24 - 1) throw new ConnectionError(ErrorCode.protocol, 'no frame size')
        this.maxSentFrameBytes = Math.min(value, joinedBytes)
      }
    }
    this.send(frame(FrameType.settings, Flag.ack, 0, noBytes))
  }

  #setInitialWindow(value: number): void {
    if (value > maxWindow) throw new ConnectionError(ErrorCode.flowControl, 'no window is that large')
    const difference = value - this.initialSendWindow
    this.initialSendWindow = value
    for (const stream of this.#streams.values()) stream.sendWindow += difference
    this.#release()
  }

  #windowUpdate(id: number, payload: Buffer): void {
    if (payload.length !== 4) throw new ConnectionError(ErrorCode.frameSize, 'a window update has 4 bytes')
    const more = payload.readUInt32BE() & 0x7fffffff
    if (id === 0) {
      this.sendWindow += more
      if (more === 0 || this.sendWindow > maxWindow) throw new ConnectionError(ErrorCode.flowControl, 'no such window')
      this.#release()
      return
    }
    const stream = this.#streams.get(id)
    if (stream === undefined) return
    stream.sendWindow += more
    if (more === 0 || stream.sendWindow > maxWindow) stream.reset(ErrorCode.flowControl)
    else if (this.#held.has(stream) && stream.resume()) this.#held.delete(stream)
  }

  /** In turns, so that one long answer does not hold back all others. */
  #release(): void {
    for (const stream of [...this.#held]) {
      if (this.sendWindow <= 0 || this.isCongested) return
      this.#held.delete(stream)
      if (!stream.resume()) this.#held.add(stream)
    }
  }

  #fail(error: unknown): void {
    const code = error instanceof ConnectionError ? error.code : ErrorCode.internal
    if (this.#hasPreface) this.send(goawayFrame(this.#lastStream, code, (error as Error).message))
    this.#end()
  }

  /** What was sent still leaves, unless the client does not take it. */
  #end(): void {
    this.#flush()
    this.#socket.destroySoon()
    setTimeout(() => this.#socket.destroy(), lingerMs).unref()
    this.#closed()
  }

  #closed(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    clearTimeout(this.#prefaceTimer)
    this.#rest = noBytes
    for (const stream of [...this.#streams.values()]) stream.abandoned()
  }
}

function unpadded(flags: number, payload: Buffer): Buffer {
  if (!(flags & Flag.padded)) return payload
  const padding = payload[0] ?? 0
  if (padding + 1 > payload.length) throw new ConnectionError(ErrorCode.protocol, 'more padding than frame')
  return payload.subarray(1, payload.length - padding)
}
