/** Paths that are no resources: discovery, OpenAPI, health, version, metrics, the token issuer's documents. */
import type { Registry } from 'prom-client'
import type { Clock } from '../../base/clock.ts'
import { groupsOf } from '../../machinery/discovery/api-groups.ts'
import { OpenApiV3 } from '../../machinery/openapi/v3.ts'
import { encodeJson } from '../../schema/json-encode.ts'
import type { Kind } from '../../schema/kind.ts'
import type { RequestContext } from '../chain/request-context.ts'
import { header, type ServerRequest, type ServerResponse } from '../chain/server-request.ts'
import { dumpPriorityLevels, dumpQueues, dumpRequests } from '../flowcontrol/dump.ts'
import type { FlowControl } from '../flowcontrol/flow-control.ts'
import { acceptClauses, checkRoute } from '../forms/accept.ts'
import type { Discovery } from './discovery.ts'
import { type HealthCheck, serveHealth } from './health.ts'
import { HealthSlis } from './health-slis.ts'
import type { Metrics } from './metrics.ts'
import { OpenApiV2Endpoint } from './openapi-v2.ts'
import { methodNotAllowedError, noSuchResourceError } from './resource-server.ts'
import { respondText, respondValue } from './respond.ts'
import { versionInfo } from './version.ts'

/** The token issuer's discovery documents (KEP-1393), as JSON values. */
export interface IdentityDocuments {
  openIdConfiguration(): unknown | Promise<unknown>
  jwks(): unknown | Promise<unknown>
}

export interface NonResourceOptions {
  readonly kinds: readonly Kind[]
  readonly discovery: Discovery
  readonly metrics: Metrics
  readonly flowControl: FlowControl
  readonly clock: Clock
  readonly checks: readonly HealthCheck[]
  readonly identity: IdentityDocuments | undefined
}

async function metricsResponse(registry: Registry): Promise<ServerResponse> {
  const text = await registry.metrics()
  return {
    status: 200,
    headers: { 'content-type': registry.contentType },
    body: { is: 'bytes', chunks: [Buffer.from(text)] },
  }
}

export class NonResourceEndpoints {
  readonly #options: NonResourceOptions
  readonly #openApiV3: OpenApiV3
  /** Of kinds that are declared at run time. */
  #customOpenApi: OpenApiV3 | undefined
  #customKinds: readonly Kind[] = []
  #openApiV2: OpenApiV2Endpoint
  readonly #slis = new HealthSlis()

  constructor(options: NonResourceOptions) {
    this.#options = options
    const groups = groupsOf(options.kinds)
    this.#openApiV3 = new OpenApiV3(groups)
    this.#openApiV2 = new OpenApiV2Endpoint(groups)
  }

  /** Where other servers have their documents, by the document's name. */
  remoteOpenApi: () => Record<string, { serverRelativeURL: string }> = () => ({})

  /** The kinds that are served besides the declared ones. */
  setCustomKinds(kinds: readonly Kind[]): void {
    this.#customKinds = kinds
    this.#options.discovery.setCustomKinds(kinds)
    this.#customOpenApi = kinds.length === 0 ? undefined : new OpenApiV3(groupsOf(kinds))
    this.#openApiV2 = new OpenApiV2Endpoint(groupsOf([...this.#options.kinds, ...kinds]))
  }

  async serve(context: RequestContext): Promise<ServerResponse> {
    const { request } = context
    const { path } = context.info
    // What is not described by an API takes any method.
    const isDescribed = /^\/(apis?|version|openid|\.well-known)(\/|$)/.test(path)
    if (isDescribed && request.method !== 'GET') throw methodNotAllowedError()
    const response = await this.#find(request, path)
    if (response) return response
    // As upstream: what is no part of an API is answered in text.
    if (!/^\/apis?(\/|$)/.test(path) && !request.wantsObjects) return respondText(404, '404 page not found\n')
    throw noSuchResourceError()
  }

  async #find(request: ServerRequest, path: string): Promise<ServerResponse | undefined> {
    if (path === '/' || path === '') return jsonOnly(request, { paths: this.#paths() })
    if (path === '/version' || path === '/version/') return plainJson(request, 'application/json', versionInfo)
    if (path === '/metrics') return metricsResponse(this.#options.metrics.registry)
    if (path === '/metrics/slis') return metricsResponse(this.#slis.registry)
    if (path === '/openapi/v2') return this.#openApiV2.serve(request)
    if (path === '/openapi/v3' || path === '/openapi/v3/') return this.#openApiIndex(request)
    if (path.startsWith('/openapi/v3/')) return this.#openApiDocument(request, path.slice('/openapi/v3/'.length))
    const { identity, checks, discovery } = this.#options
    if (path === '/.well-known/openid-configuration' && identity) {
      return cached(plainJson(request, 'application/json', await identity.openIdConfiguration()))
    }
    if (path === '/openid/v1/jwks' && identity) {
      return cached(plainJson(request, 'application/jwk-set+json', await identity.jwks()))
    }
    const dump = this.#dump(path)
    if (dump !== undefined) return textResponse(dump)
    return discovery.serve(request, path) ?? (await serveHealth(request, path, checks, this.#slis.observe))
  }

  #dump(path: string): string | undefined {
    const { flowControl, clock } = this.#options
    switch (path) {
      case '/debug/api_priority_and_fairness/dump_priority_levels':
        return dumpPriorityLevels(flowControl)
      case '/debug/api_priority_and_fairness/dump_queues':
        return dumpQueues(flowControl)
      case '/debug/api_priority_and_fairness/dump_requests':
        return dumpRequests(flowControl, clock.monotonic())
      default:
        return undefined
    }
  }

  #openApiIndex(request: ServerRequest): ServerResponse {
    const index = {
      paths: { ...this.remoteOpenApi(), ...this.#customOpenApi?.index().paths, ...this.#openApiV3.index().paths },
    }
    if (request.wantsObjects) return respondValue(request, 200, index)
    // Not negotiated: upstream names no type either, and clients read it as JSON.
    return {
      status: 200,
      headers: {
        'content-type': 'text/plain; charset=utf-8',
        'last-modified': (this.#customOpenApi ?? this.#openApiV3).modified,
      },
      body: { is: 'bytes', chunks: [encodeJson(index)] },
    }
  }

  #openApiDocument(request: ServerRequest, name: string): ServerResponse {
    const documents = [this.#openApiV3, this.#customOpenApi].find(each => each?.document(name))
    const document = documents?.document(name)
    if (!document) return { status: 404, headers: {}, body: { is: 'none' } }
    const accepted = acceptClauses(header(request.headers, 'accept'))
    const form = accepted.map(({ type }) => openApiForms.get(type)).find(each => each !== undefined)
    if (form === undefined) return { status: 406, headers: { vary: 'Accept' }, body: { is: 'none' } }
    const etag = `"${document.hash}"`
    const wanted = request.query.get('hash')
    const immutable = wanted === document.hash
    if (wanted !== null && !immutable) {
      const location = `/openapi/v3/${name}?hash=${document.hash}`
      const headers = { location, etag, vary: 'Accept', 'content-type': openApiContentTypes[form] }
      return { status: 301, headers, body: { is: 'none' } }
    }
    const headers: Record<string, string> = {
      etag,
      vary: 'Accept',
      'last-modified': this.#openApiV3.modified,
      'content-type': openApiContentTypes[form],
      'cache-control': immutable ? 'public, immutable' : 'no-cache, private',
      ...(immutable ? { expires: new Date(Date.now() + 31_536_000_000).toUTCString() } : {}),
    }
    if (header(request.headers, 'if-none-match') === etag) return { status: 304, headers, body: { is: 'none' } }
    const bytes = (form === 'protobuf' && documents?.protobuf(name)) || document.bytes
    return { status: 200, headers, body: { is: 'bytes', chunks: [bytes] } }
  }

  #paths(): string[] {
    const { kinds, checks, identity } = this.#options
    const paths = [
      '/api',
      '/apis',
      '/healthz',
      '/livez',
      '/metrics',
      '/openapi/v2',
      '/openapi/v3',
      '/readyz',
      '/version',
    ]
    for (const group of groupsOf([...kinds, ...this.#customKinds])) {
      if (group.name !== '') paths.push(`/apis/${group.name}`)
      for (const { version } of group.versions) {
        paths.push(group.name === '' ? `/api/${version}` : `/apis/${group.name}/${version}`)
      }
    }
    for (const check of checks) for (const endpoint of check.in) paths.push(`/${endpoint}/${check.name}`)
    if (identity) paths.push('/.well-known/openid-configuration', '/openid/v1/jwks')
    return paths.sort()
  }
}

const textResponse = (text: string): ServerResponse => ({
  status: 200,
  headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' },
  body: { is: 'bytes', chunks: [Buffer.from(text)] },
})

/** As in v2: what is asked for may have an at sign, what is answered may not. */
const openApiForms: ReadonlyMap<string, 'json' | 'protobuf'> = new Map([
  ['application/json', 'json'],
  ['application/com.github.proto-openapi.spec.v3.v1.0+json', 'json'],
  ['application/*', 'json'],
  ['*/*', 'json'],
  ['application/com.github.proto-openapi.spec.v3@v1.0+protobuf', 'protobuf'],
  ['application/com.github.proto-openapi.spec.v3.v1.0+protobuf', 'protobuf'],
])

const openApiContentTypes = {
  json: 'application/json',
  protobuf: 'application/com.github.proto-openapi.spec.v3.v1.0+protobuf',
}

/** A document that has one form alone. Throws 406 where another is asked for. */
function plainJson(request: ServerRequest, type: string, value: unknown): ServerResponse {
  if (request.wantsObjects) return respondValue(request, 200, value)
  checkRoute(request, [type])
  const { body } = jsonOnly(request, value)
  return { status: 200, headers: { 'content-type': type }, body }
}

/** JSON whatever is accepted. */
const jsonOnly = (request: ServerRequest, value: unknown): ServerResponse =>
  respondValue({ ...request, headers: { ...request.headers, accept: '*/*' } }, 200, value)

const cached = (response: ServerResponse): ServerResponse => ({
  ...response,
  headers: { ...response.headers, 'cache-control': 'public, max-age=3600' },
})
