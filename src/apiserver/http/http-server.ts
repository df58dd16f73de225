/** HTTPS for the chain: HTTP/2 and HTTP/1.1 on one port, upgrades handed on, bounds on everything a client can make us hold. */
import type { ServerResponse as Http1Response, IncomingMessage } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { type ConnectionLimits, ServerConnection } from '../../base/http2/connection.ts'
import { ErrorCode } from '../../base/http2/frames.ts'
import type { Header } from '../../base/http2/hpack-decoder.ts'
import type { ServerStream } from '../../base/http2/server-stream.ts'
import { type Logger, loggerOf } from '../../base/log.ts'
import { openFileLimit } from '../../base/open-files.ts'
import type { ApiServer } from '../api-server.ts'
import type { ServerRequest, ServerResponse } from '../chain/server-request.ts'
import { ClientPresence } from './client-presence.ts'
import { serverRequestOf } from './http-request.ts'
import { writeResponse } from './http-response.ts'
import { bodyReader } from './request-body.ts'
import { requestHeadOf } from './request-head.ts'
import type { ResponseTarget } from './response-target.ts'
import { StreamExchange } from './stream-exchange.ts'
import { writeUpgradeResponse } from './upgrade-response.ts'

export interface HttpServerOptions {
  readonly host?: string
  /** 0: any free one. */
  readonly port: number
  /** PEM of the server's certificate chain and key. */
  readonly certificate: string
  readonly key: string
  /** PEM of the authorities of client certificates. */
  readonly clientCa: string
  readonly limits?: Partial<HttpLimits>
}

/** What a client may make the server hold, and for how long. */
export interface HttpLimits {
  /** More are closed as soon as they are made. */
  readonly connections: number
  /** An HTTP/2 session without a stream, or an HTTP/1.1 connection without a request, is closed after so long. */
  readonly idleMs: number
  readonly headMs: number
  readonly bodyMs: number
  /** A client that takes nothing of its answer for so long is cut off. */
  readonly stallMs: number
}

export interface RunningHttpServer {
  readonly host: string
  readonly port: number
  /** Connections that are open. */
  connectionCount(): number
  /** Takes new certificates for connections made from now on. */
  useCertificate(certificate: string, key: string): void
  /** Stops accepting, lets requests under way end, and closes what is left after `graceMs`. */
  close(graceMs?: number): Promise<void>
}

const defaultLimits: HttpLimits = {
  connections: 10_000,
  idleMs: 180_000,
  headMs: 30_000,
  bodyMs: 60_000,
  stallMs: 60_000,
}
/** Of Linux. */
const usualFileLimit = 1_024
/** Of an HTTP/2 connection. */
const http2Limits: ConnectionLimits = {
  maxStreams: 250,
  streamWindow: 262_144,
  connectionWindow: 4 << 20,
  waitingBytes: 131_072,
  headerBytes: 65_536,
  controlFramesPerSecond: 500,
}

export function startHttpServer(server: ApiServer, options: HttpServerOptions): Promise<RunningHttpServer> {
  const log = loggerOf('apiserver/http')
  const connections = Math.min(defaultLimits.connections, connectionsWithin(openFileLimit() ?? usualFileLimit))
  const limits: HttpLimits = { ...defaultLimits, connections, ...options.limits }
  const node = createServer({
    ALPNProtocols: ['h2', 'http/1.1'],
    cert: options.certificate,
    key: options.key,
    ca: options.clientCa,
    requestCert: true,
    // Unverified certificates are told apart by `socket.authorized`: anonymous and token users come without any.
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
    handshakeTimeout: 10_000,
    headersTimeout: limits.headMs,
    requestTimeout: 0,
    keepAliveTimeout: limits.idleMs,
    connectionsCheckingInterval: Math.min(limits.headMs, 30_000),
  })
  node.maxConnections = limits.connections
  const adapter = new HttpAdapter(server, node, log, limits)
  return new Promise((resolve, reject) => {
    node.once('error', reject)
    node.listen({ port: options.port, host: options.host ?? '0.0.0.0' }, () => {
      node.off('error', reject)
      node.on('error', error => log.error({ error: error.message }, 'server error'))
      const { address, port } = node.address() as AddressInfo
      resolve({
        host: address,
        port,
        useCertificate: (certificate, key) => node.setSecureContext({ cert: certificate, key, ca: options.clientCa }),
        connectionCount: () => adapter.connectionCount,
        close: graceMs => adapter.close(graceMs ?? 10_000),
      })
    })
  })
}

class HttpAdapter {
  readonly #server: ApiServer
  readonly #node: Server
  readonly #log: Logger
  readonly #limits: HttpLimits
  readonly #connections = new Map<Socket, ServerConnection>()
  readonly #sockets = new Set<Socket>()
  readonly #underWay = new Set<Promise<void>>()
  #closing = false

  constructor(server: ApiServer, node: Server, log: Logger, limits: HttpLimits) {
    this.#server = server
    this.#node = node
    this.#log = log
    this.#limits = limits
    const [serveHttp1] = node.listeners('secureConnection')
    node.removeAllListeners('secureConnection')
    node.on('secureConnection', (socket: TLSSocket) => {
      this.#connected(socket)
      if (socket.alpnProtocol === 'h2') this.#serveHttp2(socket)
      else serveHttp1?.call(node, socket)
    })
    node.on('request', (request, response) => this.#track(this.#serve(request, response)))
    node.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.#track(this.#upgrade(request, socket, head)),
    )
    // CONNECT hands a socket over; nothing here is a proxy.
    node.on('connect', (_request: IncomingMessage, socket: Duplex) => socket.destroy())
    node.on('tlsClientError', () => {})
    node.on('clientError', (error, socket) => refuseUnreadable(error, socket as Socket))
  }

  get connectionCount(): number {
    return this.#sockets.size
  }

  #connected(socket: Socket): void {
    this.#sockets.add(socket)
    socket.setNoDelay(true)
    socket.setKeepAlive(true, 30_000)
    socket.on('error', () => {})
    socket.once('close', () => this.#sockets.delete(socket))
  }

  #serveHttp2(socket: TLSSocket): void {
    const connection = new ServerConnection(socket, http2Limits, (stream, fields) =>
      this.#serveStream(socket, stream, fields),
    )
    this.#connections.set(socket, connection)
    socket.once('close', () => this.#connections.delete(socket))
    socket.on('end', () => connection.close())
    // The timer restarts with all that comes and goes: it fires on silence, and spares connections whose watches have nothing to say.
    socket.setTimeout(this.#limits.idleMs, () => {
      if (connection.streamCount === 0) connection.drain()
      // Silent although there is something for it to take.
      else if (connection.isHeldUp) connection.close()
    })
  }

  #track(work: Promise<void>): void {
    const tracked = work
      .catch(error => this.#log.warn({ error: (error as Error).message }, 'response failed'))
      .finally(() => this.#underWay.delete(tracked))
    this.#underWay.add(tracked)
  }

  #serveStream(socket: TLSSocket, stream: ServerStream, fields: readonly Header[]): void {
    const head = requestHeadOf(fields)
    if (!head) {
      stream.reset(ErrorCode.protocol)
      return
    }
    this.#track(this.#answerStream(new StreamExchange(stream, socket, head)))
  }

  async #answerStream(exchange: StreamExchange): Promise<void> {
    const { client, readBody } = exchange
    const bodyTimeoutMs = this.#limits.bodyMs
    const signal = () => client.signal
    const asked = serverRequestOf({ request: exchange, readBody, signal, connection: exchange, bodyTimeoutMs })
    const answer = await this.#server.handle(asked)
    await this.#write(asked, exchange, answer, client)
  }

  async #serve(request: IncomingMessage, response: Http1Response): Promise<void> {
    // A response has the methods used here; the types differ in details only.
    const target = response as unknown as ResponseTarget
    const client = new ClientPresence()
    target.on('close', () => {
      if (!target.writableEnded) client.leave()
    })
    target.on('error', () => client.leave())
    const asked = serverRequestOf({
      request,
      readBody: bodyReader(request),
      signal: () => client.signal,
      connection: { request, exchange: { request, response } },
      bodyTimeoutMs: this.#limits.bodyMs,
    })
    const answer = await this.#server.handle(asked)
    if (this.#closing) response.setHeader('connection', 'close')
    await this.#write(asked, target, answer, client)
    // What was not read of the body would keep the connection waiting.
    if (client.hasLeft || request.readableEnded) return
    request.resume()
    // A body that did not come in time is not waited for any longer.
    if (answer.status === 408) request.socket.destroySoon()
  }

  async #write(
    asked: ServerRequest,
    target: ResponseTarget,
    answer: ServerResponse,
    client: ClientPresence,
  ): Promise<void> {
    if (client.hasLeft) {
      discard(answer)
      return
    }
    try {
      await writeResponse(asked, target, answer, this.#limits.stallMs)
    } catch (error) {
      // Half an answer is none: the client must not wait for the rest.
      discard(answer)
      target.destroy()
      throw error
    }
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const client = new ClientPresence()
    socket.on('error', () => client.leave())
    socket.on('close', () => client.leave())
    const asked: ServerRequest = serverRequestOf({
      bodyTimeoutMs: this.#limits.bodyMs,
      request,
      readBody: bodyReader(request),
      signal: () => client.signal,
      connection: { request, upgrade: { socket, head } },
    })
    const answer = await this.#server.handle(asked)
    if (answer.body.is === 'hijacked') await answer.body.finished
    else await writeUpgradeResponse(socket, answer)
  }

  async close(graceMs: number): Promise<void> {
    this.#closing = true
    const closed = new Promise<void>(resolve => this.#node.close(() => resolve()))
    // GOAWAY: streams that the client opens from now on were not processed, and it sends them elsewhere.
    const ended = [...this.#connections.keys()].map(socket => new Promise(resolve => socket.once('close', resolve)))
    for (const connection of this.#connections.values()) connection.drain()
    const patience = new Promise<void>(resolve => setTimeout(resolve, graceMs).unref())
    await Promise.race([Promise.allSettled([...this.#underWay, ...ended]), patience])
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }
}

/** What cannot be read as HTTP/1.1 is answered as Go's server answers it, unless an answer is under way. */
function refuseUnreadable({ code }: NodeJS.ErrnoException, socket: Socket): void {
  const status =
    code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? '408 Request Timeout'
        : '400 Bad Request'
  if (!socket.writable || (socket as { _httpMessage?: unknown })._httpMessage) socket.destroy()
  else
    socket.end(
      `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n${status}`,
      () => socket.destroy(),
    )
}

/** Half of the files, so that the store, the logs and the connections to nodes and webhooks have theirs. */
export const connectionsWithin = (files: number): number => Math.max(100, Math.floor(files / 2))

function discard({ body }: ServerResponse): void {
  if (body.is === 'watch') body.source.close()
}
