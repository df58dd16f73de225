/**
 * The client side of a SPDY/3.1 session over an upgraded connection. Peers written for Kubernetes use no flow control
 * windows, so neither does this; back-pressure is that of the connection below.
 */
import type { Duplex } from 'node:stream'
import { controlFrame, dataFrame, FrameReader, flagFin, frameTypes, headerBlock, uint32 } from './frames.ts'
import { HeaderCompressor } from './header-compressor.ts'

export interface SpdyStreamHandler {
  data(data: Buffer): void
  /** The peer sends no more on this stream. */
  end(): void
}

export interface SpdyStream {
  /** Resolves when more may be written. */
  write(data: Uint8Array): Promise<void>
  /** Closes our half. */
  end(): void
}

/** One frame carries at most so much, so that streams take turns. */
const maxDataBytes = 32 * 1024

export class SpdyClientSession {
  readonly closed: Promise<void>
  readonly #connection: Duplex
  readonly #streams = new Map<number, SpdyStreamHandler>()
  readonly #compressor = new HeaderCompressor()
  readonly #reader = new FrameReader()
  #nextStreamId = 1

  constructor(connection: Duplex, head: Buffer) {
    this.#connection = connection
    const closed = Promise.withResolvers<void>()
    this.closed = closed.promise
    if (connection.destroyed) closed.resolve()
    connection.on('data', (chunk: Buffer) => this.#receive(chunk))
    connection.on('error', () => connection.destroy())
    connection.on('close', () => {
      for (const handler of this.#streams.values()) handler.end()
      this.#streams.clear()
      closed.resolve()
    })
    connection.on('end', () => connection.end())
    if (head.length > 0) this.#receive(head)
  }

  /** Opens a stream. On a closed connection it is at its end at once. */
  open(headers: Readonly<Record<string, string>>, handler: SpdyStreamHandler): SpdyStream {
    const streamId = this.#nextStreamId
    this.#nextStreamId += 2
    if (this.#connection.destroyed) {
      handler.end()
      return { write: async () => {}, end: () => {} }
    }
    this.#streams.set(streamId, handler)
    const compressed = this.#compressor.compress(headerBlock(headers))
    const payload = Buffer.concat([uint32(streamId), uint32(0), Buffer.alloc(2), compressed])
    this.#connection.write(controlFrame(frameTypes.synStream, 0, payload))
    return {
      write: data => this.#write(streamId, data),
      end: () => {
        if (this.#connection.writable) this.#connection.write(dataFrame(streamId, Buffer.alloc(0), true))
      },
    }
  }

  close(): void {
    this.#connection.end()
    this.#connection.destroy()
  }

  closeOn(signal: AbortSignal): void {
    if (signal.aborted) this.close()
    else signal.addEventListener('abort', () => this.close(), { once: true })
  }

  pause(): void {
    this.#connection.pause()
  }

  resume(): void {
    this.#connection.resume()
  }

  async #write(streamId: number, data: Uint8Array): Promise<void> {
    for (let i = 0; i < data.length; i += maxDataBytes) {
      if (!this.#connection.writable) return
      const more = this.#connection.write(dataFrame(streamId, data.subarray(i, i + maxDataBytes), false))
      if (!more) await new Promise<void>(resolve => this.#onceWritable(resolve))
    }
  }

  #onceWritable(resolve: () => void): void {
    const done = () => {
      this.#connection.off('drain', done)
      this.#connection.off('close', done)
      resolve()
    }
    this.#connection.on('drain', done)
    this.#connection.on('close', done)
  }

  #receive(chunk: Buffer): void {
    try {
      for (const frame of this.#reader.push(chunk)) {
        if (frame.kind === 'data') {
          const handler = this.#streams.get(frame.streamId)
          if (frame.data.length > 0) handler?.data(frame.data)
          if (frame.fin) this.#finish(frame.streamId)
        } else {
          this.#control(frame.type, frame.flags, frame.payload)
        }
      }
    } catch {
      this.#connection.destroy()
    }
  }

  #control(type: number, flags: number, payload: Buffer): void {
    switch (type) {
      case frameTypes.ping:
        this.#connection.write(controlFrame(frameTypes.ping, 0, payload))
        break
      case frameTypes.rstStream:
        this.#finish(payload.readUInt32BE(0) & 0x7fffffff)
        break
      case frameTypes.synReply:
      case frameTypes.headers:
        if ((flags & flagFin) !== 0) this.#finish(payload.readUInt32BE(0) & 0x7fffffff)
        break
      case frameTypes.goAway:
        this.#connection.end()
        break
    }
  }

  #finish(streamId: number): void {
    const handler = this.#streams.get(streamId)
    this.#streams.delete(streamId)
    handler?.end()
  }
}
