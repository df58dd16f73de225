/** A request and its response as the chain sees them: independent of HTTP, so that the in-process entry shares the chain. */
import type { Credentials, UserInfo } from '../authentication/authenticator.ts'
import type { WatchSource } from '../watch/watch-source.ts'

/** Values by lower-case name. */
export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>

export type RequestBody =
  | { readonly is: 'none' }
  /** Reads the whole body once; throws ApiError 413 past the limit. */
  | { readonly is: 'bytes'; read(): Promise<Buffer> }
  /** In-process: a JSON value that nobody changes. */
  | { readonly is: 'object'; readonly value: unknown }

export interface ServerRequest {
  readonly method: string
  /** As sent, percent-encoded, without the query. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Headers
  readonly credentials: Credentials
  /** Fixed identity of an in-process client; such a request is not authenticated again. */
  readonly user?: UserInfo
  readonly remoteAddress: string
  readonly body: RequestBody
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal
  /** Answer with parsed, shared objects instead of bytes. */
  readonly wantsObjects: boolean
  /** Whether CBOR is read and written: its feature gate is on. */
  readonly cbor?: boolean
  /** Present on a request that the HTTP layer can hand over as a raw connection (Upgrade), or whose response is written by a handler. */
  readonly connection?: ConnectionAccess
}

/** What a "connect" handler (exec, attach, port-forward, log, proxy) may take over. */
export interface ConnectionAccess {
  /** The raw socket of an HTTP/1.1 Upgrade request, with the bytes already read behind its head. */
  readonly upgrade?: { readonly socket: import('node:stream').Duplex; readonly head: Buffer }
  /** The request and its response as streams. Absent on an upgrade. */
  readonly exchange?: { readonly request: RequestStream; readonly response: ResponseStream }
  /** The request of an upgrade or of an exchange. */
  readonly request: RequestStream
}

/** A request as Node's IncomingMessage shows it. */
export type RequestStream = import('node:stream').Readable & {
  readonly url?: string | undefined
  readonly headers: import('node:http').IncomingHttpHeaders
  /** Of HTTP/2, whose framing says it: whether there is a body. */
  readonly hasBody?: boolean
}

/** A response as Node's ServerResponse takes it. */
export type ResponseStream = import('node:stream').Writable & {
  writeHead(status: number, headers: Readonly<Record<string, string | string[]>>): unknown
  flushHeaders(): void
}

export type ResponseBody =
  | { readonly is: 'none' }
  /** Bytes that are never changed again; sent in order. */
  | {
      readonly is: 'bytes'
      readonly chunks: Iterable<Uint8Array>
      /** The same in gzip where it can be had for less than by compressing all of it, and is longer than `leastBytes`. */
      readonly zipped?: (leastBytes: number) => AsyncIterable<Uint8Array> | undefined
    }
  | { readonly is: 'object'; readonly object: unknown }
  | { readonly is: 'watch'; readonly source: WatchSource }
  /** A handler owns the connection and has written, or will write, the response itself. */
  | { readonly is: 'hijacked'; readonly finished: Promise<void> }

export interface ServerResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly body: ResponseBody
}

export const header = (headers: Headers, name: string): string => {
  const value = headers[name]
  if (value === undefined) return ''
  return typeof value === 'string' ? value : value.join(', ')
}
