/** The chain: every request passes these steps in this order, whether it came over HTTP or from the same process. */
import type { Clock } from '../../base/clock.ts'
import { loggerOf } from '../../base/log.ts'
import type { ApiError } from '../../machinery/api-error.ts'
import { ownMember } from '../../schema/json-exact.ts'
import type { ResourceFacts } from '../../schema/kind.ts'
import type { Authenticator } from '../authentication/authenticator.ts'
import type { Authorizer } from '../authorization/authorizer.ts'
import type { Metrics } from '../endpoints/metrics.ts'
import { errorOf, isExpected, respondError } from '../endpoints/respond.ts'
import type { FlowControl, Ticket } from '../flowcontrol/flow-control.ts'
import { authenticate } from './authenticate.ts'
import { authorize } from './authorize.ts'
import { impersonateStep } from './impersonate.ts'
import { type Audit, RequestContext } from './request-context.ts'
import { connectingSubresources, requestInfoOf } from './request-info.ts'
import { checkTimeout } from './request-timeout.ts'
import { header, type ServerRequest, type ServerResponse } from './server-request.ts'

export interface ChainParts {
  readonly authenticator: Authenticator
  readonly authorizer: Authorizer
  readonly audit: Audit | undefined
  readonly flowControl: FlowControl
  readonly metrics: Metrics
  readonly clock: Clock
  /** Of a resource that is served. */
  factsOf(group: string, version: string, resource: string): ResourceFacts | undefined
  /** Everything behind authorization. */
  serve(context: RequestContext): Promise<ServerResponse>
}

const log = loggerOf('apiserver')

export async function handleRequest(parts: ChainParts, request: ServerRequest): Promise<ServerResponse> {
  const startedMs = parts.clock.monotonic()
  let context: RequestContext | undefined
  let ticket: Ticket | undefined
  let response: ServerResponse
  try {
    context = new RequestContext(request, requestInfoOf(request.method, request.path, request.query), parts.clock.now())
    checkTimeout(context.info, request.query)
    await authenticate(context, parts.authenticator)
    parts.audit?.requestReceived(context)
    await impersonateStep(context, parts.authorizer)
    const entered = parts.flowControl.enter(context)
    ticket = entered instanceof Promise ? await entered : entered
    await authorize(context, parts.authorizer)
    response = await parts.serve(context)
  } catch (error) {
    const failure = errorOf(error)
    // What Kubernetes answers to bad input with 500 is no news: clients could fill the log with it.
    if (failure.code === 500 && !isExpected(error)) logFailure(error, request)
    response = failed(request, failure)
    if (context && isExpected(error)) parts.audit?.responseComplete(context, failure.code, failure.status)
    else if (context) parts.audit?.panic?.(context, failure.status)
    finish(parts, context, ticket, failure.code, startedMs)
    return withContextHeaders(response, context)
  }
  if (response.body.is === 'watch' || response.body.is === 'hijacked') {
    longRunning(parts, context, ticket, response, startedMs)
  } else {
    parts.audit?.responseComplete(context, response.status)
    finish(parts, context, ticket, response.status, startedMs)
  }
  return withContextHeaders(response, context)
}

function failed(request: ServerRequest, failure: ApiError): ServerResponse {
  // In one process a failure is thrown by the transport: it needs the object, not its bytes.
  return respondError(request, failure)
}

function logFailure(error: unknown, request: ServerRequest): void {
  const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined }
  log.error({ method: request.method, path: request.path, error: message, stack }, 'request failed')
}

/** A watch that has begun holds no seat any more. */
function longRunning(
  parts: ChainParts,
  context: RequestContext,
  ticket: Ticket | undefined,
  { body, status }: ServerResponse,
  startedMs: number,
): void {
  ticket?.release()
  parts.audit?.responseStarted?.(context, status)
  const done = () => {
    parts.audit?.responseComplete(context, status)
    finish(parts, context, ticket, status, startedMs)
  }
  if (body.is === 'hijacked') body.finished.then(done, done)
  else if (body.is === 'watch') body.source.whenEnded(done)
}

function finish(
  parts: ChainParts,
  context: RequestContext | undefined,
  ticket: Ticket | undefined,
  status: number,
  startedMs: number,
): void {
  ticket?.leave()
  if (!context) return
  parts.metrics.requestDone(labelsOf(parts, context), status, (parts.clock.monotonic() - startedMs) / 1000)
}

const countedVerbs = new Set([
  'APPLY',
  'CONNECT',
  'DELETE',
  'DELETECOLLECTION',
  'GET',
  'LIST',
  'PATCH',
  'POST',
  'PUT',
  'WATCH',
])

/** As upstream's metrics name it: after the method of HTTP where that says enough. */
function countedVerb({ request, info }: RequestContext): string {
  if (info.isResourceRequest && connectingSubresources.has(info.subresource)) return 'CONNECT'
  if (info.verb === 'create') return 'POST'
  if (info.verb === 'update') return 'PUT'
  if (info.verb === 'patch' && header(request.headers, 'content-type') === 'application/apply-patch+yaml')
    return 'APPLY'
  const named = info.verb.toUpperCase()
  return countedVerbs.has(named) ? named : 'other'
}

/** Only what is served becomes a label: what else clients ask for, whoever they are, would grow without end. */
function labelsOf(parts: ChainParts, context: RequestContext) {
  const { info } = context
  const verb = countedVerb(context)
  const facts = info.isResourceRequest && parts.factsOf(info.apiGroup, info.apiVersion, info.resource)
  if (!facts) return { verb, group: '', version: '', resource: '', subresource: '', scope: '' }
  const scope = info.name !== '' ? 'resource' : info.namespace !== '' ? 'namespace' : 'cluster'
  return {
    verb,
    group: info.apiGroup,
    version: info.apiVersion,
    resource: info.resource,
    subresource: ownMember(facts.subresources, info.subresource) ? info.subresource : '',
    scope,
  }
}

/** What does not say otherwise is not to be kept. */
const uncached = { 'cache-control': 'no-cache, private' }

function withContextHeaders(response: ServerResponse, context: RequestContext | undefined): ServerResponse {
  if (!context || context.request.wantsObjects) return response
  const headers: Record<string, string | readonly string[]> = {
    ...uncached,
    ...response.headers,
    'audit-id': context.audit.auditId,
  }
  if (context.flow) {
    headers['x-kubernetes-pf-flowschema-uid'] = context.flow.schema
    headers['x-kubernetes-pf-prioritylevel-uid'] = context.flow.level
  }
  if (context.warnings.length > 0) headers.warning = context.warnings.map(text => `299 - ${quoted(text)}`)
  return { ...response, headers }
}

/** A quoted string of printable ASCII and UTF-8, at most 4 KiB of text; a character of it is one byte, as headers have it. */
const quoted = (text: string): string =>
  `"${Buffer.from(text.slice(0, 4_096).replace(/\p{Cc}/gu, ' '))
    .toString('latin1')
    .replace(/["\\]/g, char => `\\${char}`)}"`
