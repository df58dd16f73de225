/**
 * gRPC as a client directly on HTTP/2 (half the cost of a full gRPC library): unary calls and server streams over a unix
 * socket or TCP. The connection is made on the first call and made anew after it was lost; calls under way then fail
 * with UNAVAILABLE. https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2'
import { connect as connectSocket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { GrpcCode, GrpcError } from './grpc-error.ts'
import { frameOf, MessageReader } from './message-reader.ts'

export type GrpcTarget =
  | { readonly socketPath: string }
  | { readonly host: string; readonly port: number; readonly tls?: boolean }

export interface CallOptions {
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  readonly metadata?: Readonly<Record<string, string>>
}

/** A message larger than this is refused, as 16 MiB of exec output and their framing still fit. */
const maxMessageBytes = 64 << 20
const windowBytes = 4 << 20

const codeOfHttpStatus = (status: number): number =>
  status === 404 ? GrpcCode.unimplemented : status === 429 || status >= 502 ? GrpcCode.unavailable : GrpcCode.unknown

export class GrpcChannel {
  readonly #target: GrpcTarget
  #session: ClientHttp2Session | undefined
  #closed = false

  constructor(target: GrpcTarget) {
    this.#target = target
  }

  /** One request, one response. Throws GrpcError. */
  async unary(path: string, request: Uint8Array, options: CallOptions = {}): Promise<Uint8Array> {
    let response: Uint8Array | undefined
    await this.#call(path, request, options, message => {
      response = message
    })
    if (response === undefined) throw new GrpcError(13, `${path} answered without a message`)
    return response
  }

  /** One request, many responses; resolves when the server ends the stream. Throws GrpcError. */
  stream(
    path: string,
    request: Uint8Array,
    onMessage: (message: Uint8Array) => void,
    options: CallOptions = {},
  ): Promise<void> {
    return this.#call(path, request, options, onMessage)
  }

  close(): void {
    this.#closed = true
    this.#session?.destroy()
    this.#session = undefined
  }

  #connect(): ClientHttp2Session {
    if (this.#closed) throw new GrpcError(GrpcCode.unavailable, 'the channel is closed')
    const known = this.#session
    if (known && !known.destroyed && !known.closed) return known
    const target = this.#target
    const session = connect('http://localhost', {
      createConnection: () =>
        'socketPath' in target
          ? connectSocket(target.socketPath)
          : target.tls === true
            ? connectTls({ host: target.host, port: target.port, ALPNProtocols: ['h2'], rejectUnauthorized: false })
            : connectSocket(target.port, target.host),
      settings: { initialWindowSize: windowBytes, enablePush: false },
    })
    this.#session = session
    session.on('error', () => {})
    session.on('connect', () => session.setLocalWindowSize(windowBytes))
    const forget = () => {
      if (this.#session === session) this.#session = undefined
    }
    session.on('goaway', forget)
    session.on('close', forget)
    session.on('error', forget)
    session.unref()
    return session
  }

  #call(
    path: string,
    request: Uint8Array,
    options: CallOptions,
    onMessage: (message: Uint8Array) => void,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const { signal, timeoutMs } = options
      if (signal?.aborted) return reject(new GrpcError(GrpcCode.cancelled, 'context canceled'))
      let session: ClientHttp2Session
      try {
        session = this.#connect()
      } catch (error) {
        return reject(error)
      }
      const stream: ClientHttp2Stream = session.request({
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc',
        te: 'trailers',
        ...(timeoutMs === undefined ? {} : { 'grpc-timeout': `${Math.min(99_999_999, Math.ceil(timeoutMs))}m` }),
        ...options.metadata,
      })
      const reader = new MessageReader(maxMessageBytes)
      let done = false
      let transportFailure = ''
      const finish = (error?: GrpcError) => {
        if (done) return
        done = true
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
        if (error) {
          if (!stream.destroyed) stream.close(constants.NGHTTP2_CANCEL)
          reject(error)
        } else resolve()
      }
      const onAbort = () => finish(new GrpcError(GrpcCode.cancelled, 'context canceled'))
      // The server is given the deadline too; this one covers a server that hangs.
      const timer =
        timeoutMs === undefined
          ? undefined
          : setTimeout(() => finish(new GrpcError(GrpcCode.deadlineExceeded, 'context deadline exceeded')), timeoutMs)
      signal?.addEventListener('abort', onAbort, { once: true })
      const readStatus = (headers: Record<string, string | string[] | undefined | number>) => {
        if (headers['grpc-status'] === undefined) return
        const code = Number(headers['grpc-status'])
        const details = String(headers['grpc-message'] ?? '')
        finish(code === 0 ? undefined : new GrpcError(code, decodeDetails(details)))
      }
      stream.on('response', headers => {
        const status = headers[':status'] ?? 0
        if (status !== 200) finish(new GrpcError(codeOfHttpStatus(status), `unexpected HTTP status ${status}`))
        else if (headers['grpc-status'] !== undefined && headers['grpc-status'] !== '0') readStatus(headers)
      })
      stream.on('data', (chunk: Buffer) => {
        if (done) return
        try {
          for (const message of reader.push(chunk)) onMessage(message)
        } catch (error) {
          finish(error instanceof GrpcError ? error : new GrpcError(13, (error as Error).message))
        }
      })
      let trailers: Record<string, string | string[] | undefined> | undefined
      stream.on('trailers', headers => {
        trailers = headers as Record<string, string | string[] | undefined>
      })
      stream.on('end', () => {
        if (trailers) readStatus(trailers)
      })
      stream.on('error', error => {
        transportFailure = error.message
      })
      stream.on('close', () => {
        if (trailers) readStatus(trailers)
        finish(new GrpcError(GrpcCode.unavailable, transportFailure || 'the connection was lost'))
      })
      stream.end(frameOf(request))
    })
  }
}

/** grpc-message is percent-encoded; a broken encoding is shown as it came. */
function decodeDetails(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
