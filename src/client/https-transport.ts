/** The API server over HTTPS: HTTP/2 with a client certificate or a bearer token. */
import { readFile } from 'node:fs/promises'
import http2, { type ClientHttp2Stream, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2'
import { sleep } from '../base/clock.ts'
import { ApiError, type FailureStatus } from '../machinery/api-error.ts'
import { Http2Sessions, UnreachableError } from './http2-sessions.ts'
import { LineSplitter } from './line-splitter.ts'
import type { Transport, TransportRequest, WatchEvent } from './transport.ts'

export { UnreachableError } from './http2-sessions.ts'

export interface HttpsTransportOptions {
  /** `https://host:port`; a path behind it is put in front of every request's. */
  readonly server: string
  /** PEM. Absent: the system's certificate authorities. */
  readonly ca?: string
  readonly insecureSkipTlsVerify?: boolean
  /** Name to check the server's certificate against, where it is not the host. */
  readonly serverName?: string
  /** PEM, both or neither. */
  readonly certificate?: string
  readonly key?: string
  readonly token?: string
  /** Read again every minute and after a 401: bound tokens are renewed in place. Goes before `token`. */
  readonly tokenFile?: string
  /** Asked before every request, with true after a 401. Goes before both. */
  readonly tokenSource?: (renew: boolean) => Promise<string>
  readonly userAgent?: string
  /** More headers, as `Impersonate-User`. */
  readonly headers?: Readonly<Record<string, string>>
  /** Time for an answer to be complete, or for a watch to start. */
  readonly requestTimeoutMs?: number
  readonly connectTimeoutMs?: number
}

/** An answer, or one event of a watch, is at most this long. */
const maxAnswerBytes = 512 * 1024 * 1024
const maxEventBytes = 32 * 1024 * 1024
/** client-go's bound on retries that the server asks for by Retry-After. */
const maxRetries = 10
const maxRetryAfterMs = 60_000
const tokenMaxAgeMs = 60_000

export class HttpsTransport implements Transport {
  readonly #options: HttpsTransportOptions
  #sessions: Http2Sessions
  readonly #origin: string
  readonly #prefix: string
  readonly #authority: string
  #fileToken = ''
  #fileTokenReadAt = Number.NEGATIVE_INFINITY
  #tokenRefused = false

  constructor(options: HttpsTransportOptions) {
    const url = new URL(options.server)
    if (url.protocol !== 'https:') throw new Error(`the server's address must start with https://: ${options.server}`)
    this.#options = options
    this.#prefix = url.pathname === '/' ? '' : url.pathname.replace(/\/$/, '')
    this.#authority = url.host
    this.#origin = url.origin
    this.#sessions = this.#connect(options)
  }

  /** For requests from now on; what is under way ends on the connections that it has. */
  useCertificate(certificate: string, key: string): void {
    const before = this.#sessions
    this.#sessions = this.#connect({ ...this.#options, certificate, key })
    before.retire()
  }

  #connect({
    ca,
    certificate,
    key,
    serverName,
    insecureSkipTlsVerify,
    connectTimeoutMs,
  }: HttpsTransportOptions): Http2Sessions {
    return new Http2Sessions({
      origin: this.#origin,
      connectTimeoutMs: connectTimeoutMs ?? 10_000,
      tls: {
        // Each certificate is trusted as it is, as Go does it: also an authority between, or the server's own.
        ...(ca === undefined ? {} : { ca, allowPartialTrustChain: true }),
        ...(certificate === undefined ? {} : { cert: certificate }),
        ...(key === undefined ? {} : { key }),
        ...(serverName === undefined ? {} : { servername: serverName }),
        rejectUnauthorized: insecureSkipTlsVerify !== true,
      },
    })
  }

  async request(request: TransportRequest): Promise<unknown> {
    return JSON.parse(await this.requestText(request))
  }

  /** The answer as text, for what is not JSON: logs, `/metrics`, `/readyz`. */
  async requestText(request: TransportRequest): Promise<string> {
    for (let attempt = 0; ; attempt++) {
      const timeout = AbortSignal.timeout(this.#options.requestTimeoutMs ?? 60_000)
      const signal = request.signal ? AbortSignal.any([request.signal, timeout]) : timeout
      try {
        const { stream, headers } = await this.#start(request, 'application/json', signal)
        const text = await readAll(stream, signal)
        const status = Number(headers[':status'])
        if (status < 400) return text
        if (!(await this.#mayRetry(status, headers, attempt, request.signal))) throw failureOf(status, text)
      } catch (error) {
        request.signal?.throwIfAborted()
        if (!retriable(error, request) || attempt >= 2) throw error
      }
    }
  }

  async *watch(request: TransportRequest): AsyncGenerator<WatchEvent<unknown>> {
    const stop = new AbortController()
    const signal = request.signal ? AbortSignal.any([request.signal, stop.signal]) : stop.signal
    const timer = setTimeout(
      () => stop.abort(new UnreachableError('the watch did not start in time', undefined, false)),
      this.#options.requestTimeoutMs ?? 60_000,
    )
    let opened: Opened
    try {
      opened = await this.#start(request, 'application/json', signal)
      const status = Number(opened.headers[':status'])
      if (status >= 400) {
        if (status === 401) this.#tokenRefused = true
        throw failureOf(status, await readAll(opened.stream, signal))
      }
    } finally {
      clearTimeout(timer)
    }
    yield* eventsOf(opened.stream, request.signal)
  }

  /** Ends all connections; requests under way fail. */
  close(): void {
    this.#sessions.close()
  }

  async #start(request: TransportRequest, accept: string, signal: AbortSignal): Promise<Opened> {
    signal.throwIfAborted()
    const body = bodyOf(request)
    const token = await this.#token()
    const headers: OutgoingHttpHeaders = {
      ...this.#options.headers,
      ':method': request.method,
      ':path': `${this.#prefix}${request.path}${queryOf(request.query)}`,
      ':authority': this.#authority,
      accept,
      'user-agent': this.#options.userAgent ?? 'clipper',
      ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined
        ? {}
        : { 'content-type': request.contentType ?? 'application/json', 'content-length': body.length }),
    }
    const stream = await this.#sessions.open(headers, body === undefined)
    return new Promise<Opened>((resolve, reject) => {
      const onAbort = () => {
        stream.close(http2.constants.NGHTTP2_CANCEL)
        reject(signal.reason)
      }
      if (signal.aborted) return onAbort()
      signal.addEventListener('abort', onAbort, { once: true })
      stream.once('response', answer => resolve({ stream, headers: answer }))
      stream.on('error', error =>
        reject(new UnreachableError(`${this.#authority}: ${error.message}`, error, refused(stream))),
      )
      stream.once('close', () => {
        signal.removeEventListener('abort', onAbort)
        reject(new UnreachableError(`${this.#authority}: the connection was lost`, undefined, refused(stream)))
      })
      if (body !== undefined) stream.end(body)
    })
  }

  async #mayRetry(
    status: number,
    headers: IncomingHttpHeaders,
    attempt: number,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const { tokenFile, tokenSource } = this.#options
    if (status === 401 && (tokenFile !== undefined || tokenSource) && attempt === 0) {
      this.#tokenRefused = true
      return true
    }
    const seconds = Number(headers['retry-after'])
    if ((status !== 429 && status < 500) || !(seconds >= 0) || attempt >= maxRetries) return false
    await sleep(Math.min(seconds * 1000, maxRetryAfterMs), signal)
    return true
  }

  async #token(): Promise<string> {
    const { token, tokenFile, tokenSource } = this.#options
    const renew = this.#tokenRefused
    this.#tokenRefused = false
    if (tokenSource) return tokenSource(renew)
    if (tokenFile === undefined) return token ?? ''
    if (renew || performance.now() - this.#fileTokenReadAt > tokenMaxAgeMs) {
      this.#fileToken = (await readFile(tokenFile, 'utf8')).trim()
      this.#fileTokenReadAt = performance.now()
    }
    return this.#fileToken
  }
}

interface Opened {
  readonly stream: ClientHttp2Stream
  readonly headers: IncomingHttpHeaders
}

const refused = (stream: ClientHttp2Stream): boolean => stream.rstCode === http2.constants.NGHTTP2_REFUSED_STREAM

/** Only what the server has not acted on, or what may be repeated, is sent again. */
const retriable = (error: unknown, request: TransportRequest): boolean =>
  error instanceof UnreachableError &&
  !isTlsFailure(error) &&
  (error.neverSent ? !isConnectFailure(error) : request.method === 'GET')

/** One of the two does not trust the other: no later attempt will do better. */
export const isTlsFailure = ({ cause }: UnreachableError): boolean =>
  cause instanceof Error && 'code' in cause && isTlsCode(cause)

const isTlsCode = (error: Error & { code?: unknown }): boolean =>
  typeof error.code === 'string' && /CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO/.test(error.code)

/** No server listens: the caller decides how long to wait for one. */
const isConnectFailure = (error: UnreachableError): boolean =>
  error.cause instanceof Error &&
  'code' in error.cause &&
  /ECONNREFUSED|ENOTFOUND|EHOSTUNREACH/.test(String(error.cause.code))

function queryOf(query: TransportRequest['query']): string {
  if (!query) return ''
  const entries = Object.entries(query).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '',
  )
  return entries.length === 0 ? '' : `?${new URLSearchParams(entries)}`
}

function bodyOf(request: TransportRequest): Buffer | undefined {
  if (request.body === undefined) return undefined
  if (request.body instanceof Uint8Array) return Buffer.from(request.body)
  return Buffer.from(JSON.stringify(request.body))
}

async function readAll(stream: ClientHttp2Stream, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  const onAbort = () => stream.close(http2.constants.NGHTTP2_CANCEL)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      length += chunk.length
      if (length > maxAnswerBytes) throw new Error(`the answer is longer than ${maxAnswerBytes} bytes`)
      chunks.push(chunk)
    }
  } catch (error) {
    signal.throwIfAborted()
    throw new UnreachableError(`the answer broke off: ${(error as Error).message}`, error, false)
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
  signal.throwIfAborted()
  if (stream.rstCode !== 0) throw new UnreachableError('the answer broke off', undefined, refused(stream))
  return Buffer.concat(chunks).toString('utf8')
}

async function* eventsOf(stream: ClientHttp2Stream, signal?: AbortSignal): AsyncGenerator<WatchEvent<unknown>> {
  const lines = new LineSplitter(maxEventBytes)
  const onAbort = () => stream.close(http2.constants.NGHTTP2_CANCEL)
  if (signal?.aborted) onAbort()
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      for (const line of lines.push(chunk)) {
        if (line !== '') yield JSON.parse(line) as WatchEvent<unknown>
      }
    }
    const rest = lines.rest()
    if (rest !== '' && !signal?.aborted)
      throw new UnreachableError('the watch broke off within an event', undefined, false)
  } catch (error) {
    if (signal?.aborted) return
    throw error instanceof UnreachableError ? error : new UnreachableError((error as Error).message, error, false)
  } finally {
    signal?.removeEventListener('abort', onAbort)
    if (!stream.closed) stream.close(http2.constants.NGHTTP2_CANCEL)
  }
}

/** The Status in an answer's body; a body that is none becomes a Status of the code. */
export function failureOf(code: number, text: string): ApiError {
  try {
    const status = JSON.parse(text) as Partial<FailureStatus>
    if (status.kind === 'Status') {
      return new ApiError(status.code ?? code, status.reason, status.message ?? '', status.details)
    }
  } catch {
    // Not JSON: a proxy between, or a plain text error.
  }
  const reasons: Record<number, string> = {
    401: 'Unauthorized',
    403: 'Forbidden',
    404: 'NotFound',
    429: 'TooManyRequests',
    503: 'ServiceUnavailable',
  }
  return new ApiError(code, reasons[code], text.trim().slice(0, 2048) || `the server answered with code ${code}`)
}
