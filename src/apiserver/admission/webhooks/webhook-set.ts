/** The webhooks that are to be called for a write, in order, and the call itself. */
import { randomUUID } from 'node:crypto'
import type { MutatingWebhook } from '../../../api/admissionregistration/v1/mutating-webhook-configuration.ts'
import type { ValidatingWebhook } from '../../../api/admissionregistration/v1/validating-webhook-configuration.ts'
import { ApiError, badRequestError, internalError } from '../../../machinery/api-error.ts'
import { EvaluationError } from '../../../machinery/cel/evaluation-error.ts'
import { type Compiled, compileFor, policyScope } from '../../../machinery/cel/policy-expressions.ts'
import type { Kind } from '../../../schema/kind.ts'
import type { Authorizer } from '../../authorization/authorizer.ts'
import type { ObjectReader } from '../../registry/object-reader.ts'
import type { WebhookClient } from '../../webhooks/webhook-client.ts'
import type { AdmissionAttributes } from '../admission.ts'
import { type FindEquivalents, type Matched, matchedBy, type VersionedWrite, versioned } from '../equivalent.ts'
import { withAnswers } from '../policies/access-checks.ts'
import { OutOfBudgetError } from '../policies/evaluation.ts'
import { conditionsHold } from '../policies/match-conditions.ts'
import { refusal } from '../refusal.ts'
import { isExempt, matchesSelectors } from '../rule-match.ts'
import { reviewOf, reviewVersionOf, type Verdict, verdictOf } from './admission-review.ts'
import type { WebhookMetrics } from './webhook-metrics.ts'

export type Webhook = ValidatingWebhook & Partial<Pick<MutatingWebhook, 'reinvocationPolicy'>>

interface Configuration {
  readonly metadata: { readonly name: string; readonly uid?: string; readonly generation?: number }
  readonly webhooks?: readonly Webhook[]
}

export interface WebhookSetOptions<T extends Configuration> {
  readonly reader: ObjectReader
  readonly authorizer: Authorizer
  readonly client: WebhookClient
  readonly kind: Kind<T>
  readonly equivalents: FindEquivalents
  readonly mutating: boolean
  readonly metrics?: WebhookMetrics | undefined
}

export interface Hook {
  readonly webhook: Webhook
  readonly configuration: string
  /** Names it among all hooks. */
  readonly id: string
  readonly conditions: readonly Compiled[]
}

/** What is asked of a hook for one write. */
export interface Call {
  readonly hook: Hook
  readonly matched: Matched
  readonly write: VersionedWrite
}

/** The webhook could not be called, or did not answer as it must. */
export class CallError extends Error {
  readonly webhook: string
  constructor(webhook: string, why: string) {
    super(`failed calling webhook ${JSON.stringify(webhook)}: ${why}`)
    this.webhook = webhook
  }
}

const defaultTimeoutSeconds = 10

export class WebhookSet<T extends Configuration> {
  readonly #options: WebhookSetOptions<T>
  /** Rebuilt when the configurations change: the caches hand out the same objects while they do not. */
  #built: { readonly from: readonly T[]; readonly hooks: readonly Hook[] } = { from: [], hooks: [] }

  constructor(options: WebhookSetOptions<T>) {
    this.#options = options
  }

  /** All hooks, by the name of their configuration and their place in it. */
  hooks(): readonly Hook[] {
    const { reader, kind } = this.#options
    const configurations = reader.list(kind, '')
    const { from } = this.#built
    const isSame = from.length === configurations.length && from.every((one, i) => one === configurations[i])
    if (isSame) return this.#built.hooks
    const { environment } = policyScope([], { authorizer: true }, false)
    const hooks = configurations.flatMap(({ metadata, webhooks = [] }) =>
      webhooks.map(webhook => ({
        webhook,
        configuration: metadata.name,
        id: `${metadata.name}/${webhook.name}`,
        conditions: (webhook.matchConditions ?? []).map(({ expression }) =>
          compileFor('condition', expression, environment),
        ),
      })),
    )
    this.#built = { from: configurations, hooks }
    return hooks
  }

  /** Whether and how a hook is called. Throws ApiError where its conditions fail and it is not to be ignored. */
  async callOf(hook: Hook, attributes: AdmissionAttributes): Promise<Call | undefined> {
    if (isExempt(attributes)) return undefined
    const matched = matchedBy(hook.webhook, attributes, this.#options.equivalents)
    if (matched === undefined) return undefined
    if (!(await matchesSelectors(hook.webhook, attributes, this.#options.reader))) return undefined
    const write = await versioned(attributes, matched).catch((error: Error) => {
      throw internalError(error.message)
    })
    if (!(await this.#conditionsHold(hook, write))) return undefined
    return { hook, matched, write }
  }

  async #conditionsHold({ webhook, conditions }: Hook, write: VersionedWrite): Promise<boolean> {
    if (conditions.length === 0) return true
    const { attributes } = write
    try {
      return await withAnswers(this.#options.authorizer, attributes.user, new Map(), answers =>
        conditionsHold(webhook.matchConditions, conditions, { write, namespace: undefined, variables: [], answers }),
      )
    } catch (error) {
      if (!(error instanceof EvaluationError || error instanceof OutOfBudgetError)) throw error
      if (webhook.failurePolicy === 'Ignore') return false
      throw refusal(attributes, error.message)
    }
  }

  /** What the webhook says. Throws CallError, and ApiError for a dry run that it does not stand. */
  async ask(call: Call): Promise<Verdict> {
    const { metrics, mutating } = this.#options
    const startedMs = performance.now()
    const told = (rejected: boolean, code: number) =>
      metrics?.called({
        name: call.hook.webhook.name,
        type: mutating ? 'admit' : 'validating',
        operation: call.write.attributes.operation,
        seconds: (performance.now() - startedMs) / 1000,
        rejected,
        code,
      })
    try {
      const verdict = await this.#ask(call)
      told(!verdict.allowed, verdict.allowed ? 200 : Number(verdict.status?.code ?? 400))
      return verdict
    } catch (error) {
      told(call.hook.webhook.failurePolicy !== 'Ignore', 0)
      throw error
    }
  }

  async #ask({ hook: { webhook }, write }: Call): Promise<Verdict> {
    const harmless = webhook.sideEffects === 'None' || webhook.sideEffects === 'NoneOnDryRun'
    if (write.attributes.dryRun && !harmless)
      throw badRequestError(`admission webhook ${JSON.stringify(webhook.name)} does not support dry run`)
    const version = reviewVersionOf(webhook.admissionReviewVersions ?? [])
    if (!version)
      throw new CallError(
        webhook.name,
        'could not create admission objects: webhook does not accept known AdmissionReview versions (v1, v1beta1)',
      )
    const uid = randomUUID()
    const body = reviewOf(write, uid, version)
    const answer = await this.#options.client
      .post(webhook.clientConfig, body, webhook.timeoutSeconds ?? defaultTimeoutSeconds)
      .catch((error: Error) => {
        throw new CallError(webhook.name, `failed to call webhook: ${error.message}`)
      })
    try {
      return verdictOf(answer, uid, version, this.#options.mutating)
    } catch (error) {
      throw new CallError(webhook.name, `received invalid webhook response: ${(error as Error).message}`)
    }
  }
}

/** Tells warnings and annotations of a verdict on. */
export function tell(
  attributes: AdmissionAttributes,
  { webhook }: Hook,
  { warnings, auditAnnotations }: Verdict,
): void {
  for (const [key, value] of Object.entries(auditAnnotations)) attributes.annotate?.(`${webhook.name}/${key}`, value)
  for (const warning of warnings) attributes.warn(warning)
}

/** What the client of a refused request gets: the webhook's own status, at least a 400. */
export function rejection({ webhook }: Hook, { status = {} }: Verdict): ApiError {
  const { message, reason, code, details } = status as {
    message?: string
    reason?: string
    code?: number
    details?: object
  }
  const by = `admission webhook ${JSON.stringify(webhook.name)} denied the request`
  const text = message || reason ? `${by}: ${message || reason}` : `${by} without explanation`
  return new ApiError(code && code >= 400 ? code : 400, reason || undefined, text, details)
}

/** Throws what a failed call means for the request; returns where it is to be ignored. */
export function failOrIgnore({ webhook }: Hook, error: unknown): void {
  if (!(error instanceof CallError)) throw error
  if (webhook.failurePolicy !== 'Ignore') throw internalError(error.message)
}
