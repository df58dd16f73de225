/** A connection on which bytes are written by hand: heads of HTTP/1.1 and frames of HTTP/2 (RFC 9113) that no library would send. */
import { connect, type TLSSocket } from 'node:tls'

export interface Door {
  readonly port: number
  readonly ca: string
  readonly cert: string
  readonly key: string
}

export class RawConnection {
  readonly socket: TLSSocket
  readonly closed: Promise<void>
  readonly #chunks: Buffer[] = []
  #heard: () => void = () => {}

  private constructor(socket: TLSSocket) {
    this.socket = socket
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk)
      this.#heard()
    })
    this.closed = new Promise(resolve => socket.once('close', () => resolve()))
    this.closed.then(() => this.#heard())
  }

  static open({ port, ca, cert, key }: Door, protocol: 'h2' | 'http/1.1'): Promise<RawConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({
        host: '127.0.0.1',
        port,
        ca,
        cert,
        key,
        servername: 'localhost',
        ALPNProtocols: [protocol],
      })
      const raw = new RawConnection(socket)
      socket.once('secureConnect', () => resolve(raw))
      socket.once('error', reject)
      socket.once('close', () => reject(new Error('closed before it was open')))
    })
  }

  get received(): Buffer {
    return Buffer.concat(this.#chunks)
  }

  write(bytes: Uint8Array | string): boolean {
    return this.socket.writable && this.socket.write(bytes)
  }

  /** Resolves when what came fulfils the condition, or the connection is closed. */
  async until(condition: (received: Buffer) => boolean): Promise<void> {
    while (!this.socket.closed && !condition(this.received)) {
      await new Promise<void>(resolve => {
        this.#heard = resolve
      })
    }
  }
}

export const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'

export const frameTypes = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goAway: 7, continuation: 9 } as const

export function frame(type: number, flags: number, stream: number, payload: Uint8Array = new Uint8Array()): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

export const endStream = 1
export const endHeaders = 4
export const settingsFrame: Buffer = frame(frameTypes.settings, 0, 0)

/** Literal fields that are not indexed (RFC 7541, 6.2.2). */
export function headerBlock(fields: Readonly<Record<string, string>>): Buffer {
  const parts: Buffer[] = []
  const text = (value: string) => {
    const bytes = Buffer.from(value)
    parts.push(bytes.length < 127 ? Buffer.of(bytes.length) : lengthOf(bytes.length), bytes)
  }
  for (const [name, value] of Object.entries(fields)) {
    parts.push(Buffer.of(0))
    text(name)
    text(value)
  }
  return Buffer.concat(parts)
}

function lengthOf(length: number): Buffer {
  const bytes = [127]
  let rest = length - 127
  for (; rest >= 128; rest >>>= 7) bytes.push((rest & 127) | 128)
  bytes.push(rest)
  return Buffer.from(bytes)
}

export const get = (path: string): Buffer =>
  headerBlock({ ':method': 'GET', ':scheme': 'https', ':authority': 'localhost', ':path': path })

export interface Frame {
  readonly type: number
  readonly stream: number
  readonly payload: Buffer
}

export function framesIn(bytes: Buffer): Frame[] {
  const frames: Frame[] = []
  for (let at = 0; at + 9 <= bytes.length; ) {
    const length = bytes.readUIntBE(at, 3)
    if (at + 9 + length > bytes.length) break
    const payload = bytes.subarray(at + 9, at + 9 + length)
    frames.push({ type: bytes[at + 3] as number, stream: bytes.readUInt32BE(at + 5) & 0x7fffffff, payload })
    at += 9 + length
  }
  return frames
}
