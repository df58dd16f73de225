/** A request on an HTTP/2 stream and its answer as Node's streams, with back-pressure both ways, for who passes them on. */
import type { IncomingHttpHeaders } from 'node:http'
import { Readable, Writable } from 'node:stream'
import type { ResponseTarget } from './response-target.ts'

/** Takes the body of a request as it comes. */
export interface BodyTaker {
  /** Whether it takes more; if not, it asks for it by `wantBody`. */
  takeBody(chunk: Buffer): boolean
  bodyEnded(): void
}

/** What the pair is made of. */
export interface PairedExchange extends ResponseTarget {
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly hasBody: boolean
  /** Gives the body to somebody, now and whenever it has stopped taking. */
  wantBody(taker: BodyTaker): void
}

export class StreamPair {
  readonly request: StreamRequest
  readonly response: StreamAnswer

  constructor(exchange: PairedExchange) {
    this.request = new StreamRequest(exchange)
    this.response = new StreamAnswer(exchange)
  }
}

class StreamRequest extends Readable implements BodyTaker {
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly hasBody: boolean
  readonly #exchange: PairedExchange

  constructor(exchange: PairedExchange) {
    super()
    this.#exchange = exchange
    this.url = exchange.url
    this.headers = exchange.headers
    this.hasBody = exchange.hasBody
    exchange.on('close', () => {
      if (!this.readableEnded) this.destroy()
    })
  }

  takeBody(chunk: Buffer): boolean {
    return this.push(chunk)
  }

  bodyEnded(): void {
    this.push(null)
  }

  override _read(): void {
    this.#exchange.wantBody(this)
  }
}

class StreamAnswer extends Writable {
  readonly #exchange: PairedExchange
  #hasHead = false
  #drained: (() => void) | undefined

  constructor(exchange: PairedExchange) {
    super()
    this.#exchange = exchange
    exchange.on('drain', () => this.#goOn())
    exchange.on('close', () => this.destroy())
  }

  writeHead(status: number, headers: Readonly<Record<string, string | string[]>>): void {
    this.#hasHead = true
    this.#exchange.writeHead(status, headers)
  }

  flushHeaders(): void {
    this.#exchange.flushHeaders()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (!this.#hasHead) this.writeHead(200, {})
    // Who writes may use its buffer again.
    if (this.#exchange.write(Buffer.from(chunk))) done()
    else this.#drained = done
  }

  override _final(done: () => void): void {
    if (!this.#hasHead) this.writeHead(200, {})
    this.#exchange.end()
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.#exchange.writableEnded) this.#exchange.destroy()
    this.#goOn()
    done(error)
  }

  #goOn(): void {
    const done = this.#drained
    this.#drained = undefined
    done?.()
  }
}
