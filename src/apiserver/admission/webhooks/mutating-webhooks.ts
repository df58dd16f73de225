/** The admission plugin MutatingAdmissionWebhook: one webhook after the other, each sees what those before it made. */
import { MutatingWebhookConfiguration } from '../../../api/admissionregistration/v1/mutating-webhook-configuration.ts'
import { internalError } from '../../../machinery/api-error.ts'
import { applyDefaults } from '../../../machinery/defaulting.ts'
import { applyJsonPatch } from '../../../machinery/patch/json-patch.ts'
import { decodeValue } from '../../../schema/json-decode.ts'
import { shownObject } from '../../../schema/shown-object.ts'
import { cloneJson, equalJson } from '../../registry/clone.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts'
import { asRequested } from '../equivalent.ts'
import type { Verdict } from './admission-review.ts'
import {
  type Call,
  failOrIgnore,
  type Hook,
  rejection,
  tell,
  WebhookSet,
  type WebhookSetOptions,
} from './webhook-set.ts'

type Json = Record<string, unknown>
type Options = Omit<WebhookSetOptions<MutatingWebhookConfiguration>, 'kind' | 'mutating'>

/** What is remembered of a write between the first round of plugins and the second. */
interface Round {
  /** The object as the last webhook left it. */
  last: unknown
  /** Called already, and willing to be called again. */
  readonly willing: Set<string>
  /** To be called again: something changed after they were. */
  readonly due: Set<string>
}

const key = 'MutatingAdmissionWebhook'

export class MutatingWebhooks implements AdmissionPlugin {
  readonly name = key
  readonly #set: WebhookSet<MutatingWebhookConfiguration>

  constructor(options: Options) {
    this.#set = new WebhookSet({ ...options, kind: MutatingWebhookConfiguration, mutating: true })
  }

  async admit(attributes: AdmissionAttributes): Promise<void> {
    const hooks = this.#set.hooks()
    if (hooks.length === 0) return
    const reinvocation = attributes.reinvocation
    const isAgain = reinvocation?.isAgain === true
    const known = reinvocation?.memory.get(key) as Round | undefined
    const round: Round = known ?? { last: undefined, willing: new Set(), due: new Set() }
    reinvocation?.memory.set(key, round)
    if (isAgain && !equalJson(round.last, attributes.object)) makeDue(round)
    for (const [index, hook] of hooks.entries()) {
      if (isAgain && !round.due.has(hook.id)) continue
      const called = await this.#call(hook, attributes, isAgain ? 1 : 0, index)
      if (called === 'skipped') continue
      if (called === 'changed') {
        makeDue(round)
        if (reinvocation) reinvocation.wanted = true
      }
      round.due.delete(hook.id)
      if (hook.webhook.reinvocationPolicy === 'IfNeeded') round.willing.add(hook.id)
    }
    round.last = attributes.object === undefined ? undefined : cloneJson(attributes.object)
  }

  async #call(
    hook: Hook,
    attributes: AdmissionAttributes,
    round: number,
    index: number,
  ): Promise<'skipped' | 'same' | 'changed'> {
    const call = await this.#set.callOf(hook, attributes)
    if (!call) return 'skipped'
    let verdict: Verdict
    try {
      verdict = await this.#set.ask(call)
    } catch (error) {
      failOrIgnore(hook, error)
      return 'same'
    }
    tell(attributes, hook, verdict)
    if (!verdict.allowed) throw rejection(hook, verdict)
    const mutated = verdict.patch.length > 0 && (await patch(attributes, call, verdict.patch))
    const { configuration, webhook } = hook
    attributes.annotate?.(
      `mutation.webhook.admission.k8s.io/round_${round}_index_${index}`,
      JSON.stringify({ configuration, webhook: webhook.name, mutated }),
    )
    return mutated ? 'changed' : 'same'
  }
}

function makeDue(round: Round): void {
  for (const id of round.willing) round.due.add(id)
}

/** Changes the object of the write; says whether it differs now. */
async function patch(
  attributes: AdmissionAttributes,
  { hook: { webhook }, matched, write }: Call,
  operations: readonly unknown[],
): Promise<boolean> {
  const { kind } = write
  const { object } = write.attributes
  if (!object) {
    const why = 'attempted to modify the object, which is not supported for this operation'
    throw internalError(`admission webhook ${JSON.stringify(webhook.name)} ${why}`)
  }
  const shown: Json = { ...object, apiVersion: kind.apiVersion, kind: kind.gvk.kind }
  try {
    // As the webhook saw it, with what is shown although it is unset.
    const before = shownObject(kind, shown) as Json
    const made = cloneJson(decodeValue(kind, applyJsonPatch(before, operations)).object) as Json
    applyDefaults(kind, made)
    if (equalJson(made, shown)) return false
    attributes.object = await asRequested(attributes, matched, made)
    return true
  } catch (error) {
    throw internalError((error as Error).message)
  }
}
