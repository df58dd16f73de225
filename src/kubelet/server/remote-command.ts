/**
 * Exec and attach for clients that speak WebSocket (`v5.channel.k8s.io` and older), carried on to a streaming server
 * that speaks SPDY/3.1 with `v4.channel.k8s.io` (containerd from 1.6 on). Clients that speak SPDY themselves are joined
 * to it byte by byte.
 */
import { openUpgrade, UpgradeRefused } from '../../base/upgrade.ts'
import type { ChannelSocket } from './channel-socket.ts'
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

/** Runs one session to its end. `url` is the streaming URL that the runtime gave. */
export async function serveRemoteCommand(
  socket: ChannelSocket,
  url: URL,
  streams: RemoteCommandStreams,
): Promise<void> {
  const sendStatus = (status: Buffer) => {
    // Before v4 the error channel carries plain text, and nothing on success.
    const isStatus = socket.protocol.startsWith('v4') || socket.protocol.startsWith('v5')
    const content = isStatus ? status : Buffer.from(messageOfFailure(status))
    if (content.length > 0) socket.send(channels.error, content)
  }
  let session: SpdyClientSession
  try {
    const upgraded = await openUpgrade(
      url,
      { Upgrade: 'SPDY/3.1', 'X-Stream-Protocol-Version': 'v4.channel.k8s.io' },
      'POST',
      { signal: socket.gone },
    )
    session = new SpdyClientSession(upgraded.connection, upgraded.head)
  } catch (error) {
    sendStatus(failureStatus(error instanceof UpgradeRefused ? error.body.toString() : (error as Error).message))
    socket.close(1000)
    return
  }
  session.closeOn(socket.gone)
  socket.throttle(session)
  const status = await relay(socket, session, streams)
  sendStatus(status ?? failureStatus('the container runtime closed the connection'))
  socket.close(1000)
  session.close()
}

const failureStatus = (message: string): Buffer =>
  Buffer.from(JSON.stringify({ metadata: {}, status: 'Failure', message, reason: 'InternalError', code: 500 }))

/** Resolves with the runtime's status when all output has come, or with none if the connection broke. */
async function relay(
  socket: ChannelSocket,
  session: SpdyClientSession,
  streams: RemoteCommandStreams,
): Promise<Buffer | undefined> {
  const statusParts: Buffer[] = []
  const ended: Promise<void>[] = []
  const read = (streamtype: string, data: (data: Buffer) => void): SpdyStream => {
    const end = Promise.withResolvers<void>()
    ended.push(end.promise)
    return session.open({ streamtype }, { data, end: () => end.resolve() })
  }
  const ignore = { data: () => {}, end: () => {} }
  read('error', data => statusParts.push(data))
  const stdin = streams.stdin ? session.open({ streamtype: 'stdin' }, ignore) : undefined
  if (streams.stdout) read('stdout', data => socket.send(channels.stdout, data))
  if (streams.stderr && !streams.tty) read('stderr', data => socket.send(channels.stderr, data))
  const resize = streams.tty ? session.open({ streamtype: 'resize' }, ignore) : undefined

  socket.receive(async (channel, data) => {
    if (channel === channels.stdin) await stdin?.write(data)
    else if (channel === channels.resize) await resize?.write(data)
    else if (channel === channels.close && data[0] === channels.stdin) stdin?.end()
  })
  await Promise.race([Promise.all(ended), session.closed])
  return statusParts.length === 0 ? undefined : Buffer.concat(statusParts)
}

function messageOfFailure(status: Buffer): string {
  try {
    const { status: outcome, message } = JSON.parse(status.toString()) as { status?: string; message?: string }
    return outcome === 'Success' ? '' : (message ?? '')
  } catch {
    return status.toString()
  }
}
