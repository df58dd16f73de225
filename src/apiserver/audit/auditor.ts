/** Makes audit events (audit.k8s.io/v1 Event) of requests, as far as the policy asks for them. */

import type { Clock } from '../../base/clock.ts'
import type { FailureStatus } from '../../machinery/api-error.ts'
import { stringifyJson } from '../../schema/json-encode.ts'
import type { UserInfo } from '../authentication/authenticator.ts'
import type { Audit, RequestContext } from '../chain/request-context.ts'
import { type Auditable, type Level, type Policy, type Rule, ruleFor, type Stage } from './policy.ts'

export interface AuditorOptions {
  readonly policy: Policy
  /** Takes one event as a line of JSON. */
  readonly write: (line: string) => void
  readonly clock: Clock
}

const ranks: Readonly<Record<Level, number>> = { None: 0, Metadata: 1, Request: 2, RequestResponse: 3 }

/** Bodies that hold secrets: whatever the policy says, no more than metadata is recorded of them. */
const secretResources = new Set(['/secrets', '/serviceaccounts/token', 'authentication.k8s.io/tokenreviews'])

const microTime = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z')

const auditableOf = ({ info, user, impersonator }: RequestContext): Auditable => {
  // The policy looks at who authenticated, as that is known before impersonation.
  const { username, groups } = impersonator ?? user
  return {
    username,
    groups,
    verb: info.verb,
    isResourceRequest: info.isResourceRequest,
    group: info.apiGroup,
    resource: info.resource,
    subresource: info.subresource,
    namespace: info.namespace,
    name: info.name,
    path: info.path,
  }
}

const userOf = ({ username, uid, groups, extra }: UserInfo) => ({
  username,
  ...(uid ? { uid } : {}),
  groups,
  ...(extra ? { extra } : {}),
})

interface Known {
  readonly rule: Rule | undefined
  readonly level: Level
}

export class Auditor implements Audit {
  readonly #options: AuditorOptions
  /** What the policy said at a request's first stage holds for all. */
  readonly #known = new WeakMap<RequestContext, Known>()

  constructor(options: AuditorOptions) {
    this.#options = options
  }

  requestReceived(context: RequestContext): void {
    context.keepsRequest = ranks[this.#of(context).level] >= ranks.Request
    this.#record(context, 'RequestReceived')
  }

  responseStarted(context: RequestContext, status: number): void {
    this.#record(context, 'ResponseStarted', status)
  }

  responseComplete(context: RequestContext, status: number, failure?: FailureStatus): void {
    this.#record(context, 'ResponseComplete', status, failure)
  }

  panic(context: RequestContext, failure: FailureStatus): void {
    this.#record(context, 'Panic', failure.code, failure)
  }

  #of(context: RequestContext): Known {
    const known = this.#known.get(context)
    if (known) return known
    const { info } = context
    const rule = ruleFor(this.#options.policy, auditableOf(context))
    const resource = `${info.apiGroup}/${info.resource}`
    const secret = secretResources.has(resource) || secretResources.has(`${resource}/${info.subresource}`)
    const wanted = rule?.level ?? 'None'
    const made: Known = { rule, level: secret && ranks[wanted] > ranks.Metadata ? 'Metadata' : wanted }
    this.#known.set(context, made)
    return made
  }

  #record(context: RequestContext, stage: Stage, status?: number, failure?: FailureStatus): void {
    const { policy, clock, write } = this.#options
    const { rule, level } = this.#of(context)
    if (!rule || level === 'None') return
    if (policy.omitStages.includes(stage) || rule.omitStages.includes(stage)) return
    const { info, request, audit, user, impersonator } = context
    const agent = request.headers['user-agent']
    const complete = stage !== 'RequestReceived'
    const bare = (rule.omitManagedFields ?? policy.omitManagedFields) ? withoutManagedFields : asIs
    write(
      stringifyJson({
        kind: 'Event',
        apiVersion: 'audit.k8s.io/v1',
        level,
        auditID: audit.auditId,
        stage,
        requestURI: uriOf(context),
        verb: info.verb,
        user: userOf(impersonator ?? user),
        ...(impersonator ? { impersonatedUser: userOf(user) } : {}),
        sourceIPs: request.remoteAddress === '' ? [] : [request.remoteAddress],
        ...(typeof agent === 'string' ? { userAgent: agent.slice(0, 1024) } : {}),
        ...(info.isResourceRequest ? { objectRef: objectRefOf(context) } : {}),
        ...(status === undefined ? {} : { responseStatus: responseStatusOf(status, failure) }),
        ...(complete && ranks[level] >= ranks.Request && context.requestObject !== undefined
          ? { requestObject: bare(context.requestObject) }
          : {}),
        ...(stage === 'ResponseComplete' && level === 'RequestResponse' && (failure ?? context.responseObject)
          ? { responseObject: bare(failure ?? context.responseObject?.()) }
          : {}),
        requestReceivedTimestamp: microTime(audit.receivedAtMs),
        stageTimestamp: microTime(clock.now()),
        ...(complete && audit.annotations.size > 0 ? { annotations: Object.fromEntries(audit.annotations) } : {}),
      }),
    )
  }
}

function responseStatusOf(code: number, failure: FailureStatus | undefined): object {
  if (!failure) return { metadata: {}, code }
  const { metadata, status, message, reason, details } = failure
  return { metadata, status, message, ...(reason ? { reason } : {}), ...(details ? { details } : {}), code }
}

const asIs = (object: unknown): unknown => object

function withoutManagedFields(object: unknown): unknown {
  if (typeof object !== 'object' || object === null) return object
  const { metadata, items, ...rest } = object as { metadata?: Record<string, unknown>; items?: unknown[] }
  const { managedFields, ...bare } = metadata ?? {}
  return {
    ...rest,
    ...(metadata ? { metadata: bare } : {}),
    ...(Array.isArray(items) ? { items: items.map(withoutManagedFields) } : {}),
  }
}

function uriOf({ request }: RequestContext): string {
  const query = request.query.toString()
  return query === '' ? request.path : `${request.path}?${query}`
}

function objectRefOf({ info }: RequestContext): object {
  return {
    resource: info.resource,
    ...(info.namespace === '' ? {} : { namespace: info.namespace }),
    ...(info.name === '' ? {} : { name: info.name }),
    ...(info.apiGroup === '' ? {} : { apiGroup: info.apiGroup }),
    apiVersion: info.apiVersion,
    ...(info.subresource === '' ? {} : { subresource: info.subresource }),
  }
}
