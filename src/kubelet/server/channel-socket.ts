/** A WebSocket that carries several streams: the first byte of a message names the channel. */
import type { WebSocket } from 'ws'

/** More unsent output than this pauses the container's side. */
const maxBufferedBytes = 1024 * 1024

const bytesOf = (data: Buffer | ArrayBuffer | Buffer[]): Buffer =>
  Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as ArrayBuffer)

export class ChannelSocket {
  readonly protocol: string
  /** Aborted when the client has left. */
  readonly gone: AbortSignal
  readonly #socket: WebSocket
  readonly #inBase64: boolean
  #source: { pause(): void; resume(): void } | undefined
  #paused = false

  /** Stops the reading at once, so that nothing is lost before `receive` is called. */
  constructor(socket: WebSocket, protocol: string) {
    socket.pause()
    this.#socket = socket
    this.protocol = protocol
    this.#inBase64 = protocol.includes('base64')
    this.gone = goneSignal(socket)
  }

  /** Starts the reading: while one message is worked on, no more are read. Called once. */
  receive(handler: (channel: number, data: Buffer) => Promise<void>): void {
    const socket = this.#socket
    // What one read of the connection brought is delivered although the socket is paused: it waits in this chain.
    let chain: Promise<void> = Promise.resolve()
    let waiting = 0
    socket.on('message', (data: Buffer | ArrayBuffer | Buffer[]) => {
      waiting += 1
      socket.pause()
      chain = chain
        .then(() => this.#handle(bytesOf(data), handler))
        .catch(() => this.close(1011))
        .then(() => {
          waiting -= 1
          if (waiting === 0) socket.resume()
        })
    })
    socket.resume()
  }

  #handle(message: Buffer, handler: (channel: number, data: Buffer) => Promise<void>): Promise<void> {
    if (!this.#inBase64) return handler(message[0] ?? -1, message.subarray(1))
    return handler((message[0] ?? 0) - 0x30, Buffer.from(message.toString('latin1', 1), 'base64'))
  }

  /** What is stopped while the client reads more slowly than it gives. */
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
    if (this.#inBase64) socket.send(`${String.fromCharCode(0x30 + channel)}${data.toString('base64')}`, sent)
    else socket.send(Buffer.concat([Buffer.from([channel]), data]), sent)
    if (this.#paused || socket.bufferedAmount <= maxBufferedBytes) return
    this.#paused = true
    this.#source?.pause()
  }

  close(code: number, reason = ''): void {
    this.#socket.close(code, reason)
    // The client's own close must be read.
    this.#socket.resume()
  }
}

/** How often the client is asked for a sign of life: a connection that broke while it is not read shows by it. */
const keepAliveMs = 15_000

/** Aborted when the client of a WebSocket has left. */
export function goneSignal(socket: WebSocket): AbortSignal {
  const gone = new AbortController()
  const keepAlive = setInterval(() => socket.ping(), keepAliveMs)
  socket.once('close', () => {
    clearInterval(keepAlive)
    gone.abort()
  })
  return gone.signal
}
