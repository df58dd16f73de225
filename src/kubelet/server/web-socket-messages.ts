/** The messages of a WebSocket, taken one at a time: while one is worked on, the socket is not read. */
import type { WebSocket } from 'ws'

const bytesOf = (data: Buffer | ArrayBuffer | Buffer[]): Buffer =>
  Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as ArrayBuffer)

export interface WebSocketMessages {
  /** Starts the reading. Called once. */
  each(handler: (message: Buffer) => Promise<void>): void
}

/** Stops the reading at once, so that nothing is lost before `each` is called. */
export function messagesOf(socket: WebSocket): WebSocketMessages {
  socket.pause()
  return {
    each(handler) {
      // What one read of the connection brought is delivered although the socket is paused: it waits in this chain.
      let chain: Promise<void> = Promise.resolve()
      let waiting = 0
      socket.on('message', (data: Buffer | ArrayBuffer | Buffer[]) => {
        waiting += 1
        socket.pause()
        chain = chain
          .then(() => handler(bytesOf(data)))
          .catch(() => socket.close(1011))
          .then(() => {
            waiting -= 1
            if (waiting === 0) socket.resume()
          })
      })
      socket.resume()
    },
  }
}

/** More unsent output than this pauses the container's side. */
const maxBufferedBytes = 1024 * 1024

/** Sends on channels (the first byte of a message), and stops `source` while the client is slower than it. */
export class ChannelWriter {
  readonly #socket: WebSocket
  readonly #inBase64: boolean
  #source: { pause(): void; resume(): void } | undefined
  #paused = false

  constructor(socket: WebSocket) {
    this.#socket = socket
    this.#inBase64 = socket.protocol.includes('base64')
  }

  throttle(source: { pause(): void; resume(): void }): void {
    this.#source = source
  }

  send(channel: number, data: Buffer): void {
    const socket = this.#socket
    if (socket.readyState !== socket.OPEN) return
    const sent = () => {
      if (!this.#paused || socket.bufferedAmount > maxBufferedBytes / 2) return
      this.#paused = false
      this.#source?.resume()
    }
    if (this.#inBase64) socket.send(`${channel}${data.toString('base64')}`, sent)
    else socket.send(Buffer.concat([Buffer.from([channel]), data]), sent)
    if (this.#paused || socket.bufferedAmount <= maxBufferedBytes) return
    this.#paused = true
    this.#source?.pause()
  }
}

/** Channel and content of a message. */
export function channelMessage(socket: WebSocket, message: Buffer): { channel: number; data: Buffer } {
  if (!socket.protocol.includes('base64')) return { channel: message[0] ?? -1, data: message.subarray(1) }
  return { channel: (message[0] ?? 0) - 0x30, data: Buffer.from(message.toString('latin1', 1), 'base64') }
}

/** How often the client is asked for a sign of life: a connection that broke while it is not read shows by it. */
const keepAliveMs = 15_000

/** Calls `gone` once when the client has left. */
export function watchClient(socket: WebSocket, gone: () => void): void {
  const keepAlive = setInterval(() => socket.ping(), keepAliveMs)
  const leave = () => {
    clearInterval(keepAlive)
    gone()
  }
  if (socket.readyState === socket.OPEN) socket.once('close', leave)
  else leave()
}
