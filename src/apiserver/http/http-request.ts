/** A Node request as the chain's ServerRequest. */
import type { Readable } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { ApiError, badRequestError, entityTooLargeError } from '../../machinery/api-error.ts'
import type { Credentials } from '../authentication/authenticator.ts'
import type { ConnectionAccess, Headers, RequestBody, ServerRequest } from '../chain/server-request.ts'

/** Upstream's limit of a body. */
export const maxBodyBytes = 3 * 1024 * 1024

const gunzipBytes = promisify(gunzip)

/** What is read of a request: of Node's own, or of an HTTP/2 stream. */
export interface Incoming {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly headers: object
  /** Of HTTP/2. */
  readonly stream?: { readonly session?: { readonly socket?: unknown } | undefined } | undefined
  /** Of HTTP/1.1. */
  readonly socket?: unknown
}

export interface RequestParts {
  readonly request: Incoming
  /** What the body comes from. */
  readonly bytes: Readable
  /** Makes the signal when someone asks for it: most requests are answered before anyone could. */
  readonly signal: () => AbortSignal
  readonly connection: ConnectionAccess
  readonly bodyTimeoutMs?: number
}

export function serverRequestOf({
  request,
  bytes,
  signal,
  connection,
  bodyTimeoutMs = 60_000,
}: RequestParts): ServerRequest {
  const url = request.url ?? '/'
  const mark = url.indexOf('?')
  const headers = request.headers as Headers
  return {
    method: request.method ?? 'GET',
    path: mark < 0 ? url : url.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)),
    headers,
    credentials: credentialsOf(request),
    remoteAddress: connectionOf(request).remoteAddress,
    body: bodyOf(request, bytes, bodyTimeoutMs),
    get signal() {
      return signal()
    },
    wantsObjects: false,
    connection,
  }
}

/** The certificate counts only where TLS has verified its chain: a self-signed one shows a subject too. */
export function credentialsOf(request: Incoming): Credentials {
  const { certificate } = connectionOf(request)
  const bearerToken = bearerTokenOf(request.headers as Headers)
  return {
    ...(certificate === undefined ? {} : { certificate }),
    ...(bearerToken === undefined ? {} : { bearerToken }),
  }
}

/** What does not change as long as a connection stands. */
interface Connection {
  readonly certificate: Credentials['certificate'] | undefined
  readonly remoteAddress: string
}

const connections = new WeakMap<object, Connection>()
const uidObjectId = '1.3.6.1.4.1.57683.2'

function connectionOf(request: Incoming): Connection {
  const session = request.stream?.session
  const key = (session ?? request.socket) as object | undefined
  const known = key && connections.get(key)
  if (known) return known
  const socket = (session ? session.socket : request.socket) as TLSSocket | undefined
  if (!key || !socket) return { certificate: undefined, remoteAddress: '' }
  const certificate = socket.authorized ? readCertificate(socket) : undefined
  const connection = { certificate, remoteAddress: socket.remoteAddress ?? '' }
  connections.set(key, connection)
  return connection
}

function readCertificate(socket: TLSSocket): Credentials['certificate'] | undefined {
  const peer = socket.getPeerCertificate()
  if (!peer || peer.subject === undefined) return undefined
  const subject = peer.subject as unknown as Record<string, string | string[] | undefined>
  const listOf = (value: string | string[] | undefined) =>
    value === undefined ? [] : Array.isArray(value) ? value : [value]
  const [uid] = listOf(subject[uidObjectId])
  return {
    commonName: listOf(subject.CN).at(-1) ?? '',
    organizations: listOf(subject.O),
    fingerprint: peer.fingerprint256,
    notAfterMs: Date.parse(peer.valid_to),
    ...(uid === undefined ? {} : { uid }),
  }
}

const webSocketTokenPrefix = 'base64url.bearer.authorization.k8s.io.'

/** From the Authorization header, or from a WebSocket's subprotocols, where browsers cannot set headers. */
function bearerTokenOf(headers: Headers): string | undefined {
  const value = headers.authorization
  if (typeof value === 'string') {
    const [scheme, token] = value.trim().split(/ +/, 2)
    if (scheme?.toLowerCase() === 'bearer' && token) return token
  }
  const protocols = headers['sec-websocket-protocol']
  if (typeof protocols !== 'string') return undefined
  for (const protocol of protocols.split(',')) {
    const name = protocol.trim()
    if (name.startsWith(webSocketTokenPrefix)) {
      return Buffer.from(name.slice(webSocketTokenPrefix.length), 'base64url').toString('utf8')
    }
  }
  return undefined
}

function bodyOf({ method, headers }: Incoming, bytes: Readable, timeoutMs: number): RequestBody {
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return { is: 'none' }
  let reading: Promise<Buffer> | undefined
  return {
    is: 'bytes',
    read: () => {
      reading ??= readBody(bytes, headers as Headers, timeoutMs)
      return reading
    },
  }
}

const tooLarge = (): ApiError => entityTooLargeError(`limit is ${maxBodyBytes}`)

async function readBody(source: Readable, headers: Headers, timeoutMs: number): Promise<Buffer> {
  const declared = Number(headers['content-length'] ?? 0)
  if (declared > maxBodyBytes) throw tooLarge()
  const bytes = await new Promise<Buffer>((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    const timer = setTimeout(
      () => reject(new ApiError(408, 'Timeout', 'the request body did not arrive in time')),
      timeoutMs,
    )
    const settle = (done: () => void) => {
      clearTimeout(timer)
      source.off('data', onData)
      done()
    }
    const onData = (chunk: Buffer) => {
      length += chunk.length
      if (length > maxBodyBytes) settle(() => reject(tooLarge()))
      else chunks.push(chunk)
    }
    source.on('data', onData)
    source.on('end', () =>
      settle(() => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, length))),
    )
    source.on('error', () => settle(() => reject(badRequestError('the request body could not be read'))))
    source.on('aborted', () => settle(() => reject(badRequestError('the request body was cut off'))))
  })
  return headers['content-encoding'] === 'gzip' ? unzipped(bytes) : bytes
}

async function unzipped(bytes: Buffer): Promise<Buffer> {
  try {
    return await gunzipBytes(bytes, { maxOutputLength: maxBodyBytes })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge()
    throw badRequestError('the request body is no valid gzip')
  }
}
