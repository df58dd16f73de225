/**
 * Exec and attach for clients that speak WebSocket (`v5.channel.k8s.io` and older), carried on to a streaming server
 * that speaks SPDY/3.1 with `v4.channel.k8s.io` (containerd from 1.6 on). Clients that speak SPDY themselves are joined
 * to it byte by byte.
 */
import type { WebSocket } from 'ws'
import { openUpgrade, UpgradeRefused } from '../../base/upgrade.ts'
import { SpdyClientSession, type SpdyStream } from './spdy/client-session.ts'

/** The channels of a WebSocket message's first byte (KEP-4006). */
const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const

/** In the order of preference. */
export const remoteCommandProtocols = [
  'v5.channel.k8s.io',
  'v4.channel.k8s.io',
  'v4.base64.channel.k8s.io',
  'v3.channel.k8s.io',
  'v2.channel.k8s.io',
  'channel.k8s.io',
  'base64.channel.k8s.io',
] as const

export interface RemoteCommandStreams {
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
  readonly tty: boolean
}

/** More unsent output than this pauses the container's side. */
const maxBufferedBytes = 1024 * 1024

/** Runs one session to its end. `url` is the streaming URL that the runtime gave. */
export async function serveRemoteCommand(socket: WebSocket, url: URL, streams: RemoteCommandStreams): Promise<void> {
  const protocol = socket.protocol
  const inBase64 = protocol.includes('base64')
  const send = (channel: number, data: Buffer) => {
    if (socket.readyState !== socket.OPEN) return
    if (inBase64) socket.send(`${channel}${data.toString('base64')}`)
    else socket.send(Buffer.concat([Buffer.from([channel]), data]))
  }
  const sendStatus = (status: Buffer) => {
    // Before v4 the error channel carries plain text, and nothing on success.
    if (protocol.startsWith('v4') || protocol.startsWith('v5')) send(channels.error, status)
    else send(channels.error, Buffer.from(messageOfFailure(status)))
  }
  let session: SpdyClientSession
  try {
    const upgraded = await openUpgrade(url, { Upgrade: 'SPDY/3.1', 'X-Stream-Protocol-Version': 'v4.channel.k8s.io' })
    session = new SpdyClientSession(upgraded.connection, upgraded.head)
  } catch (error) {
    const message = error instanceof UpgradeRefused ? error.body.toString() : (error as Error).message
    sendStatus(
      Buffer.from(JSON.stringify({ metadata: {}, status: 'Failure', message, reason: 'InternalError', code: 500 })),
    )
    socket.close(1000)
    return
  }
  await relay(socket, session, streams, inBase64, send, sendStatus)
}

async function relay(
  socket: WebSocket,
  session: SpdyClientSession,
  streams: RemoteCommandStreams,
  inBase64: boolean,
  send: (channel: number, data: Buffer) => void,
  sendStatus: (status: Buffer) => void,
): Promise<void> {
  const pending = early(socket)
  const statusParts: Buffer[] = []
  const ended: Promise<void>[] = []
  const output = (channel: number) => {
    const end = Promise.withResolvers<void>()
    ended.push(end.promise)
    return {
      data: (data: Buffer) => {
        send(channel, data)
        if (socket.bufferedAmount > maxBufferedBytes) pauseUntilSent(socket, session)
      },
      end: () => end.resolve(),
    }
  }
  const ignore = { data: () => {}, end: () => {} }
  const statusEnd = Promise.withResolvers<void>()
  await session.open({ streamtype: 'error' }, { data: data => statusParts.push(data), end: () => statusEnd.resolve() })
  const stdin = streams.stdin ? await session.open({ streamtype: 'stdin' }, ignore) : undefined
  if (streams.stdout) await session.open({ streamtype: 'stdout' }, output(channels.stdout))
  if (streams.stderr && !streams.tty) await session.open({ streamtype: 'stderr' }, output(channels.stderr))
  const resize = streams.tty ? await session.open({ streamtype: 'resize' }, ignore) : undefined

  pending.drainTo(message => receive(message, inBase64, stdin, resize))
  const keepAlive = setInterval(() => socket.ping(), keepAliveMs)
  socket.on('close', () => session.close())
  socket.on('error', () => session.close())
  await Promise.race([Promise.all([statusEnd.promise, ...ended]), session.closed])
  clearInterval(keepAlive)
  if (statusParts.length > 0) sendStatus(Buffer.concat(statusParts))
  socket.close(1000)
  session.close()
}

/** Keeps what the client sends before the streams are open: at most as much as the WebSocket library buffers. */
function early(socket: WebSocket): { drainTo(handler: (message: Buffer) => Promise<void>): void } {
  let chain: Promise<void> = Promise.resolve()
  let handler: ((message: Buffer) => Promise<void>) | undefined
  const waiting: Buffer[] = []
  const next = (message: Buffer) => {
    if (!handler) return
    const run = handler
    socket.pause()
    chain = chain
      .then(() => run(message))
      .then(
        () => socket.resume(),
        () => socket.close(1011),
      )
  }
  socket.on('message', (data: Buffer | ArrayBuffer | Buffer[]) => {
    const message = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as ArrayBuffer)
    if (handler) next(message)
    else waiting.push(message)
  })
  return {
    drainTo(given) {
      handler = given
      for (const message of waiting.splice(0)) next(message)
    },
  }
}

const keepAliveMs = 15_000

async function receive(
  message: Buffer,
  inBase64: boolean,
  stdin: SpdyStream | undefined,
  resize: SpdyStream | undefined,
): Promise<void> {
  const channel = inBase64 ? (message[0] ?? 0) - 0x30 : message[0]
  const data = inBase64 ? Buffer.from(message.toString('latin1', 1), 'base64') : message.subarray(1)
  if (channel === channels.stdin) await stdin?.write(data)
  else if (channel === channels.resize) await resize?.write(data)
  else if (channel === channels.close && data[0] === channels.stdin) stdin?.end()
}

function pauseUntilSent(socket: WebSocket, session: SpdyClientSession): void {
  session.pause()
  const timer = setInterval(() => {
    if (socket.readyState === socket.OPEN && socket.bufferedAmount > maxBufferedBytes / 2) return
    clearInterval(timer)
    session.resume()
  }, 10)
}

function messageOfFailure(status: Buffer): string {
  try {
    const { status: outcome, message } = JSON.parse(status.toString()) as { status?: string; message?: string }
    return outcome === 'Success' ? '' : (message ?? '')
  } catch {
    return status.toString()
  }
}
