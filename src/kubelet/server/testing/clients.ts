/** Clients of the node's server as kubectl and other libraries are, for tests. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { WebSocket } from 'ws'
import { openUpgrade } from '../../../base/upgrade.ts'
import { duplexOf } from '../port-forward.ts'
import { SpdyClientSession, type SpdyStream } from '../spdy/client-session.ts'

export interface Target {
  readonly port: number
  /** `/exec/default/web/main?…` */
  readonly path: string
  readonly token?: string
  readonly method?: string
}

const credentials = (token = 'good') => ({ Authorization: `Bearer ${token}` })

export interface Collected {
  readonly stdout: Buffer
  readonly stderr: Buffer
  readonly status: { status?: string; message?: string; details?: { causes?: { reason: string; message: string }[] } }
  readonly statusText: string
}

/** The library's own client refuses to ask for a protocol with a slash in its name. */
export async function openWebSocket({ port, path, token }: Target, protocol: string): Promise<WebSocket> {
  const { connection, head, headers } = await openUpgrade(
    new URL(`https://127.0.0.1:${port}${path}`),
    {
      ...credentials(token),
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
      'Sec-WebSocket-Protocol': protocol,
    },
    'GET',
    { rejectUnauthorized: false },
  )
  assert.equal(headers['sec-websocket-protocol'], protocol)
  const socket = new WebSocket(null as unknown as string, undefined, { autoPong: true })
  const raw = socket as unknown as {
    _isServer: boolean
    setSocket(socket: Duplex, head: Buffer, options: object): void
  }
  raw._isServer = false
  raw.setSocket(connection, head, { maxPayload: 1 << 24, allowSynchronousEvents: true })
  return socket
}

/** A WebSocket session of exec or attach by channels. */
export class ChannelClient {
  readonly socket: WebSocket
  readonly #parts: Buffer[][] = [[], [], [], [], []]
  readonly #inBase64: boolean
  onData: ((channel: number, data: Buffer) => void) | undefined
  readonly closed: Promise<Collected>

  private constructor(socket: WebSocket, protocol: string) {
    this.socket = socket
    this.#inBase64 = protocol.includes('base64')
    socket.on('error', () => {})
    socket.on('message', (data: Buffer) => {
      const channel = this.#inBase64 ? (data[0] ?? 0) - 0x30 : (data[0] ?? 0)
      const content = this.#inBase64 ? Buffer.from(data.toString('latin1', 1), 'base64') : data.subarray(1)
      this.#parts[channel]?.push(Buffer.from(content))
      this.onData?.(channel, content)
    })
    this.closed = once(socket, 'close').then(() => this.#collected())
  }

  static async open(target: Target, protocol: string): Promise<ChannelClient> {
    return new ChannelClient(await openWebSocket(target, protocol), protocol)
  }

  send(channel: number, data: Buffer | string): Promise<void> {
    const bytes = Buffer.from(data)
    const message = this.#inBase64
      ? `${channel}${bytes.toString('base64')}`
      : Buffer.concat([Buffer.from([channel]), bytes])
    return new Promise(sent => this.socket.send(message, () => sent()))
  }

  closeStdin(): Promise<void> {
    return this.send(255, Buffer.from([0]))
  }

  async until(text: string): Promise<void> {
    const seen = () => Buffer.concat([...(this.#parts[1] ?? []), ...(this.#parts[2] ?? [])]).includes(text)
    while (!seen()) await once(this.socket, 'message')
  }

  #collected(): Collected {
    const [, stdout = [], stderr = [], error = []] = this.#parts
    return collect(stdout, stderr, error)
  }
}

function collect(stdout: Buffer[], stderr: Buffer[], error: Buffer[]): Collected {
  const statusText = Buffer.concat(error).toString()
  let status = {}
  try {
    status = JSON.parse(statusText)
  } catch {
    // Plain text, before v4.
  }
  return { stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr), statusText, status }
}

/** A SPDY session of exec or attach. */
export async function spdyCommand({ port, path, token, method = 'POST' }: Target, streams: readonly string[]) {
  const { connection, head, headers } = await openUpgrade(
    new URL(`https://127.0.0.1:${port}${path}`),
    { Upgrade: 'SPDY/3.1', 'X-Stream-Protocol-Version': 'v4.channel.k8s.io', ...credentials(token) },
    method,
    { rejectUnauthorized: false },
  )
  const session = new SpdyClientSession(connection, head)
  const parts: Record<string, Buffer[]> = { stdout: [], stderr: [], error: [] }
  const ended: Promise<void>[] = []
  const opened: Record<string, SpdyStream> = {}
  for (const streamtype of ['error', ...streams]) {
    const end = Promise.withResolvers<void>()
    if (parts[streamtype]) ended.push(end.promise)
    opened[streamtype] = session.open(
      { streamtype },
      { data: data => parts[streamtype]?.push(Buffer.from(data)), end: () => end.resolve() },
    )
  }
  const closed = Promise.race([Promise.all(ended), session.closed]).then(() => {
    session.close()
    return collect(parts.stdout ?? [], parts.stderr ?? [], parts.error ?? [])
  })
  return { session, headers, streams: opened, closed }
}

/** A SPDY session of port-forward, straight or inside of a WebSocket. */
export async function spdyPortForward({ port, path, token }: Target, tunnel: boolean): Promise<SpdyClientSession> {
  if (!tunnel) {
    const { connection, head } = await openUpgrade(
      new URL(`https://127.0.0.1:${port}${path}`),
      { Upgrade: 'SPDY/3.1', 'X-Stream-Protocol-Version': 'portforward.k8s.io', ...credentials(token) },
      'POST',
      { rejectUnauthorized: false },
    )
    return new SpdyClientSession(connection, head)
  }
  const socket = await openWebSocket({ port, path, ...(token ? { token } : {}) }, 'SPDY/3.1+portforward.k8s.io')
  socket.on('error', () => {})
  return new SpdyClientSession(duplexOf(socket), Buffer.alloc(0))
}

/** One forwarded connection. */
export function forwardedConnection(session: SpdyClientSession, port: number, id: number) {
  const errors: Buffer[] = []
  const error = session.open(
    { streamtype: 'error', port: String(port), requestid: String(id) },
    { data: data => errors.push(data), end: () => errorEnd.resolve() },
  )
  const errorEnd = Promise.withResolvers<void>()
  error.end()
  const parts: Buffer[] = []
  const dataEnd = Promise.withResolvers<void>()
  const data = session.open(
    { streamtype: 'data', port: String(port), requestid: String(id) },
    { data: part => parts.push(Buffer.from(part)), end: () => dataEnd.resolve() },
  )
  return {
    data,
    ended: Promise.all([dataEnd.promise, errorEnd.promise]).then(() => ({
      received: Buffer.concat(parts),
      error: Buffer.concat(errors).toString(),
    })),
  }
}
