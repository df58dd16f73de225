/**
 * A request and its answer on an HTTP/2 stream. Node's own pair of objects (`Http2ServerRequest`, `Http2ServerResponse`)
 * costs as much as the rest of a small answer and does not tell who writes that the client has gone; it is made for those
 * alone to whom an exchange is handed over.
 */
import {
  constants,
  Http2ServerRequest,
  Http2ServerResponse,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2'
import type { ConnectionAccess } from '../chain/server-request.ts'

/** What answers are written to: Node's HTTP/1.1 response, or a stream. */
export interface ResponseTarget {
  readonly destroyed: boolean
  readonly writableEnded: boolean
  writeHead(status: number, headers: Readonly<Record<string, string | readonly string[] | number>>): void
  /** Whether there is room for more; if not, `drain` follows, or `close`. */
  write(bytes: Uint8Array): boolean
  end(bytes?: Uint8Array): void
  destroy(): void
  /** Sends the head before there is a body. */
  flushHeaders(): void
  on(event: 'close' | 'error' | 'drain', listener: () => void): unknown
  off(event: 'close' | 'error' | 'drain', listener: () => void): unknown
}

export class StreamResponse implements ResponseTarget {
  readonly #stream: ServerHttp2Stream

  constructor(stream: ServerHttp2Stream) {
    this.#stream = stream
  }

  get destroyed(): boolean {
    return this.#stream.destroyed || this.#stream.closed
  }

  get writableEnded(): boolean {
    return this.#stream.writableEnded
  }

  writeHead(status: number, headers: Readonly<Record<string, string | readonly string[] | number>>): void {
    if (!this.destroyed) this.#stream.respond({ ':status': status, ...(headers as Record<string, string>) })
  }

  write(bytes: Uint8Array): boolean {
    return this.#stream.write(bytes)
  }

  end(bytes?: Uint8Array): void {
    // The answer to a HEAD has ended with its head.
    if (this.destroyed || this.writableEnded) return
    if (bytes) this.#stream.end(bytes)
    else this.#stream.end()
  }

  destroy(): void {
    this.#stream.destroy()
  }

  /** A stream sends its head at once. */
  flushHeaders(): void {}

  on(event: 'close' | 'error' | 'drain', listener: () => void): void {
    this.#stream.on(event, listener)
  }

  off(event: 'close' | 'error' | 'drain', listener: () => void): void {
    this.#stream.off(event, listener)
  }
}

/** Makes Node's pair for whoever takes the exchange over. */
export class StreamAccess implements ConnectionAccess {
  readonly #stream: ServerHttp2Stream
  readonly #headers: IncomingHttpHeaders
  readonly #rawHeaders: readonly string[]
  #exchange: { request: Http2ServerRequest; response: Http2ServerResponse } | undefined

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, rawHeaders: readonly string[]) {
    this.#stream = stream
    this.#headers = headers
    this.#rawHeaders = rawHeaders
  }

  get exchange(): { request: Http2ServerRequest; response: Http2ServerResponse } {
    this.#exchange ??= {
      request: new Http2ServerRequest(this.#stream, this.#headers, {}, this.#rawHeaders),
      response: new Http2ServerResponse(this.#stream),
    }
    return this.#exchange
  }

  get request(): Http2ServerRequest {
    return this.exchange.request
  }
}

/** What is rare enough to be left to Node's pair from the start: CONNECT, and expectations of an answer before the body. */
export const isUnusual = (headers: IncomingHttpHeaders): boolean =>
  headers[constants.HTTP2_HEADER_METHOD] === 'CONNECT' || headers.expect !== undefined
