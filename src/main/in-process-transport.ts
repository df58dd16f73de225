/**
 * A transport to the API server in the same process: the same chain with the same identity and permissions, but objects
 * are handed over as they are. What is received is shared with every other reader: it must never be changed.
 */
import type { ApiServer } from '../apiserver/api-server.ts'
import type { UserInfo } from '../apiserver/authentication/authenticator.ts'
import type { ServerRequest, ServerResponse } from '../apiserver/chain/server-request.ts'
import type { WatchItem, WatchSource } from '../apiserver/watch/watch-source.ts'
import type { Transport, TransportRequest, WatchEvent } from '../client/transport.ts'
import { ApiError, type FailureStatus } from '../machinery/api-error.ts'

const neverAborted = new AbortController().signal

export class InProcessTransport implements Transport {
  readonly #server: ApiServer
  readonly #user: UserInfo
  readonly #agent: string

  /** `agent` is what a User-Agent is elsewhere: it names the manager of fields where a request names none. */
  constructor(server: ApiServer, user: UserInfo, agent: string) {
    this.#server = server
    this.#user = user
    this.#agent = agent
  }

  async request(request: TransportRequest): Promise<unknown> {
    request.signal?.throwIfAborted()
    const response = await this.#server.handle(this.#requestOf(request))
    if (response.body.is === 'watch') {
      response.body.source.close()
      throw new Error('a watch must be opened by watch()')
    }
    const object = await objectOf(response)
    throwFailure(response.status, object)
    return object
  }

  async *watch(request: TransportRequest): AsyncIterable<WatchEvent<unknown>> {
    request.signal?.throwIfAborted()
    const response = await this.#server.handle(this.#requestOf(request))
    if (response.body.is !== 'watch') {
      throwFailure(response.status, await objectOf(response))
      throw new Error(`${request.path} did not answer with a watch`)
    }
    const { source } = response.body
    const stop = () => source.close()
    request.signal?.addEventListener('abort', stop, { once: true })
    if (request.signal?.aborted) stop()
    try {
      for (;;) {
        const item = source.take()
        if (item) yield eventOf(item)
        else if (source.ended) return
        else await ready(source)
      }
    } finally {
      request.signal?.removeEventListener('abort', stop)
      source.close()
    }
  }

  #requestOf({ method, path, query, body, contentType, signal }: TransportRequest): ServerRequest {
    const search = new URLSearchParams()
    if (query) for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, value)
    return {
      method,
      path,
      query: search,
      headers: { 'user-agent': this.#agent, 'content-type': contentType ?? 'application/json' },
      credentials: {},
      user: this.#user,
      remoteAddress: '',
      body: body === undefined ? { is: 'none' } : { is: 'object', value: body },
      signal: signal ?? neverAborted,
      wantsObjects: true,
    }
  }
}

const eventOf = (item: WatchItem): WatchEvent<unknown> => ({
  type: item.type as WatchEvent<unknown>['type'],
  object: item.object(),
})

async function ready(source: WatchSource): Promise<void> {
  await new Promise<void>(resolve => {
    source.onReady = resolve
  })
  source.onReady = undefined
}

/** The object of a response. A document that exists only as bytes (metrics, OpenAPI, a log) comes as text or parsed JSON. */
async function objectOf({ body, headers }: ServerResponse): Promise<unknown> {
  if (body.is === 'object') return body.object
  if (body.is !== 'bytes') return undefined
  const text = Buffer.concat([...body.chunks]).toString('utf8')
  return String(headers['content-type'] ?? '').startsWith('application/json') ? JSON.parse(text) : text
}

function throwFailure(status: number, object: unknown): void {
  if (status < 400) return
  const failure = object as Partial<FailureStatus> | undefined
  if (failure?.kind === 'Status') {
    throw new ApiError(failure.code ?? status, failure.reason, failure.message ?? '', failure.details)
  }
  throw new ApiError(status, undefined, typeof object === 'string' ? object : `the server answered ${status}`)
}
