/**
 * gRPC as a client directly on HTTP/2 (half the cost of a full gRPC library): unary calls and streams over a unix socket,
 * TCP or TLS. The connection is made on the first call and made anew after it was lost; calls under way then fail
 * with UNAVAILABLE. https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2'
import { connect as connectSocket, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { GrpcCode, GrpcError } from './grpc-error.ts'
import { frameOf, MessageReader } from './message-reader.ts'

/** PEM. Without `ca` the system's authorities count. */
export interface ClientTls {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

/** `tls: true` asks for no known certificate, as the kubelet's probes do. */
export type GrpcTarget =
  | { readonly socketPath: string }
  | { readonly host: string; readonly port: number; readonly tls?: boolean | ClientTls }

export interface ChannelOptions {
  /** A longer message is refused. */
  readonly maxMessageBytes?: number
  /** The connection is given up when the other end answers no ping for so long, asked as often, or does not come about. */
  readonly keepAliveMs?: number
}

export interface CallOptions {
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  readonly metadata?: Readonly<Record<string, string>>
}

/** Both ends send; the call is over when `done` settles. */
export interface DuplexCall {
  send(message: Uint8Array): void
  /** Sends nothing more. */
  end(): void
  /** Gives the call up. */
  cancel(): void
  /** Rejects with a GrpcError. */
  readonly done: Promise<void>
}

/** As 16 MiB of exec output and their framing still fit. */
const defaultMaxMessageBytes = 64 << 20
const windowBytes = 4 << 20
/** Where keepAliveMs is given: a machine that is gone without a word does not answer. */
const connectTimeoutMs = 5_000

const codeOfHttpStatus = (status: number): number =>
  status === 404 ? GrpcCode.unimplemented : status === 429 || status >= 502 ? GrpcCode.unavailable : GrpcCode.unknown

export class GrpcChannel {
  readonly #target: GrpcTarget
  readonly #options: ChannelOptions
  #session: ClientHttp2Session | undefined
  #closed = false

  constructor(target: GrpcTarget, options: ChannelOptions = {}) {
    this.#target = target
    this.#options = options
  }

  /** One request, one response. Throws GrpcError. */
  async unary(path: string, request: Uint8Array, options: CallOptions = {}): Promise<Uint8Array> {
    let response: Uint8Array | undefined
    await this.stream(
      path,
      request,
      message => {
        response = message
      },
      options,
    )
    if (response === undefined) throw new GrpcError(13, `${path} answered without a message`)
    return response
  }

  /** One request, many responses; resolves when the server ends the stream. Throws GrpcError. */
  stream(
    path: string,
    request: Uint8Array,
    onMessage: (message: Uint8Array) => void,
    options: CallOptions = {},
  ): Promise<void> {
    const call = this.duplex(path, onMessage, options, request)
    call.end()
    return call.done
  }

  close(): void {
    this.#closed = true
    this.#session?.destroy()
    this.#session = undefined
  }

  /** Gives the connection up, with its calls, unless the other end answers a ping in time. */
  verify(timeoutMs: number): void {
    const session = this.#session
    if (!session || session.destroyed) return
    const timer = setTimeout(() => session.destroy(), timeoutMs).unref()
    // A session lives for days and is looked at over and over: nothing of it may stay.
    const isWell = () => {
      clearTimeout(timer)
      session.off('close', isWell)
      session.off('connect', isWell)
    }
    session.once('close', isWell)
    if (session.connecting) session.once('connect', isWell)
    else session.ping(isWell)
  }

  #connect(): ClientHttp2Session {
    if (this.#closed) throw new GrpcError(GrpcCode.unavailable, 'the channel is closed')
    const known = this.#session
    if (known && !known.destroyed && !known.closed) return known
    const session = connect('http://localhost', {
      createConnection: () => openSocket(this.#target),
      settings: { initialWindowSize: windowBytes, enablePush: false },
    })
    this.#session = session
    session.on('error', () => {})
    session.on('connect', () => {
      if (!session.destroyed) session.setLocalWindowSize(windowBytes)
    })
    const forget = () => {
      if (this.#session === session) this.#session = undefined
    }
    session.on('goaway', forget)
    session.on('close', forget)
    session.on('error', forget)
    session.unref()
    if (this.#options.keepAliveMs !== undefined) {
      keepAlive(session, this.#options.keepAliveMs)
      this.verify(connectTimeoutMs)
    }
    return session
  }

  /** With `first`, that message is sent at once. */
  duplex(
    path: string,
    onMessage: (message: Uint8Array) => void,
    options: CallOptions = {},
    first?: Uint8Array,
  ): DuplexCall {
    const { timeoutMs, signal } = options
    try {
      if (signal?.aborted) throw new GrpcError(GrpcCode.cancelled, 'context canceled')
      const session = this.#connect()
      const stream = session.request({
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc',
        te: 'trailers',
        ...(timeoutMs === undefined ? {} : { 'grpc-timeout': `${Math.min(99_999_999, Math.ceil(timeoutMs))}m` }),
        ...options.metadata,
      })
      const reader = new MessageReader(this.#options.maxMessageBytes ?? defaultMaxMessageBytes)
      const call = new ClientCall(session, stream, reader, onMessage, options)
      if (first !== undefined) call.send(first)
      return call
    } catch (error) {
      const done = Promise.reject(error)
      done.catch(() => {})
      return { send() {}, end() {}, cancel() {}, done }
    }
  }
}

function openSocket(target: GrpcTarget): Socket {
  if ('socketPath' in target) return connectSocket(target.socketPath)
  const { host, port, tls } = target
  if (tls === undefined || tls === false) return connectSocket(port, host)
  const trust = tls === true ? { rejectUnauthorized: false } : tls
  const name = isIP(host) === 0 ? { servername: host } : {}
  return connectTls({ host, port, ALPNProtocols: ['h2'], ...name, ...trust })
}

/** A peer that is gone without a word is noticed. */
function keepAlive(session: ClientHttp2Session, everyMs: number): void {
  let answered = true
  const timer = setInterval(() => {
    if (session.connecting || session.destroyed) return
    if (!answered) {
      session.destroy()
      return
    }
    answered = false
    session.ping(() => {
      answered = true
    })
  }, everyMs)
  timer.unref()
  session.on('close', () => clearInterval(timer))
}

type Headers = Record<string, string | string[] | undefined | number>

class ClientCall implements DuplexCall {
  readonly done: Promise<void>
  readonly #session: ClientHttp2Session
  readonly #stream: ClientHttp2Stream
  readonly #settle: { resolve(): void; reject(error: Error): void }
  readonly #stop: () => void
  #isDone = false
  #trailers: Headers | undefined
  #transportFailure = ''

  constructor(
    session: ClientHttp2Session,
    stream: ClientHttp2Stream,
    reader: MessageReader,
    onMessage: (message: Uint8Array) => void,
    { signal, timeoutMs }: CallOptions,
  ) {
    this.#session = session
    this.#stream = stream
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.done = promise
    promise.catch(() => {})
    this.#settle = { resolve, reject }
    // The server is given the deadline too; this one covers a server that hangs.
    const late = () => this.#finish(new GrpcError(GrpcCode.deadlineExceeded, 'context deadline exceeded'))
    const timer = timeoutMs === undefined ? undefined : setTimeout(late, timeoutMs)
    const onAbort = () => this.cancel()
    signal?.addEventListener('abort', onAbort, { once: true })
    this.#stop = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    }
    this.#listen(reader, onMessage)
  }

  send(message: Uint8Array): void {
    if (!this.#isDone) this.#stream.write(frameOf(message))
  }

  end(): void {
    if (!this.#isDone) this.#stream.end()
  }

  cancel(): void {
    this.#finish(new GrpcError(GrpcCode.cancelled, 'context canceled'))
  }

  #listen(reader: MessageReader, onMessage: (message: Uint8Array) => void): void {
    const stream = this.#stream
    stream.on('response', headers => {
      const status = headers[':status'] ?? 0
      if (status !== 200) this.#finish(new GrpcError(codeOfHttpStatus(status), `unexpected HTTP status ${status}`))
      else if (headers['grpc-status'] !== undefined && headers['grpc-status'] !== '0') this.#readStatus(headers)
    })
    stream.on('data', (chunk: Buffer) => {
      if (this.#isDone) return
      try {
        for (const message of reader.push(chunk)) onMessage(message)
      } catch (error) {
        this.#finish(error instanceof GrpcError ? error : new GrpcError(GrpcCode.internal, (error as Error).message))
      }
    })
    stream.on('trailers', headers => {
      this.#trailers = headers as Headers
    })
    stream.on('end', () => {
      if (this.#trailers) this.#readStatus(this.#trailers)
    })
    stream.on('error', error => {
      this.#transportFailure = error.message
    })
    stream.on('close', () => {
      if (this.#trailers) this.#readStatus(this.#trailers)
      const refused = stream.rstCode === constants.NGHTTP2_REFUSED_STREAM
      const why = this.#transportFailure || 'the connection was lost'
      // A session that never connected stays in that state; any other may have sent what was given to it.
      this.#finish(new GrpcError(GrpcCode.unavailable, why, this.#session.connecting || refused))
    })
  }

  #readStatus(headers: Headers): void {
    if (headers['grpc-status'] === undefined) return
    const code = Number(headers['grpc-status'])
    const details = String(headers['grpc-message'] ?? '')
    this.#finish(code === 0 ? undefined : new GrpcError(code, decodeDetails(details)))
  }

  #finish(error?: GrpcError): void {
    if (this.#isDone) return
    this.#isDone = true
    this.#stop()
    if (error === undefined) {
      this.#settle.resolve()
      return
    }
    if (!this.#stream.destroyed && !this.#session.destroyed) this.#stream.close(constants.NGHTTP2_CANCEL)
    this.#settle.reject(error)
  }
}

/** grpc-message is percent-encoded; a broken encoding is shown as it came. */
function decodeDetails(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
