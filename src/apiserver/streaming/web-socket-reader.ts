/** A stream of bytes as messages of a WebSocket (the protocols `binary.k8s.io` and `base64.binary.k8s.io`). */
import type { Readable } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { ApiError } from '../../machinery/api-error.ts'
import type { ConnectionAccess } from '../chain/server-request.ts'

/** '' is for clients that name none. */
const protocols = ['', 'binary.k8s.io', 'base64.binary.k8s.io'] as const
/** Clients have nothing to say but that they leave. */
const maxIncomingBytes = 4096

const server = new WebSocketServer({
  noServer: true,
  maxPayload: maxIncomingBytes,
  perMessageDeflate: false,
  handleProtocols: offered => protocols.find(known => offered.has(known)) ?? false,
})

/** Refuses what could not be understood before anything is asked of the node. */
export function checkWebSocketReader({ request }: ConnectionAccess): void {
  if (request.headers.upgrade?.toLowerCase() !== 'websocket')
    throw new ApiError(400, 'BadRequest', `unable to upgrade to ${JSON.stringify(request.headers.upgrade)}`)
  const offered = request.headers['sec-websocket-protocol']?.split(',').map(protocol => protocol.trim())
  if (offered && !offered.some(protocol => protocols.some(known => known === protocol)))
    throw new ApiError(403, 'Forbidden', `requested protocol(s) are not supported: [${offered.join(' ')}]`)
}

/** Resolves when the stream has ended or the client has left. A client that does not read stops the reading of the stream. */
export function sendAsWebSocket(upstream: Readable, { request, upgrade }: ConnectionAccess): Promise<void> {
  return new Promise(resolve => {
    if (!upgrade || upgrade.socket.destroyed) {
      upstream.destroy()
      return resolve()
    }
    upgrade.socket.once('close', () => {
      upstream.destroy()
      resolve()
    })
    // An upgrade comes over HTTP/1.1 alone.
    server.handleUpgrade(request as import('node:http').IncomingMessage, upgrade.socket, upgrade.head, webSocket => {
      webSocket.on('error', () => webSocket.terminate())
      pump(upstream, webSocket).then(
        () => webSocket.close(1000),
        () => webSocket.close(1011),
      )
    })
  })
}

async function pump(upstream: Readable, webSocket: WebSocket): Promise<void> {
  const inBase64 = webSocket.protocol === 'base64.binary.k8s.io'
  const send = (part: Buffer) =>
    new Promise<void>((sent, failed) =>
      webSocket.send(inBase64 ? part.toString('base64') : part, error => (error ? failed(error) : sent())),
    )
  // Tells the client that the stream has begun, before there is anything in it.
  await send(Buffer.alloc(0))
  for await (const part of upstream) await send(part as Buffer)
}
