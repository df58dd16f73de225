/**
 * gRPC as a server directly on HTTP/2: unary calls and streams of either side, over plain TCP or TLS.
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
import { once } from 'node:events'
import {
  constants,
  createSecureServer,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type SecureServerOptions,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
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
  readonly tls?: Pick<SecureServerOptions, 'cert' | 'key' | 'ca'>
}

/** Bounds on what clients can make us hold. */
const maxConnections = 10_000
const maxStreams = 10_000
const windowBytes = 1 << 20
/** MiB of one connection's headers and frames that wait. */
const maxSessionMemoryMiB = 256
/** Calls may be given up often: each cancelled watch is one. */
const streamResetBurst = 20_000
const streamResetRate = 2000
/** Messages are written in pieces of this size, for a large write towards a slow reader would starve the connection. */
const pieceBytes = 64 * 1024
/** Bytes of one call that may wait before its sender is told to stop. */
const maxWaitingBytes = 1 << 20

const responseHeaders = { ':status': 200, 'content-type': 'application/grpc' }
const withTrailers = { waitForTrailers: true }
const okTrailers = { 'grpc-status': '0' }
function sendOk(this: ServerHttp2Stream): void {
  this.sendTrailers(okTrailers)
}

const trailersOf = (error: GrpcError): Record<string, string> => ({
  'grpc-status': String(error.code),
  'grpc-message': encodeURIComponent(error.details).replaceAll('%20', ' '),
})

const grpcErrorOf = (error: unknown): GrpcError =>
  error instanceof GrpcError ? error : new GrpcError(GrpcCode.internal, (error as Error).message)

/** The server's end of a call. */
export class ServerCall {
  readonly #stream: ServerHttp2Stream
  #trailers: Record<string, string> = okTrailers
  #ended = false

  constructor(stream: ServerHttp2Stream) {
    this.#stream = stream
    stream.respond(responseHeaders, withTrailers)
    stream.on('wantTrailers', () => stream.sendTrailers(this.#trailers))
  }

  /** Sends a framed message. False: too much waits, send no more before `drained`. */
  send(frame: Uint8Array): boolean {
    if (this.#ended || this.#stream.destroyed) return true
    this.#stream.write(frame)
    return this.#stream.writableLength < maxWaitingBytes
  }

  /** For a sender that can wait: resolves when more may be sent, at once where nothing waits. False: the call is over. */
  async sent(frame: Uint8Array): Promise<boolean> {
    await writeInPieces(this.#stream, frame)
    return !this.#stream.destroyed && !this.#ended
  }

  end(error?: GrpcError): void {
    if (this.#ended || this.#stream.destroyed) return
    this.#ended = true
    if (error !== undefined) this.#trailers = trailersOf(error)
    this.#stream.end()
  }
}

async function writeInPieces(stream: ServerHttp2Stream, frame: Uint8Array): Promise<void> {
  for (let at = 0; at < frame.length; at += pieceBytes) {
    if (stream.destroyed) return
    if (stream.write(frame.subarray(at, at + pieceBytes))) continue
    await new Promise<void>(resolve => {
      const done = () => {
        stream.off('drain', done)
        stream.off('close', done)
        resolve()
      }
      stream.on('drain', done)
      stream.on('close', done)
    })
  }
}

function refuse(stream: ServerHttp2Stream, error: GrpcError): void {
  if (stream.destroyed || stream.headersSent) return
  stream.respond({ ...responseHeaders, ...trailersOf(error) }, { endStream: true })
}

function answerUnary(stream: ServerHttp2Stream, frame: Uint8Array): void {
  if (stream.destroyed) return
  stream.respond(responseHeaders, withTrailers)
  stream.on('wantTrailers', sendOk)
  if (frame.length <= pieceBytes) stream.end(frame)
  else writeInPieces(stream, frame).then(() => stream.end())
}

function serveUnary(stream: ServerHttp2Stream, handler: UnaryHandler, maxBytes: number): void {
  const reader = new MessageReader(maxBytes)
  let called = false
  stream.on('data', (chunk: Buffer) => {
    if (called) return
    try {
      const [message] = reader.push(chunk)
      if (message === undefined) return
      called = true
      handler(message).then(
        frame => answerUnary(stream, frame),
        error => refuse(stream, grpcErrorOf(error)),
      )
    } catch (error) {
      called = true
      refuse(stream, grpcErrorOf(error))
    }
  })
  stream.on('end', () => {
    if (!called) refuse(stream, new GrpcError(GrpcCode.internal, 'the request has no message'))
  })
}

function serveStream(stream: ServerHttp2Stream, handler: StreamHandler, maxBytes: number): void {
  const reader = new MessageReader(maxBytes)
  const call = new ServerCall(stream)
  const listener = handler(call)
  stream.on('data', (chunk: Buffer) => {
    try {
      for (const message of reader.push(chunk)) listener.message(message)
    } catch (error) {
      call.end(grpcErrorOf(error))
    }
  })
  stream.on('end', () => listener.ended?.())
  stream.on('drain', () => listener.drained?.())
  stream.on('close', () => listener.closed?.())
}

export class GrpcServer {
  readonly #server: Http2Server
  readonly #options: GrpcServerOptions
  readonly #sessions = new Set<ServerHttp2Session>()

  constructor(options: GrpcServerOptions) {
    this.#options = options
    const limits = {
      settings: { maxConcurrentStreams: maxStreams, initialWindowSize: windowBytes, enableConnectProtocol: false },
      maxSessionMemory: maxSessionMemoryMiB,
      streamResetBurst,
      streamResetRate,
    }
    const { tls } = options
    // With an authority, only who has a certificate of it gets as far as a call.
    const client = tls?.ca === undefined ? {} : { requestCert: true, rejectUnauthorized: true }
    this.#server = tls === undefined ? createServer(limits) : createSecureServer({ ...limits, ...tls, ...client })
    this.#server.maxConnections = maxConnections
    this.#server.on('session', session => this.#admit(session))
    this.#server.on('stream', (stream, headers) => this.#serve(stream as ServerHttp2Stream, headers))
    this.#server.on('sessionError', () => {})
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
    for (const session of this.#sessions) session.destroy(undefined, constants.NGHTTP2_NO_ERROR)
    await closed
  }

  #admit(session: ServerHttp2Session): void {
    this.#sessions.add(session)
    session.setLocalWindowSize(4 * windowBytes)
    session.on('close', () => this.#sessions.delete(session))
    session.on('error', () => {})
  }

  #serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const { unary, streams, maxRequestBytes } = this.#options
    const path = headers[':path'] as unknown as string
    stream.on('error', () => {})
    const handler = unary.get(path)
    const streamHandler = streams.get(path)
    if (handler !== undefined) serveUnary(stream, handler, maxRequestBytes)
    else if (streamHandler !== undefined) serveStream(stream, streamHandler, maxRequestBytes)
    else refuseUnknown(stream, path)
  }
}

function refuseUnknown(stream: ServerHttp2Stream, path: string): void {
  stream.resume()
  const [, service = '', method = ''] = path.split('/')
  refuse(stream, new GrpcError(GrpcCode.unimplemented, `unknown method ${method} for service ${service}`))
}
