/**
 * How a component reaches the API server: over HTTPS, or in the same process through the same chain. The identity is
 * fixed when a transport is built.
 */
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface TransportRequest {
  readonly method: Method
  /** As `/api/v1/namespaces/default/pods`. */
  readonly path: string
  readonly query?: Readonly<Record<string, string | undefined>>
  /** A JSON value. It must not be changed afterwards: in one process the server keeps it. */
  readonly body?: unknown
  /** Of the body; absent: application/json. */
  readonly contentType?: string
  readonly signal?: AbortSignal
}

export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  readonly object: T
}

export interface Transport {
  /** The answer's object, shared and frozen by convention: never change it. Failures are thrown as ApiError. */
  request(request: TransportRequest): Promise<unknown>
  /** A watch; the iteration ends when the server ends it or the signal aborts. Failures to open are thrown as ApiError. */
  watch(request: TransportRequest): AsyncIterable<WatchEvent<unknown>>
}
