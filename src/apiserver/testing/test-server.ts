/** An API server for tests: a store in a temporary directory, everyone is an administrator. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, systemClock } from '../../base/clock.ts'
import { ApiError } from '../../machinery/api-error.ts'
import { stringifyJson } from '../../schema/json-encode.ts'
import type { Kind } from '../../schema/kind.ts'
import { openEmbeddedStore } from '../../store/embedded/embedded-store.ts'
import type { Store } from '../../store/store.ts'
import type { AdmissionPlugin } from '../admission/admission.ts'
import { type ApiServer, createApiServer, openRegistry } from '../api-server.ts'
import type { Authenticator, UserInfo } from '../authentication/authenticator.ts'
import type { Authorizer } from '../authorization/authorizer.ts'
import { BootstrapApi } from '../bootstrap/bootstrap-api.ts'
import type { Audit } from '../chain/request-context.ts'
import type { ServerRequest } from '../chain/server-request.ts'
import type { Handlers } from '../endpoints/handlers.ts'
import type { FlowLimits } from '../flowcontrol/flow-control.ts'
import type { ObjectReader } from '../registry/object-reader.ts'

export const adminUser = { username: 'admin', groups: ['system:masters', 'system:authenticated'] }

export const everyoneIsAdmin: Authenticator = { authenticate: async () => ({ user: adminUser }) }

export const allowAll: Authorizer = {
  authorize: async () => ({ decision: 'allow', reason: '' }),
  rulesFor: async () => ({ resourceRules: [], nonResourceRules: [], incomplete: false }),
}

export interface TestServer {
  readonly server: ApiServer
  readonly store: Store
  close(): Promise<void>
}

export interface TestServerOptions {
  readonly admissionPlugins?: readonly AdmissionPlugin[]
  /** Makes further plugins over the server's caches of these kinds. */
  readonly admission?: {
    readonly kinds: readonly Kind[]
    readonly plugins: (reader: ObjectReader) => readonly AdmissionPlugin[]
  }
  readonly authorizer?: Authorizer
  readonly handlers?: Handlers
  readonly flowLimits?: FlowLimits
  /** Who everyone is; absent: an administrator. */
  readonly user?: UserInfo
  readonly clock?: Clock
  readonly audit?: Audit
  readonly featureGates?: readonly string[]
  readonly serviceCidrs?: readonly string[]
  /** What the server sees of the store: to put faults in between. */
  readonly storeSeen?: (store: Store) => Store
}

export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const directory = mkdtempSync(join(tmpdir(), 'clipper-apiserver-'))
  const store = await openEmbeddedStore({ directory, clock: systemClock })
  const registry = await openRegistry({
    store: options.storeSeen?.(store) ?? store,
    clock: options.clock ?? systemClock,
    serviceCidrs: options.serviceCidrs ?? ['10.96.0.0/16'],
  })
  await registry.reader.start(options.admission?.kinds ?? [])
  const server = createApiServer({
    registry,
    authenticator: options.user ? { authenticate: async () => ({ user: options.user as UserInfo }) } : everyoneIsAdmin,
    authorizer: options.authorizer ?? allowAll,
    admissionPlugins: [...(options.admissionPlugins ?? []), ...(options.admission?.plugins(registry.reader) ?? [])],
    featureGates: new Set(options.featureGates),
    ...(options.audit ? { audit: options.audit } : {}),
    handlers: options.handlers ?? { create: new Map(), connect: new Map() },
    ...(options.flowLimits === undefined ? {} : { flowLimits: options.flowLimits }),
  })
  const test: TestServer = {
    server,
    store,
    async close() {
      server.close()
      await store.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
  await send(test, 'POST', '/api/v1/namespaces', { metadata: { name: 'default' } })
  return test
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
  readonly json: any
  readonly text: string
}

/** Sends a request with a body of bytes, as HTTP would, and reads the whole answer. */
export async function send(
  { server }: TestServer,
  method: string,
  pathAndQuery: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await server.handle(requestOf(method, pathAndQuery, body, headers))
  const { body: answer } = response
  const bytes = answer.is === 'bytes' ? Buffer.concat([...answer.chunks]) : Buffer.alloc(0)
  const text = bytes.toString('utf8')
  const isJson = String(response.headers['content-type'] ?? '').startsWith('application/json')
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: isJson && text !== '' ? JSON.parse(text) : undefined,
  }
}

/** What the server's own parts write by, over the chain as everybody's. */
export const bootstrapApiOf = (test: TestServer): BootstrapApi =>
  new BootstrapApi({
    async request({ method, path, query, body }) {
      const answer = await send(test, method, `${path}?${new URLSearchParams(query)}`, body)
      if (answer.status < 300) return answer.json
      throw new ApiError(answer.status, answer.json.reason, answer.json.message)
    },
  })

export function requestOf(
  method: string,
  pathAndQuery: string,
  body?: unknown,
  headers: Record<string, string> = {},
): ServerRequest {
  const url = new URL(pathAndQuery, 'http://server')
  const bytes =
    body instanceof Uint8Array
      ? Buffer.from(body)
      : Buffer.from(typeof body === 'string' ? body : stringifyJson(body ?? null))
  return {
    method,
    path: url.pathname,
    query: url.searchParams,
    headers: { accept: 'application/json', 'content-type': 'application/json', 'user-agent': 'test/1.0', ...headers },
    credentials: {},
    remoteAddress: '127.0.0.1',
    body: body === undefined ? { is: 'none' } : { is: 'bytes', read: async () => bytes },
    signal: new AbortController().signal,
    wantsObjects: false,
  }
}
