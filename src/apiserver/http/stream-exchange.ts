/** A request and its answer on an HTTP/2 stream. */
import type { Socket } from 'node:net'
import { ErrorCode } from '../../base/http2/frames.ts'
import { encodeHeaders } from '../../base/http2/hpack-encoder.ts'
import type { ServerStream, StreamListener } from '../../base/http2/server-stream.ts'
import type { ConnectionAccess } from '../chain/server-request.ts'
import { ClientPresence } from './client-presence.ts'
import { bodyCutOff, bodyTooLarge, bodyTooSlow, joined, maxBodyBytes, type ReadBody } from './request-body.ts'
import type { RequestHead } from './request-head.ts'
import { type BodyTaker, type PairedExchange, StreamPair } from './stream-pair.ts'

interface BodyWaiter {
  readonly resolve: (bytes: Buffer) => void
  readonly reject: (error: Error) => void
  readonly timer: NodeJS.Timeout
}

const continueBlock = encodeHeaders(100, {})
type TargetEvent = 'close' | 'error' | 'drain'

export class StreamExchange implements StreamListener, PairedExchange, ConnectionAccess {
  readonly method: string
  readonly url: string
  readonly headers: RequestHead['headers']
  readonly socket: Socket
  readonly client = new ClientPresence()
  readonly #stream: ServerStream
  /** What came of the body and nobody has taken. Bounded by the stream's window, and by `maxBodyBytes` once it is read. */
  #chunks: Buffer[] = []
  /** Of what came, and of the whole body; NaN where the request does not say. */
  #length = 0
  readonly #declaredLength: number
  #bodyEnded = false
  #waiter: BodyWaiter | undefined
  #taker: BodyTaker | undefined
  #takerIsFull = false
  /** The head of the answer, until something else goes out. */
  #head: Buffer | undefined
  #listeners: { readonly event: TargetEvent; readonly listener: () => void }[] = []
  #pair: StreamPair | undefined
  writableEnded = false

  constructor(stream: ServerStream, socket: Socket, { method, url, headers }: RequestHead) {
    this.#stream = stream
    this.socket = socket
    this.method = method
    this.url = url
    this.headers = headers
    this.#declaredLength = Number(headers['content-length'] ?? Number.NaN)
    stream.listener = this
    stream.takeLater()
    if (headers.expect?.toLowerCase() === '100-continue' && stream.hasBody) stream.sendHeaders(continueBlock)
  }

  get destroyed(): boolean {
    return this.#stream.isClosed
  }

  get hasBody(): boolean {
    return this.#stream.hasBody
  }

  /** As Node's streams, for who passes the request on. */
  get exchange(): StreamPair {
    this.#pair ??= new StreamPair(this)
    return this.#pair
  }

  get request(): StreamPair['request'] {
    return this.exchange.request
  }

  readonly readBody: ReadBody = timeoutMs => {
    if (this.#length > maxBodyBytes) return Promise.reject(bodyTooLarge())
    if (this.#bodyEnded) return Promise.resolve(this.#wholeBody())
    if (this.destroyed) return Promise.reject(bodyCutOff())
    this.#stream.taken(this.#length)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#settle(waiter => waiter.reject(bodyTooSlow())), timeoutMs)
      this.#waiter = { resolve, reject, timer }
    })
  }

  /** Instead of `readBody`: gives the body to somebody, now and whenever it has stopped taking. */
  wantBody(taker: BodyTaker): void {
    this.#taker = taker
    this.#takerIsFull = false
    for (const chunk of this.#chunks.splice(0)) this.#give(taker, chunk)
    if (this.#bodyEnded && !this.#takerIsFull) taker.bodyEnded()
  }

  #give(taker: BodyTaker, chunk: Buffer): void {
    if (this.#takerIsFull) {
      this.#chunks.push(chunk)
      return
    }
    this.#stream.taken(chunk.length)
    this.#takerIsFull = !taker.takeBody(chunk)
  }

  data(chunk: Buffer): void {
    this.#length += chunk.length
    if (this.#taker) {
      this.#give(this.#taker, chunk)
      return
    }
    if (this.#length > maxBodyBytes) {
      this.#chunks = []
      this.#settle(waiter => waiter.reject(bodyTooLarge()))
      return
    }
    this.#chunks.push(chunk)
    if (this.#waiter) this.#stream.taken(chunk.length)
  }

  ended(): void {
    // RFC 9113, section 8.1.1.
    if (this.#length !== this.#declaredLength && !Number.isNaN(this.#declaredLength)) {
      this.#stream.reset(ErrorCode.protocol)
      return
    }
    this.#bodyEnded = true
    this.#settle(waiter => waiter.resolve(this.#wholeBody()))
    if (this.#taker && !this.#takerIsFull) this.#taker.bodyEnded()
  }

  drained(): void {
    this.#emit('drain')
  }

  closed(): void {
    if (!this.writableEnded) this.client.leave()
    this.#settle(waiter => waiter.reject(bodyCutOff()))
    this.#chunks = []
    this.#emit('close')
    this.#listeners = []
  }

  #wholeBody(): Buffer {
    const bytes = joined(this.#chunks, this.#length)
    this.#chunks = []
    return bytes
  }

  #settle(how: (waiter: BodyWaiter) => void): void {
    const waiter = this.#waiter
    if (!waiter) return
    this.#waiter = undefined
    clearTimeout(waiter.timer)
    how(waiter)
  }

  writeHead(status: number, headers: Readonly<Record<string, string | readonly string[] | number>>): void {
    this.#head = encodeHeaders(status, headers.date === undefined ? { ...headers, date: dateNow() } : headers)
  }

  flushHeaders(): void {
    if (!this.#head) return
    this.#stream.sendHeaders(this.#head)
    this.#head = undefined
  }

  write(bytes: Uint8Array): boolean {
    this.flushHeaders()
    this.#stream.write(bytes)
    return !this.#stream.isFull
  }

  end(bytes?: Uint8Array): void {
    if (this.destroyed || this.writableEnded) return
    this.writableEnded = true
    const head = this.#head
    this.#head = undefined
    if (head && (!bytes || this.method === 'HEAD')) this.#stream.answerWithHeaders(head)
    else if (head && bytes) this.#stream.answer(head, bytes)
    else {
      if (bytes) this.#stream.write(bytes)
      this.#stream.end()
    }
  }

  destroy(): void {
    this.#stream.reset(ErrorCode.internal)
  }

  on(event: TargetEvent, listener: () => void): void {
    this.#listeners.push({ event, listener })
  }

  off(event: TargetEvent, listener: () => void): void {
    this.#listeners = this.#listeners.filter(one => one.event !== event || one.listener !== listener)
  }

  #emit(event: TargetEvent): void {
    for (const one of this.#listeners) if (one.event === event) one.listener()
  }
}

let shownSecond = Number.NaN
let shownDate = ''

/** As HTTP has it, in whole seconds. */
function dateNow(): string {
  const now = Date.now()
  const second = Math.floor(now / 1000)
  if (second !== shownSecond) {
    shownSecond = second
    shownDate = new Date(now).toUTCString()
  }
  return shownDate
}
