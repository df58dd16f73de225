/**
 * The node's HTTPS server, with the paths that API servers and metrics collectors know: exec, attach, port-forward,
 * logs, statistics.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Logger } from '../../base/log.ts'
import { join, openUpgrade, UpgradeRefused } from '../../base/upgrade.ts'
import { type LogOptions, readContainerLog } from './container-logs.ts'
import type { NodeAuthorization } from './node-authorization.ts'
import type { ContainerReference, NodeBackend } from './node-backend.ts'
import { portForwardProtocol, servePortForwardTunnel, tunnelProtocol } from './port-forward.ts'
import { remoteCommandProtocols, serveRemoteCommand } from './remote-command.ts'

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
  stop(): Promise<void>
}

const maxMessageBytes = 1024 * 1024
const maxConnections = 2000
const headersTimeoutMs = 30_000

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
  await listen(server, options.host, options.port)
  const sockets = new Set<Duplex>()
  server.on('connection', socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  return {
    port: (server.address() as { port: number }).port,
    async stop() {
      server.close()
      for (const socket of sockets) socket.destroy()
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
    handleProtocols: offered =>
      [tunnelProtocol, ...remoteCommandProtocols].find(protocol => offered.has(protocol)) ?? false,
  })

  constructor(options: NodeServerOptions) {
    this.#options = options
  }

  async request(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const url = await this.#authorized(request)
      await this.#answer(request, url, response)
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
      const target = await this.#streamingTarget(url)
      if (request.headers.upgrade?.toLowerCase() === 'websocket') this.#serveWebSocket(request, socket, head, target)
      else await this.#serveSpdy(request, socket, head, target)
    } catch (error) {
      const { statusCode, message } = this.#refusal(error)
      if (socket.writable)
        socket.end(
          `HTTP/1.1 ${statusCode} Refused\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(message)}\r\n\r\n${message}`,
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

  async #answer(request: IncomingMessage, url: URL, response: ServerResponse): Promise<void> {
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
        response
          .writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' })
          .end(await backend.metrics())
        return
      case 'containerLogs':
        await this.#sendLog(request, referenceOf(rest), url.searchParams, response)
        return
      case 'exec':
      case 'attach':
      case 'portForward':
        throw new HttpError(400, 'Upgrade request required')
    }
    throw new HttpError(404, '404 page not found')
  }

  async #sendLog(
    request: IncomingMessage,
    reference: ContainerReference,
    query: URLSearchParams,
    response: ServerResponse,
  ): Promise<void> {
    const source = await this.#options.backend.logOf(reference, query.get('previous') === 'true')
    if ('problem' in source) throw new HttpError(400, source.problem)
    const gone = new AbortController()
    request.on('close', () => {
      if (!response.writableEnded) gone.abort()
    })
    response.on('close', () => gone.abort())
    response.writeHead(200, { 'Content-Type': 'text/plain' })
    response.flushHeaders()
    for await (const part of readContainerLog(source, logOptionsOf(query), this.#options.now(), gone.signal)) {
      if (response.destroyed) return
      if (!response.write(part))
        await new Promise<void>(resolve => {
          response.once('drain', resolve)
          response.once('close', resolve)
        })
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
      const ports = url.searchParams
        .getAll('port')
        .flatMap(text => text.split(','))
        .map(Number)
      return { kind: 'portForward', url: await backend.portForwardUrl(sandbox.id, ports) }
    }
    if (first !== 'exec' && first !== 'attach') throw new HttpError(404, '404 page not found')
    const reference = referenceOf(rest)
    const container = await backend.runningContainer(reference)
    if (!container) throw new HttpError(404, `container not found ("${reference.container}")`)
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

  #serveWebSocket(request: IncomingMessage, socket: Duplex, head: Buffer, target: StreamingTarget): void {
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket: WebSocket) => {
      webSocket.on('error', () => webSocket.terminate())
      const session =
        target.kind === 'remoteCommand'
          ? serveRemoteCommand(webSocket, target.url, target.streams)
          : webSocket.protocol === tunnelProtocol
            ? servePortForwardTunnel(webSocket, target.url)
            : Promise.reject(new Error(`port-forward over WebSocket needs the protocol ${tunnelProtocol}`))
      session.catch(error => webSocket.close(1011, String((error as Error).message).slice(0, 120)))
    })
  }

  /** SPDY on both sides: the runtime negotiates with the client itself. */
  async #serveSpdy(request: IncomingMessage, socket: Duplex, head: Buffer, target: StreamingTarget): Promise<void> {
    const offered = [request.headers['x-stream-protocol-version'] ?? []].flat().join(',')
    const upgraded = await openUpgrade(target.url, {
      Upgrade: 'SPDY/3.1',
      ...(offered === '' ? {} : { 'X-Stream-Protocol-Version': offered }),
    })
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
  | { readonly kind: 'portForward'; readonly url: URL }

/** `namespace/pod/container` or `namespace/pod/uid/container`. */
function referenceOf(parts: readonly string[]): ContainerReference {
  const [namespace, pod, third, fourth] = parts.map(decodeURIComponent)
  if (!namespace || !pod || !third) throw new HttpError(404, '404 page not found')
  return fourth ? { namespace, pod, uid: third, container: fourth } : { namespace, pod, container: third }
}

function logOptionsOf(query: URLSearchParams): LogOptions {
  const number = (name: string) => (query.has(name) ? { [name]: Number(query.get(name)) } : {})
  const stream = query.get('stream')
  return {
    follow: query.get('follow') === 'true',
    timestamps: query.get('timestamps') === 'true',
    ...(query.has('sinceTime') ? { sinceTime: query.get('sinceTime') ?? '' } : {}),
    ...number('sinceSeconds'),
    ...number('tailLines'),
    ...number('limitBytes'),
    ...(stream === 'Stdout' ? { stream: 'stdout' as const } : stream === 'Stderr' ? { stream: 'stderr' as const } : {}),
  }
}
