/** A request over HTTP as the chain's ServerRequest. */
import type { TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { badRequestError } from '../../machinery/api-error.ts'
import type { Credentials } from '../authentication/authenticator.ts'
import type { ConnectionAccess, Headers, RequestBody, ServerRequest } from '../chain/server-request.ts'
import { bodyTooLarge, maxBodyBytes, type ReadBody } from './request-body.ts'

const gunzipBytes = promisify(gunzip)

/** What is read of a request: of Node's own, or of an HTTP/2 stream. */
export interface Incoming {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly headers: object
  readonly socket: object
}

export interface RequestParts {
  readonly request: Incoming
  readonly readBody: ReadBody
  /** Makes the signal when someone asks for it: most requests are answered before anyone could. */
  readonly signal: () => AbortSignal
  readonly connection: ConnectionAccess
  readonly bodyTimeoutMs?: number
}

export function serverRequestOf({
  request,
  readBody,
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
    body: bodyOf(request, readBody, bodyTimeoutMs),
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
  const socket = request.socket as TLSSocket
  const known = connections.get(socket)
  if (known) return known
  const certificate = socket.authorized ? readCertificate(socket) : undefined
  const connection = { certificate, remoteAddress: socket.remoteAddress ?? '' }
  connections.set(socket, connection)
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

function bodyOf({ method, headers }: Incoming, read: ReadBody, timeoutMs: number): RequestBody {
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return { is: 'none' }
  let reading: Promise<Buffer> | undefined
  return {
    is: 'bytes',
    read: () => {
      reading ??= plainBody(read, headers as Headers, timeoutMs)
      return reading
    },
  }
}

async function plainBody(read: ReadBody, headers: Headers, timeoutMs: number): Promise<Buffer> {
  const declared = Number(headers['content-length'] ?? 0)
  if (declared > maxBodyBytes) throw bodyTooLarge()
  const bytes = await read(timeoutMs)
  return headers['content-encoding'] === 'gzip' ? unzipped(bytes) : bytes
}

async function unzipped(bytes: Buffer): Promise<Buffer> {
  try {
    return await gunzipBytes(bytes, { maxOutputLength: maxBodyBytes })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw bodyTooLarge()
    throw badRequestError('the request body is no valid gzip')
  }
}
