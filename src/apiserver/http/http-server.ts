/** HTTPS for the chain: HTTP/2 and HTTP/1.1 on one port, upgrades handed on, bounds on everything a client can make us hold. */
import { readFileSync } from 'node:fs'
import type { ServerResponse as Http1Response, IncomingMessage } from 'node:http'
import {
  createSecureServer,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex, Readable } from 'node:stream'
import { type Logger, loggerOf } from '../../base/log.ts'
import type { ApiServer } from '../api-server.ts'
import type {
  ConnectionAccess,
  NodeRequest,
  NodeResponse,
  ServerRequest,
  ServerResponse,
} from '../chain/server-request.ts'
import { type Incoming, serverRequestOf } from './http-request.ts'
import { writeResponse } from './http-response.ts'
import { isUnusual, type ResponseTarget, StreamAccess, StreamResponse } from './stream-exchange.ts'
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
}

export interface RunningHttpServer {
  readonly host: string
  readonly port: number
  /** Takes new certificates for connections made from now on. */
  useCertificate(certificate: string, key: string): void
  /** Stops accepting, lets requests under way end, and closes what is left after `graceMs`. */
  close(graceMs?: number): Promise<void>
}

const defaultLimits: HttpLimits = { connections: 10_000, idleMs: 180_000, headMs: 30_000, bodyMs: 60_000 }
/** One reason for all: making an exception for every request that is broken off costs more than the request. */
const clientGone = new Error('the client has gone away')

export function startHttpServer(server: ApiServer, options: HttpServerOptions): Promise<RunningHttpServer> {
  const log = loggerOf('apiserver/http')
  const connections = Math.min(defaultLimits.connections, connectionsWithin(fileLimit()))
  const limits: HttpLimits = { ...defaultLimits, connections, ...options.limits }
  const node = createSecureServer({
    allowHTTP1: true,
    cert: options.certificate,
    key: options.key,
    ca: options.clientCa,
    requestCert: true,
    // Unverified certificates are told apart by `socket.authorized`: anonymous and token users come without any.
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
    handshakeTimeout: 10_000,
    maxSessionMemory: 64,
    settings: { maxConcurrentStreams: 250, initialWindowSize: 262_144 },
    maxHeaderListPairs: 128,
    // A client that cancels many watches at once is honest: count per identity, not per burst.
    streamResetBurst: 10_000,
    streamResetRate: 2_000,
    unknownProtocolTimeout: 10_000,
    connectionsCheckingInterval: Math.min(limits.headMs, 30_000),
  } as Parameters<typeof createSecureServer>[0])
  const http1 = node as unknown as { headersTimeout: number; requestTimeout: number; keepAliveTimeout: number }
  http1.headersTimeout = limits.headMs
  http1.requestTimeout = 0
  http1.keepAliveTimeout = limits.idleMs
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
        close: graceMs => adapter.close(graceMs ?? 10_000),
      })
    })
  })
}

class HttpAdapter {
  readonly #server: ApiServer
  readonly #node: Http2SecureServer
  readonly #log: Logger
  readonly #limits: HttpLimits
  readonly #sessions = new Set<ServerHttp2Session>()
  readonly #sockets = new Set<Socket>()
  readonly #underWay = new Set<Promise<void>>()
  #closing = false

  constructor(server: ApiServer, node: Http2SecureServer, log: Logger, limits: HttpLimits) {
    this.#server = server
    this.#node = node
    this.#log = log
    this.#limits = limits
    node.on('secureConnection', socket => this.#connected(socket))
    node.on('session', session => this.#sessionOpened(session))
    node.on('request', (request, response) => this.#track(this.#serve(request, response)))
    this.#serveStreams(node)
    node.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.#track(this.#upgrade(request, socket, head)),
    )
    node.on(
      'connect' as 'request',
      ((_request: IncomingMessage, socket: Duplex) => {
        // CONNECT on HTTP/1.1 hands a socket over; nothing here is a proxy. HTTP/2 passes response objects instead.
        if (typeof (socket as Socket).destroy === 'function') (socket as Socket).destroy()
      }) as never,
    )
    node.on('tlsClientError', () => {})
    node.on('sessionError', error => log.debug({ error: error.message }, 'session failed'))
    node.on('clientError' as 'error', refuseUnreadable as never)
  }

  #connected(socket: Socket): void {
    this.#sockets.add(socket)
    socket.setNoDelay(true)
    socket.setKeepAlive(true, 30_000)
    socket.on('error', () => {})
    socket.once('close', () => this.#sockets.delete(socket))
  }

  #sessionOpened(session: ServerHttp2Session): void {
    this.#sessions.add(session)
    session.once('close', () => this.#sessions.delete(session))
    session.on('error', () => {})
    let streams = 0
    session.on('stream', stream => {
      streams++
      stream.once('close', () => streams--)
    })
    // The timer restarts with every frame: it fires on silence, and spares sessions whose watches have nothing to say.
    session.setTimeout(this.#limits.idleMs, () => {
      if (streams === 0) session.close()
    })
    guardControlFrames(session)
  }

  #track(work: Promise<void>): void {
    const tracked = work
      .catch(error => this.#log.warn({ error: (error as Error).message }, 'response failed'))
      .finally(() => this.#underWay.delete(tracked))
    this.#underWay.add(tracked)
  }

  /** Of HTTP/2 only the unusual goes Node's way, which ends in `request` as HTTP/1.1 does. */
  #serveStreams(node: Http2SecureServer): void {
    const [toRequest] = node.listeners('stream')
    node.removeAllListeners('stream')
    node.on('stream', (stream, headers, flags, rawHeaders) => {
      if (isUnusual(headers)) toRequest?.call(node, stream, headers, flags, rawHeaders)
      else this.#track(this.#serveStream(stream as ServerHttp2Stream, headers, rawHeaders))
    })
  }

  async #serveStream(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    rawHeaders: readonly string[],
  ): Promise<void> {
    const request = { method: headers[':method'], url: headers[':path'], headers, stream }
    await this.#answer(request, stream, new StreamAccess(stream, headers, rawHeaders), new StreamResponse(stream))
  }

  async #serve(request: NodeRequest, response: NodeResponse): Promise<void> {
    // Both kinds of response have the methods used here; their types differ in details only.
    const target = response as unknown as ResponseTarget
    await this.#answer(request, request as Readable, { request, exchange: { request, response } }, target)
  }

  async #answer(
    request: Incoming,
    bytes: Readable,
    connection: ConnectionAccess,
    target: ResponseTarget,
  ): Promise<void> {
    const client = new Client()
    target.on('close', () => {
      if (!target.writableEnded) client.leave()
    })
    target.on('error', () => client.leave())
    const bodyTimeoutMs = this.#limits.bodyMs
    const asked = serverRequestOf({ request, bytes, signal: () => client.signal, connection, bodyTimeoutMs })
    const answer = await this.#server.handle(asked)
    if (this.#closing && !request.stream) (target as unknown as Http1Response).setHeader('connection', 'close')
    if (client.hasLeft) {
      discard(answer)
      return
    }
    try {
      await writeResponse(asked, target, answer)
    } catch (error) {
      // Half an answer is none: the client must not wait for the rest.
      discard(answer)
      target.destroy()
      throw error
    }
    // What was not read of the body would keep an HTTP/1.1 connection waiting.
    if (bytes.readableEnded) return
    bytes.resume()
    // A body that did not come in time is not waited for any longer.
    if (answer.status !== 408) return
    if (request.stream) (request.stream as ServerHttp2Stream).close()
    else (request.socket as Socket | undefined)?.destroySoon?.()
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const client = new Client()
    socket.on('error', () => client.leave())
    socket.on('close', () => client.leave())
    const asked: ServerRequest = serverRequestOf({
      bodyTimeoutMs: this.#limits.bodyMs,
      request,
      bytes: request,
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
    const ended = [...this.#sessions].map(session => new Promise<void>(resolve => session.once('close', resolve)))
    for (const session of this.#sessions) session.close()
    const patience = new Promise<void>(resolve => setTimeout(resolve, graceMs).unref())
    await Promise.race([Promise.allSettled([...this.#underWay, ...ended]), patience])
    for (const session of this.#sessions) session.destroy()
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

/** How many files this process may have open; Linux' usual limit where it cannot be read. */
function fileLimit(): number {
  try {
    const [, soft] = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    return soft === undefined ? 1_024 : Number(soft)
  } catch {
    return 1_024
  }
}

/** Half of the files, so that the store, the logs and the connections to nodes and webhooks have theirs. */
export const connectionsWithin = (files: number): number => Math.max(100, Math.floor(files / 2))

/** Whether a client is still there, as a signal for those who ask for one. */
class Client {
  hasLeft = false
  #aborter: AbortController | undefined

  get signal(): AbortSignal {
    if (!this.#aborter) {
      this.#aborter = new AbortController()
      if (this.hasLeft) this.#aborter.abort(clientGone)
    }
    return this.#aborter.signal
  }

  leave(): void {
    this.hasLeft = true
    this.#aborter?.abort(clientGone)
  }
}

function discard({ body }: ServerResponse): void {
  if (body.is === 'watch') body.source.close()
}

/** PING and SETTINGS frames cost us answers: a session may send so many of them in a second. */
const maxControlFrames = 500

function guardControlFrames(session: ServerHttp2Session): void {
  let count = 0
  let windowStart = 0
  const seen = () => {
    const now = performance.now()
    if (now - windowStart > 1_000) {
      windowStart = now
      count = 0
    }
    if (++count > maxControlFrames) session.destroy()
  }
  session.on('ping', seen)
  session.on('remoteSettings', seen)
}
