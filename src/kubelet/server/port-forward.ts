/**
 * Port-forwarding: SPDY/3.1 (`portforward.k8s.io`), straight or inside a WebSocket (`SPDY/3.1+portforward.k8s.io`,
 * KEP-4006). Both carry the same bytes to the runtime's streaming server, which speaks SPDY/3.1.
 */
import { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { join, openUpgrade } from '../../base/upgrade.ts'
import { goneSignal } from './channel-socket.ts'

export const portForwardProtocol = 'portforward.k8s.io'
export const tunnelProtocol = `SPDY/3.1+${portForwardProtocol}`

/** Joins the bytes inside a WebSocket to a SPDY connection of the runtime. */
export async function servePortForwardTunnel(socket: WebSocket, url: URL): Promise<void> {
  // The client speaks only after its upgrade; what it sends before the runtime is reached waits in the stream.
  const tunnel = duplexOf(socket)
  const gone = goneSignal(socket)
  try {
    const wanted = { Upgrade: 'SPDY/3.1', 'X-Stream-Protocol-Version': portForwardProtocol }
    const upgraded = await openUpgrade(url, wanted, 'POST', { signal: gone })
    if (upgraded.head.length > 0) upgraded.connection.unshift(upgraded.head)
    await join(tunnel, upgraded.connection)
  } catch (error) {
    tunnel.on('error', () => {})
    socket.close(1011, (error as Error).message.slice(0, 120))
    tunnel.destroy()
  }
}

const maxBufferedBytes = 1024 * 1024

/** The binary messages of a WebSocket as a byte stream. */
export function duplexOf(socket: WebSocket): Duplex {
  const duplex = new Duplex({
    read: () => socket.resume(),
    write(chunk: Buffer, _encoding, done) {
      if (socket.readyState !== socket.OPEN) return done(new Error('the WebSocket is closed'))
      socket.send(chunk, error => done(error ?? null))
    },
    final(done) {
      socket.close(1000)
      done()
    },
    destroy(error, done) {
      if (socket.readyState === socket.OPEN) socket.close(error ? 1011 : 1000)
      done(error)
    },
    writableHighWaterMark: maxBufferedBytes,
  })
  socket.on('message', (data: Buffer | ArrayBuffer | Buffer[]) => {
    const message = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as ArrayBuffer)
    if (!duplex.push(message)) socket.pause()
  })
  socket.on('close', () => {
    duplex.push(null)
    duplex.destroy()
  })
  socket.on('error', error => duplex.destroy(error))
  return duplex
}
