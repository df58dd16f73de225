/**
 * Port-forwarding by channels of a WebSocket (`v4.channel.k8s.io`), as clients without SPDY do it: the query names the
 * ports; port i has channel 2i for data and 2i + 1 for an error, both begun by the server with the port's number.
 */
import { openUpgrade } from '../../base/upgrade.ts'
import type { ChannelSocket } from './channel-socket.ts'
import { portForwardProtocol } from './port-forward.ts'
import { SpdyClientSession, type SpdyStream } from './spdy/client-session.ts'

export const portForwardChannelProtocols = ['v4.channel.k8s.io', 'v4.base64.channel.k8s.io'] as const

export async function servePortForwardChannels(
  socket: ChannelSocket,
  url: URL,
  ports: readonly number[],
): Promise<void> {
  if (ports.length === 0) throw new Error('query parameter "ports" is required')
  const wanted = { Upgrade: 'SPDY/3.1', 'X-Stream-Protocol-Version': portForwardProtocol }
  const upgraded = await openUpgrade(url, wanted, 'POST', { signal: socket.gone })
  const session = new SpdyClientSession(upgraded.connection, upgraded.head)
  session.closeOn(socket.gone)
  socket.throttle(session)

  const ended: Promise<void>[] = []
  const open = (streamtype: 'error' | 'data', i: number): SpdyStream => {
    const port = ports[i] ?? 0
    const channel = streamtype === 'data' ? 2 * i : 2 * i + 1
    const end = Promise.withResolvers<void>()
    ended.push(end.promise)
    const headers = { streamtype, port: String(port), requestid: String(i) }
    return session.open(headers, { data: data => socket.send(channel, data), end: () => end.resolve() })
  }
  const streams = ports.map((port, i) => {
    // Clients read one after the other: data first.
    for (const channel of [2 * i, 2 * i + 1]) socket.send(channel, Buffer.from([port & 0xff, port >> 8]))
    // The runtime waits for the pair; the error stream comes first, and is never written by this side.
    open('error', i).end()
    return open('data', i)
  })
  socket.receive(async (channel, data) => {
    if (channel % 2 === 0) await streams[channel / 2]?.write(data)
  })
  await Promise.race([Promise.all(ended), session.closed])
  socket.close(1000)
  session.close()
}
