/**
 * The node's HTTPS server, with the paths that API servers and metrics collectors know: exec, attach, port-forward,
 * logs, statistics.
 */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Logger } from '../../base/log.ts'
import { join, openUpgrade, UpgradeRefused } from '../../base/upgrade.ts'
import { ChannelSocket } from './channel-socket.ts'
import { type LogOptions, readContainerLog } from './container-logs.ts'
import { nanosOf } from './log-line.ts'
import type { NodeAuthorization } from './node-authorization.ts'
import type { ContainerReference, NodeBackend } from './node-backend.ts'
import { portForwardProtocol, servePortForwardTunnel, tunnelProtocol } from './port-forward.ts'
import { portForwardChannelProtocols, servePortForwardChannels } from './port-forward-channels.ts'
import { remoteCommandProtocols, serveRemoteCommand } from './remote-command.ts'
import { serveSystemLog } from './system-logs.ts'

export interface NodeServerOptions {
  readonly backend: NodeBackend
  readonly authorization: NodeAuthorization
  readonly host: string
  /** 0 picks one. */
  readonly port: number
  readonly certificate: string
  readonly key: string
  /** PEM of the authorities whose client certificates are accepted. */
  readonly clientCa: string
  readonly log: Logger
  readonly now: () => number
}

export interface NodeServer {
  readonly port: number
  /** For connections made from now on. */
  useCertificate(certificate: string, key: string): void
  stop(): Promise<void>
}

/** Of one WebSocket message. Some clients send their whole input as one. */
const maxMessageBytes = 4 * 1024 * 1024
const maxConnections = 2000
const headersTimeoutMs = 30_000

const metricsPaths = new Set(['/metrics', '/metrics/cadvisor', '/metrics/probes', '/metrics/resource'])

/** A refusal with its status code. */
class HttpError extends Error {
  readonly statusCode: number
  constructor(statusCode: number, message: string) {
    super(message)
    this.statusCode = statusCode
  }
}

export async function startNodeServer(options: NodeServerOptions): Promise<NodeServer> {
  const server = createServer({
    cert: options.certificate,
    key: options.key,
    ca: options.clientCa,
    requestCert: true,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
    headersTimeout: headersTimeoutMs,
    handshakeTimeout: headersTimeoutMs,
  })
  server.maxConnections = maxConnections
  const handler = new RequestHandler(options)
  server.on('request', (request, response) => void handler.request(request, response))
  server.on('upgrade', (request, socket, head) => void handler.upgrade(request, socket, head))
  const sockets = new Set<Duplex>()
  server.on('connection', socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await listen(server, options.host, options.port)
  return {
    port: (server.address() as { port: number }).port,
    useCertificate: (cert, key) => server.setSecureContext({ cert, key, ca: options.clientCa }),
    async stop() {
      const closed = new Promise<void>(resolve => server.close(() => resolve()))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

class RequestHandler {
  readonly #options: NodeServerOptions
  readonly #webSockets = new WebSocketServer({
    noServer: true,
    maxPayload: maxMessageBytes,
    perMessageDeflate: false,
  })
  readonly #protocols = new WeakMap<IncomingMessage, string>()

  constructor(options: NodeServerOptions) {
    this.#options = options
    this.#webSockets.on('headers', (headers, request) => {
      const protocol = this.#protocols.get(request)
      if (protocol !== undefined) headers.push(`Sec-WebSocket-Protocol: ${protocol}`)
    })
  }

  async request(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const url = await this.#authorized(request)
      await this.#answer(url, response)
    } catch (error) {
      const { statusCode, message } = this.#refusal(error)
      if (response.headersSent) response.destroy()
      else response.writeHead(statusCode, { 'Content-Type': 'text/plain; charset=utf-8' }).end(message)
    }
  }

  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy())
    try {
      const url = await this.#authorized(request)
      const protocol = request.headers.upgrade?.toLowerCase()
      if (protocol !== 'websocket' && protocol !== 'spdy/3.1')
        throw new HttpError(400, `unable to upgrade: missing upgrade headers in request: ${request.headers.upgrade}`)
      const subprotocol = protocol === 'websocket' ? negotiatedProtocol(request) : ''
      const target = await this.#streamingTarget(url)
      if (socket.destroyed) return
      if (protocol === 'websocket') this.#serveWebSocket(request, socket, head, target, subprotocol)
      else await this.#serveSpdy(request, socket, head, target)
    } catch (error) {
      const { statusCode, message } = this.#refusal(error)
      if (socket.writable)
        socket.end(
          `HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode] ?? 'Refused'}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(message)}\r\n\r\n${message}`,
        )
    }
  }

  #refusal(error: unknown): { statusCode: number; message: string } {
    if (error instanceof HttpError) return { statusCode: error.statusCode, message: error.message }
    if (error instanceof UpgradeRefused) return { statusCode: error.statusCode, message: error.body.toString() }
    this.#options.log.warn({ err: error }, 'a request to the node failed')
    return { statusCode: 500, message: (error as Error).message }
  }

  async #authorized(request: IncomingMessage): Promise<URL> {
    const url = new URL(request.url ?? '/', 'https://node')
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1]
    const code = await this.#options.authorization.check({
      method: request.method ?? 'GET',
      path: url.pathname,
      bearerToken: token,
      socket: request.socket as TLSSocket,
    })
    if (code === 401) throw new HttpError(401, 'Unauthorized')
    if (code === 403) throw new HttpError(403, 'Forbidden')
    return url
  }

  async #answer(url: URL, response: ServerResponse): Promise<void> {
    const { backend } = this.#options
    const [, first, ...rest] = url.pathname.split('/')
    const json = (value: object) =>
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(value))
    switch (first) {
      case 'healthz':
        response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' }).end('ok')
        return
      case 'pods':
        json({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items: backend.pods() })
        return
      case 'stats':
        if (rest[0] !== 'summary') break
        json(await backend.statsSummary())
        return
      case 'metrics':
        if (!metricsPaths.has(url.pathname)) break
        response
          .writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' })
          .end(await backend.metrics(url.pathname))
        return
      case 'logs':
        serveSystemLog(rest.map(decodeURIComponent).join('/'), response)
        return
      case 'containerLogs':
        await this.#sendLog(referenceOf(rest), url.searchParams, response)
        return
      case 'exec':
      case 'attach':
      case 'portForward':
        throw new HttpError(400, 'Upgrade request required')
    }
    throw new HttpError(404, '404 page not found')
  }

  async #sendLog(reference: ContainerReference, query: URLSearchParams, response: ServerResponse): Promise<void> {
    const source = await this.#options.backend.logOf(reference, query.get('previous') === 'true')
    if ('problem' in source) throw new HttpError(400, source.problem)
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    const options = logOptionsOf(query)
    response.writeHead(200, { 'Content-Type': 'text/plain' })
    response.flushHeaders()
    for await (const part of readContainerLog(source, options, this.#options.now(), gone.signal)) {
      if (response.destroyed) return
      if (!response.write(part)) await drained(response)
    }
    response.end()
  }

  async #streamingTarget(url: URL): Promise<StreamingTarget> {
    const { backend } = this.#options
    const [, first, ...rest] = url.pathname.split('/')
    if (first === 'portForward') {
      const [namespace = '', pod = '', uid] = rest.map(decodeURIComponent)
      const sandbox = await backend.runningSandbox(namespace, pod, uid)
      if (!sandbox) throw new HttpError(404, `pod does not exist: ${namespace}/${pod}`)
      const ports = portsOf(url.searchParams)
      return { kind: 'portForward', ports, url: await backend.portForwardUrl(sandbox.id, ports) }
    }
    if (first !== 'exec' && first !== 'attach') throw new HttpError(404, '404 page not found')
    const reference = referenceOf(rest)
    const container = await backend.runningContainer(reference)
    // 500 as upstream: 404 is for a pod that is not here.
    if (!container) throw new HttpError(500, `container not found ("${reference.container}")`)
    const flag = (...names: string[]) => names.some(name => ['1', 'true'].includes(url.searchParams.get(name) ?? ''))
    const tty = first === 'attach' ? container.tty && flag('tty') : flag('tty')
    const streams = {
      stdin: flag('input', 'stdin'),
      stdout: flag('output', 'stdout'),
      stderr: flag('error', 'stderr') && !tty,
      tty,
    }
    if (!streams.stdin && !streams.stdout && !streams.stderr)
      throw new HttpError(400, 'you must specify at least 1 of stdin, stdout, stderr')
    const target =
      first === 'exec'
        ? await backend.execUrl(container.id, url.searchParams.getAll('command'), streams)
        : await backend.attachUrl(container.id, streams)
    return { kind: 'remoteCommand', url: target, streams }
  }

  /** The library refuses `SPDY/3.1+portforward.k8s.io`, which has a slash: it hears of no protocols, they are chosen here. */
  #serveWebSocket(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    target: StreamingTarget,
    protocol: string,
  ): void {
    if (protocol !== '') this.#protocols.set(request, protocol)
    delete request.headers['sec-websocket-protocol']
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket: WebSocket) => {
      webSocket.on('error', () => webSocket.terminate())
      const channels = new ChannelSocket(webSocket, protocol)
      const session =
        target.kind === 'remoteCommand'
          ? serveRemoteCommand(channels, target.url, target.streams)
          : protocol === tunnelProtocol
            ? servePortForwardTunnel(webSocket, target.url)
            : servePortForwardChannels(channels, target.url, target.ports)
      session.catch(error => webSocket.close(1011, String((error as Error).message).slice(0, 120)))
    })
  }

  /** SPDY on both sides: the runtime negotiates with the client itself. */
  async #serveSpdy(request: IncomingMessage, socket: Duplex, head: Buffer, target: StreamingTarget): Promise<void> {
    const offered = [request.headers['x-stream-protocol-version'] ?? []].flat().join(',')
    const gone = new AbortController()
    socket.once('close', () => gone.abort())
    const wanted = { Upgrade: 'SPDY/3.1', ...(offered === '' ? {} : { 'X-Stream-Protocol-Version': offered }) }
    const upgraded = await openUpgrade(target.url, wanted, 'POST', { signal: gone.signal })
    const chosen =
      upgraded.headers['x-stream-protocol-version'] ?? (target.kind === 'portForward' ? portForwardProtocol : undefined)
    const lines = [
      'HTTP/1.1 101 Switching Protocols',
      'Connection: Upgrade',
      'Upgrade: SPDY/3.1',
      ...(chosen === undefined ? [] : [`X-Stream-Protocol-Version: ${[chosen].flat()[0]}`]),
    ]
    socket.write(`${lines.join('\r\n')}\r\n\r\n`)
    if (head.length > 0) upgraded.connection.write(head)
    if (upgraded.head.length > 0) socket.write(upgraded.head)
    await join(socket, upgraded.connection)
  }
}

type StreamingTarget =
  | {
      readonly kind: 'remoteCommand'
      readonly url: URL
      readonly streams: { stdin: boolean; stdout: boolean; stderr: boolean; tty: boolean }
    }
  | { readonly kind: 'portForward'; readonly url: URL; readonly ports: readonly number[] }

/** `namespace/pod/container` or `namespace/pod/uid/container`. */
function referenceOf(parts: readonly string[]): ContainerReference {
  const [namespace, pod, third, fourth] = parts.map(decodeURIComponent)
  if (!namespace || !pod || !third) throw new HttpError(404, '404 page not found')
  return fourth ? { namespace, pod, uid: third, container: fourth } : { namespace, pod, container: third }
}

/** The ports of a legacy port-forward over WebSocket; SPDY clients name theirs with each stream. */
function portsOf(query: URLSearchParams): number[] {
  const ports = ['port', 'ports']
    .flatMap(name => query.getAll(name))
    .flatMap(text => text.split(','))
    .map(Number)
  if (ports.some(port => !Number.isInteger(port) || port < 1 || port > 65_535))
    throw new HttpError(400, `bad port in ${JSON.stringify(query.toString())}`)
  return ports
}

const isPortForward = (request: IncomingMessage): boolean => request.url?.startsWith('/portForward/') === true

const protocolsFor = (portForward: boolean): readonly string[] =>
  portForward ? [tunnelProtocol, ...portForwardChannelProtocols] : remoteCommandProtocols

/** A client that names none gets the oldest protocol (''); one that names unknown ones alone could not understand us. */
function negotiatedProtocol(request: IncomingMessage): string {
  const text = request.headers['sec-websocket-protocol']
  if (text === undefined) return ''
  const offered = text.split(',').map(protocol => protocol.trim())
  const known = protocolsFor(isPortForward(request))
  const chosen = known.find(protocol => offered.includes(protocol))
  if (chosen !== undefined) return chosen
  throw new HttpError(
    400,
    `unable to negotiate protocol: client supports [${text}], server accepts [${known.join(' ')}]`,
  )
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      response.off('drain', done)
      response.off('close', done)
      resolve()
    }
    response.on('drain', done)
    response.on('close', done)
  })
}

function logOptionsOf(query: URLSearchParams): LogOptions {
  const number = (name: string) => {
    const text = query.get(name)
    if (text === null || text === '') return {}
    if (!/^\d+$/.test(text)) throw new HttpError(400, `${name}: ${JSON.stringify(text)} is not a number`)
    return { [name]: Number(text) }
  }
  const sinceTime = query.get('sinceTime')
  if (sinceTime && nanosOf(sinceTime) === undefined)
    throw new HttpError(400, `sinceTime: ${JSON.stringify(sinceTime)} is not a time`)
  const stream = query.get('stream')
  return {
    follow: query.get('follow') === 'true',
    timestamps: query.get('timestamps') === 'true',
    ...(sinceTime ? { sinceTime } : {}),
    ...number('sinceSeconds'),
    ...number('tailLines'),
    ...number('limitBytes'),
    ...(stream === 'Stdout' ? { stream: 'stdout' as const } : stream === 'Stderr' ? { stream: 'stderr' as const } : {}),
  }
}
