/**
 * The HTTP/2 connections to one server. A stream goes to the first connection with room; a connection that fails, says
 * GOAWAY or stops answering pings takes no further streams.
 */

import type { SecureClientSessionOptions } from 'node:http2'
import http2, { type ClientHttp2Session, type ClientHttp2Stream, type OutgoingHttpHeaders } from 'node:http2'

/** The server could not be reached, or the connection broke before it answered. */
export class UnreachableError extends Error {
  /** Whether the server can not have acted on the request. */
  readonly neverSent: boolean
  constructor(message: string, cause: unknown, neverSent: boolean) {
    super(message, { cause })
    this.name = 'UnreachableError'
    this.neverSent = neverSent
  }
}

export interface SessionOptions {
  /** `https://host:port`. */
  readonly origin: string
  readonly tls: SecureClientSessionOptions
  readonly connectTimeoutMs: number
}

/** Streams on one connection: what API servers allow (upstream's `--http2-max-streams-per-connection`). */
const maxStreams = 250
/** Connections to one server. Beyond this, streams wait inside the last connection. */
const maxSessions = 8
/** As client-go: ping after 30 s of silence, give up 15 s later. */
const pingAfterMs = 30_000
const pingTimeoutMs = 15_000

interface Connection {
  readonly session: ClientHttp2Session
  readonly ready: Promise<void>
  open: number
}

export class Http2Sessions {
  readonly #options: SessionOptions
  #connections: Connection[] = []
  #closed = false

  constructor(options: SessionOptions) {
    this.#options = options
  }

  /** Opens a stream. Throws UnreachableError if there is no connection to be had. */
  async open(headers: OutgoingHttpHeaders, endStream: boolean): Promise<ClientHttp2Stream> {
    if (this.#closed) throw new UnreachableError('the transport is closed', undefined, true)
    const connection = this.#pick()
    connection.open++
    try {
      await connection.ready
      const stream = connection.session.request(headers, { endStream })
      stream.once('close', () => {
        connection.open--
      })
      return stream
    } catch (error) {
      connection.open--
      this.#forget(connection)
      throw new UnreachableError(`${this.#options.origin}: ${messageOf(error)}`, error, true)
    }
  }

  /** Takes no further streams; its connections end with the streams that they have. */
  retire(): void {
    for (const { session } of this.#connections) session.close()
    this.#connections = []
  }

  close(): void {
    this.#closed = true
    for (const { session } of this.#connections) session.destroy()
    this.#connections = []
  }

  #pick(): Connection {
    const room = (connection: Connection): boolean => {
      const remote = connection.session.connecting ? maxStreams : connection.session.remoteSettings.maxConcurrentStreams
      return connection.open < Math.min(maxStreams, remote ?? maxStreams)
    }
    const free = this.#connections.find(room)
    if (free) return free
    if (this.#connections.length >= maxSessions) {
      return this.#connections.reduce((least, other) => (other.open < least.open ? other : least))
    }
    const made = this.#connect()
    this.#connections.push(made)
    return made
  }

  #connect(): Connection {
    const { origin, tls, connectTimeoutMs } = this.#options
    const session = http2.connect(origin, { ...tls, maxSessionMemory: 64, settings: { enablePush: false } })
    const ready = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => session.destroy(new Error('connection timed out')), connectTimeoutMs)
      session.once('remoteSettings', () => {
        clearTimeout(timer)
        resolve()
      })
      session.once('error', error => {
        clearTimeout(timer)
        reject(error)
      })
      session.once('close', () => {
        clearTimeout(timer)
        reject(new Error('connection closed'))
      })
    })
    ready.catch(() => {})
    const connection: Connection = { session, ready, open: 0 }
    session.on('error', () => {})
    session.on('goaway', () => this.#forget(connection))
    session.on('close', () => this.#forget(connection))
    keepAlive(session)
    return connection
  }

  #forget(connection: Connection): void {
    this.#connections = this.#connections.filter(other => other !== connection)
  }
}

function keepAlive(session: ClientHttp2Session): void {
  session.setTimeout(pingAfterMs, () => {
    if (session.destroyed) return
    const timer = setTimeout(() => session.destroy(new Error('no answer to a ping')), pingTimeoutMs)
    timer.unref()
    // A ping cannot be sent on a session that is closing; its end then comes from the server or from the timer.
    session.ping(() => clearTimeout(timer))
  })
}

const messageOf = (error: unknown): string => {
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0])
  return error instanceof Error ? error.message : String(error)
}
