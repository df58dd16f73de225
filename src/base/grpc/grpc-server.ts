/**
 * gRPC as a server directly on HTTP/2: unary calls and streams of either side, over plain TCP or TLS.
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { type ConnectionLimits, ServerConnection } from '../http2/connection.ts'
import { encodeHeaders, encodeTrailers } from '../http2/hpack-encoder.ts'
import type { ServerStream } from '../http2/server-stream.ts'
import { GrpcCode, GrpcError } from './grpc-error.ts'
import { MessageReader } from './message-reader.ts'

/** Answers with a framed message. */
export type UnaryHandler = (request: Buffer) => Promise<Uint8Array>
/** Called when a call begins; returns who hears of it. */
export type StreamHandler = (call: ServerCall) => CallListener

export interface CallListener {
  message(request: Buffer): void
  /** The client sends nothing more. */
  ended?(): void
  /** What was sent has left for the network, after `send` said that too much waits. */
  drained?(): void
  /** The call is over, whoever ended it. */
  closed?(): void
}

export type GrpcServerOptions = ({ readonly host: string; readonly port: number } | { readonly socketPath: string }) & {
  readonly unary: ReadonlyMap<string, UnaryHandler>
  readonly streams: ReadonlyMap<string, StreamHandler>
  readonly maxRequestBytes: number
  readonly tls?: Pick<TlsOptions, 'cert' | 'key' | 'ca'>
}

/** Bounds on what clients can make us hold. */
const maxConnections = 10_000
const handshakeTimeoutMs = 10_000
const limits: ConnectionLimits = {
  maxStreams: 10_000,
  streamWindow: 1 << 20,
  connectionWindow: 4 << 20,
  waitingBytes: 1 << 20,
  headerBytes: 32 * 1024,
  controlFramesPerSecond: 10_000,
}

const contentType = { 'content-type': 'application/grpc' }
const responseHeaders = encodeHeaders(200, contentType)
const okTrailers = encodeTrailers({ 'grpc-status': 0 })

const trailersOf = ({ code, details }: GrpcError) => ({
  'grpc-status': code,
  'grpc-message': encodeURIComponent(details).replaceAll('%20', ' '),
})

const grpcErrorOf = (error: unknown): GrpcError =>
  error instanceof GrpcError ? error : new GrpcError(GrpcCode.internal, (error as Error).message)

/** The server's end of a call. */
export class ServerCall {
  readonly #stream: ServerStream
  #waiting: (() => void)[] = []

  constructor(stream: ServerStream) {
    this.#stream = stream
    stream.sendHeaders(responseHeaders)
  }

  /** Sends a framed message. False: too much waits, send no more before `drained`. */
  send(frame: Uint8Array): boolean {
    this.#stream.write(frame)
    return !this.#stream.isFull
  }

  /** For a sender that can wait: resolves when more may be sent, at once where nothing waits. False: the call is over. */
  async sent(frame: Uint8Array): Promise<boolean> {
    if (!this.send(frame) && !this.#stream.isClosed) await new Promise<void>(resolve => this.#waiting.push(resolve))
    return !this.#stream.isClosed
  }

  end(error?: GrpcError): void {
    this.#stream.end(error === undefined ? okTrailers : encodeTrailers(trailersOf(error)))
  }

  /** Of the server: senders go on. */
  wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}

const refuse = (stream: ServerStream, error: GrpcError): void =>
  stream.answerWithHeaders(encodeHeaders(200, { ...contentType, ...trailersOf(error) }))

const nothing = () => {}

function serveUnary(stream: ServerStream, handler: UnaryHandler, maxBytes: number): void {
  const reader = new MessageReader(maxBytes)
  let called = false
  stream.listener = {
    data(chunk) {
      if (called) return
      try {
        const [message] = reader.push(chunk)
        if (message === undefined) return
        called = true
        handler(message).then(
          frame => stream.answer(responseHeaders, frame, okTrailers),
          error => refuse(stream, grpcErrorOf(error)),
        )
      } catch (error) {
        called = true
        refuse(stream, grpcErrorOf(error))
      }
    },
    ended() {
      if (!called) refuse(stream, new GrpcError(GrpcCode.internal, 'the request has no message'))
    },
    drained: nothing,
    closed: nothing,
  }
}

function serveStream(stream: ServerStream, handler: StreamHandler, maxBytes: number): void {
  const reader = new MessageReader(maxBytes)
  const call = new ServerCall(stream)
  const listener = handler(call)
  stream.listener = {
    data(chunk) {
      try {
        for (const message of reader.push(chunk)) listener.message(message)
      } catch (error) {
        call.end(grpcErrorOf(error))
      }
    },
    ended: () => listener.ended?.(),
    drained() {
      call.wake()
      listener.drained?.()
    },
    closed() {
      call.wake()
      listener.closed?.()
    },
  }
}

export class GrpcServer {
  readonly #server: Server
  readonly #options: GrpcServerOptions
  readonly #connections = new Set<ServerConnection>()

  constructor(options: GrpcServerOptions) {
    this.#options = options
    const { tls } = options
    // With an authority, only who has a certificate of it gets as far as a call.
    const client = tls?.ca === undefined ? {} : { requestCert: true, rejectUnauthorized: true }
    const admit = (socket: Socket) => this.#admit(socket)
    this.#server =
      tls === undefined
        ? createServer(admit)
        : createTlsServer({ ...tls, ...client, ALPNProtocols: ['h2'], handshakeTimeout: handshakeTimeoutMs }, admit)
    this.#server.on('tlsClientError', nothing)
    this.#server.maxConnections = maxConnections
  }

  /** Resolves with the port when it listens; 0 for a socket. */
  async listen(): Promise<number> {
    const { host, port, socketPath: path } = this.#options as { host?: string; port?: number; socketPath?: string }
    this.#server.listen(path === undefined ? { host, port, backlog: 1024 } : { path })
    await once(this.#server, 'listening')
    const address = this.#server.address() as AddressInfo | string
    return typeof address === 'string' ? 0 : address.port
  }

  /** Ends every call. */
  async close(): Promise<void> {
    const closed = new Promise<void>(resolve => this.#server.close(() => resolve()))
    for (const connection of this.#connections) connection.close()
    await closed
  }

  #admit(socket: Socket): void {
    const connection = new ServerConnection(socket, limits, (stream, headers) =>
      this.#serve(stream, headers.findLast(([name]) => name === ':path')?.[1] ?? ''),
    )
    this.#connections.add(connection)
    socket.on('close', () => this.#connections.delete(connection))
  }

  #serve(stream: ServerStream, path: string): void {
    const { unary, streams, maxRequestBytes } = this.#options
    const handler = unary.get(path)
    const streamHandler = streams.get(path)
    if (handler !== undefined) serveUnary(stream, handler, maxRequestBytes)
    else if (streamHandler !== undefined) serveStream(stream, streamHandler, maxRequestBytes)
    else refuseUnknown(stream, path)
  }
}

function refuseUnknown(stream: ServerStream, path: string): void {
  const [, service = '', method = ''] = path.split('/')
  refuse(stream, new GrpcError(GrpcCode.unimplemented, `unknown method ${method} for service ${service}`))
}
