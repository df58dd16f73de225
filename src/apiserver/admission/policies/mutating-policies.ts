/** The admission plugin MutatingAdmissionPolicy (KEP-3962). */
import {
  MutatingAdmissionPolicy,
  type Mutation,
} from '../../../api/admissionregistration/v1/mutating-admission-policy.ts'
import { MutatingAdmissionPolicyBinding } from '../../../api/admissionregistration/v1/mutating-admission-policy-binding.ts'
import { ApiError } from '../../../machinery/api-error.ts'
import { mergeValues } from '../../../machinery/apply/merge.ts'
import { structShapeOf } from '../../../machinery/apply/shape.ts'
import { EvaluationError } from '../../../machinery/cel/evaluation-error.ts'
import type { AccessAnswer } from '../../../machinery/cel/library/authorizers.ts'
import { type Compiled, compileFor, type PolicyScope } from '../../../machinery/cel/policy-expressions.ts'
import { jsonOfValue, MutationTypeError } from '../../../machinery/cel/value-json.ts'
import { isList } from '../../../machinery/cel/values.ts'
import { applyDefaults } from '../../../machinery/defaulting.ts'
import { applyJsonPatch, JsonPatchTestError } from '../../../machinery/patch/json-patch.ts'
import type { Kind } from '../../../schema/kind.ts'
import type { Authorizer } from '../../authorization/authorizer.ts'
import type { ObjectReader } from '../../registry/object-reader.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts'
import { asRequested, type FindEquivalents, type VersionedWrite, versioned } from '../equivalent.ts'
import { refusal } from '../refusal.ts'
import { isExempt } from '../rule-match.ts'
import { withAnswers } from './access-checks.ts'
import { OutOfBudgetError, PolicyEvaluation } from './evaluation.ts'
import { conditionsHold } from './match-conditions.ts'
import { type Invocation, PolicySet } from './policy-set.ts'

type Policy = MutatingAdmissionPolicy
type Binding = MutatingAdmissionPolicyBinding
type Call = Invocation<Policy, Binding, readonly Compiled[]>
type Json = Record<string, unknown>

const sourceOf = ({ patchType, applyConfiguration, jsonPatch }: Mutation): string =>
  (patchType === 'JSONPatch' ? jsonPatch?.expression : applyConfiguration?.expression) ?? ''

const compile = ({ spec }: Policy, { environment }: PolicyScope): readonly Compiled[] =>
  (spec.mutations ?? []).map(mutation =>
    compileFor(mutation.patchType === 'JSONPatch' ? 'jsonPatch' : 'apply', sourceOf(mutation), environment),
  )

/** The object as one mutation leaves it; shares what it does not change. Throws EvaluationError. */
function mutate(mutation: Mutation, compiled: Compiled, evaluation: PolicyEvaluation, kind: Kind, object: Json): Json {
  const value = evaluation.evaluate(sourceOf(mutation), compiled)
  if (mutation.patchType !== 'JSONPatch') {
    const applied = jsonOfValue(value, 'Object') as Json
    return mergeValues(structShapeOf(kind), object, applied) as Json
  }
  if (typeof value !== 'object' || value === null || !isList(value))
    throw new EvaluationError('type mismatch: JSONPatchType.expression should evaluate to array')
  const operations = Array.from(value.values(), operation => jsonOfValue(operation))
  try {
    return applyJsonPatch(object, operations) as Json
  } catch (error) {
    // A test that does not hold takes the whole patch back.
    if (error instanceof JsonPatchTestError) return object
    throw new EvaluationError(`JSON Patch: ${(error as Error).message}`)
  }
}

export class MutatingPolicies implements AdmissionPlugin {
  readonly name = 'MutatingAdmissionPolicy'
  readonly #set: PolicySet<Policy, Binding, readonly Compiled[]>
  readonly #authorizer: Authorizer

  constructor(reader: ObjectReader, authorizer: Authorizer, equivalents: FindEquivalents) {
    this.#authorizer = authorizer
    this.#set = new PolicySet({
      reader,
      equivalents,
      policyKind: MutatingAdmissionPolicy,
      bindingKind: MutatingAdmissionPolicyBinding,
      mutating: true,
      compile,
    })
  }

  async admit(attributes: AdmissionAttributes): Promise<void> {
    if (this.#set.isEmpty || isExempt(attributes) || !attributes.object) return
    const { invocations, misconfigured } = await this.#set.matching(attributes)
    const failures = misconfigured
      .filter(({ policy }) => policy.spec.failurePolicy !== 'Ignore')
      .map(({ policy, binding, message }) => ({ text: deniedText(policy, binding, message), reason: undefined }))
    const answers = new Map<string, AccessAnswer>()
    const again = new Set<Call>()
    for (const call of invocations) {
      const before: unknown = attributes.object
      await this.#run(call, attributes, answers, failures)
      if (attributes.object !== before) for (const other of again) await this.#run(other, attributes, answers, failures)
      if (call.policy.spec.reinvocationPolicy === 'IfNeeded') again.add(call)
    }
    const [first] = failures
    if (!first) return
    const { status } = refusal(attributes, 'admission request denied by policy')
    const causes = [...(status.details?.causes ?? []), ...failures.map(({ text }) => ({ message: text }))]
    throw new ApiError(status.code, first.reason ?? status.reason, first.text, { ...status.details, causes })
  }

  async #run(
    call: Call,
    attributes: AdmissionAttributes,
    answers: Map<string, AccessAnswer>,
    failures: { text: string; reason: string | undefined }[],
  ): Promise<void> {
    const { policy, binding, matched } = call
    const fail = (text: string, reason: string | undefined) => {
      if (policy.spec.failurePolicy !== 'Ignore') failures.push({ text, reason })
    }
    const convert = async <T>(made: Promise<T> | T): Promise<T | undefined> => {
      try {
        return await made
      } catch (error) {
        const text = `failed to configure policy: ${(error as Error).message}`
        fail(deniedText(policy, undefined, text), undefined)
        return undefined
      }
    }
    const write = await convert(versioned(attributes, matched))
    if (!write) return
    try {
      const object = await withAnswers(this.#authorizer, attributes.user, answers, known =>
        this.#mutated(call, write, known),
      )
      if (object === write.attributes.object) return
      applyDefaults(write.kind, object)
      const requested = await convert(asRequested(attributes, matched, object))
      if (requested) attributes.object = requested
    } catch (error) {
      const isOwn =
        error instanceof EvaluationError || error instanceof MutationTypeError || error instanceof OutOfBudgetError
      if (!isOwn) throw error
      fail(deniedText(policy, binding, error.message), 'Invalid')
    }
  }

  #mutated(call: Call, write: VersionedWrite, answers: ReadonlyMap<string, AccessAnswer>): Json {
    const { policy, compiled, params = null, namespace } = call
    const { variables } = compiled.scope
    const { attributes, kind } = write
    let object = attributes.object as Json
    for (const [i, mutation] of (policy.spec.mutations ?? []).entries()) {
      const seen = { ...write, attributes: { ...attributes, object } }
      const input = { write: seen, namespace, params, variables, answers }
      if (i === 0 && !conditionsHold(policy.spec.matchConditions, compiled.conditions, input)) return object
      object = mutate(mutation, compiled.more[i] as Compiled, new PolicyEvaluation(input), kind, object)
    }
    return object
  }
}

const deniedText = (policy: Policy, binding: Binding | undefined, message: string): string =>
  binding
    ? `policy '${policy.metadata.name}' with binding '${binding.metadata.name}' denied request: ${message}`
    : `policy '${policy.metadata.name}' denied request: ${message}`
