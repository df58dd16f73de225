/** The admission plugin ValidatingAdmissionPolicy (KEP-3488). */
import { ValidatingAdmissionPolicy } from '../../../api/admissionregistration/v1/validating-admission-policy.ts'
import { ValidatingAdmissionPolicyBinding } from '../../../api/admissionregistration/v1/validating-admission-policy-binding.ts'
import { ApiError } from '../../../machinery/api-error.ts'
import { EvaluationError } from '../../../machinery/cel/evaluation-error.ts'
import type { AccessAnswer, KnownAnswers } from '../../../machinery/cel/library/authorizers.ts'
import { type Compiled, compileFor, type PolicyScope } from '../../../machinery/cel/policy-expressions.ts'
import type { Authorizer } from '../../authorization/authorizer.ts'
import type { ObjectReader } from '../../registry/object-reader.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts'
import { type FindEquivalents, type Matched, type VersionedWrite, versioned } from '../equivalent.ts'
import { refusal } from '../refusal.ts'
import { isExempt } from '../rule-match.ts'
import { withAnswers } from './access-checks.ts'
import { type EvaluationInput, OutOfBudgetError, PolicyEvaluation } from './evaluation.ts'
import { conditionsHold } from './match-conditions.ts'
import { type Invocation, PolicySet } from './policy-set.ts'

interface Expressions {
  readonly validations: readonly Compiled[]
  readonly messages: readonly (Compiled | undefined)[]
  readonly annotations: readonly Compiled[]
}

type Policy = ValidatingAdmissionPolicy
type Binding = ValidatingAdmissionPolicyBinding
type Call = Invocation<Policy, Binding, Expressions>

interface Denial {
  readonly policy: string
  readonly binding: string
  readonly message: string
  readonly reason: string
}

/** What one policy says of one write: a message and reason for each rule that is broken, and its annotations. */
interface Verdict {
  readonly failures: readonly { readonly index: number; readonly message: string; readonly reason: string }[]
  readonly annotations: ReadonlyMap<string, string>
}

const codes: Readonly<Record<string, number>> = {
  Forbidden: 403,
  Unauthorized: 401,
  RequestEntityTooLarge: 413,
  Invalid: 422,
}
const maxMessageLength = 5 * 1024
const maxAnnotationLength = 10 * 1024
const maxAuditedFailures = 50
const passed: Verdict = { failures: [], annotations: new Map() }

function compile({ spec }: Policy, { environment }: PolicyScope): Expressions {
  return {
    validations: (spec.validations ?? []).map(({ expression }) => compileFor('validation', expression, environment)),
    messages: (spec.validations ?? []).map(({ messageExpression }) =>
      messageExpression ? compileFor('message', messageExpression, environment) : undefined,
    ),
    annotations: (spec.auditAnnotations ?? []).map(({ valueExpression }) =>
      compileFor('audit', valueExpression, environment),
    ),
  }
}

/** The text that a message expression gives, if it is one line of bearable length. */
function messageOf(source: string, compiled: Compiled, evaluation: PolicyEvaluation): string {
  try {
    const value = evaluation.evaluate(source, compiled)
    const text = typeof value === 'string' ? value.trim() : ''
    return text.length > maxMessageLength || text.includes('\n') ? '' : text
  } catch (error) {
    if (error instanceof EvaluationError) return ''
    throw error
  }
}

function judge({ policy: { spec }, compiled }: Call, input: EvaluationInput): Verdict {
  const ignores = spec.failurePolicy === 'Ignore'
  const failures: Verdict['failures'][number][] = []
  const annotations = new Map<string, string>()
  const fail = (index: number, message: string) => {
    if (!ignores) failures.push({ index, message, reason: 'Invalid' })
  }
  try {
    if (!conditionsHold(spec.matchConditions, compiled.conditions, input)) return passed
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error
    fail(0, error.message)
    return { failures, annotations }
  }
  const evaluation = new PolicyEvaluation(input)
  for (const [index, { expression, message, messageExpression, reason }] of (spec.validations ?? []).entries()) {
    try {
      if (evaluation.evaluate(expression, compiled.more.validations[index] as Compiled) === true) continue
      const own = compiled.more.messages[index]
      const computed = own ? messageOf(messageExpression ?? '', own, evaluation) : ''
      const text = computed || message?.trim() || `failed expression: ${expression.trim()}`
      failures.push({ index, message: text, reason: reason || 'Invalid' })
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error
      fail(index, error.message)
    }
  }
  for (const [i, { key, valueExpression }] of (spec.auditAnnotations ?? []).entries()) {
    try {
      const value = evaluation.evaluate(valueExpression, compiled.more.annotations[i] as Compiled)
      if (typeof value === 'string' && value.trim() !== '')
        annotations.set(key, value.trim().slice(0, maxAnnotationLength))
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error
      fail(i, error.message)
    }
  }
  return { failures, annotations }
}

export class ValidatingPolicies implements AdmissionPlugin {
  readonly name = 'ValidatingAdmissionPolicy'
  readonly #set: PolicySet<Policy, Binding, Expressions>
  readonly #authorizer: Authorizer

  constructor(reader: ObjectReader, authorizer: Authorizer, equivalents: FindEquivalents) {
    this.#authorizer = authorizer
    this.#set = new PolicySet({
      reader,
      equivalents,
      policyKind: ValidatingAdmissionPolicy,
      bindingKind: ValidatingAdmissionPolicyBinding,
      mutating: false,
      compile,
    })
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    if (this.#set.isEmpty || isExempt(attributes)) return
    const { invocations, misconfigured } = await this.#set.matching(attributes)
    const denials: Denial[] = misconfigured
      .filter(({ policy }) => policy.spec.failurePolicy !== 'Ignore')
      .map(({ policy, binding, message }) => ({
        policy: policy.metadata.name,
        binding: binding?.metadata.name ?? '',
        message,
        reason: 'Invalid',
      }))
    const audited: object[] = []
    const answers = new Map<string, AccessAnswer>()
    const writes = new Map<Matched, VersionedWrite>()
    for (const call of invocations) {
      const write = writes.get(call.matched) ?? (await convert(call, attributes, denials))
      if (!write) continue
      writes.set(call.matched, write)
      const verdict = await this.#verdict(call, write, answers)
      this.#act(call, verdict, attributes, denials, audited)
    }
    if (audited.length > 0)
      attributes.annotate?.(
        'validation.policy.admission.k8s.io/validation_failure',
        JSON.stringify(audited.slice(0, maxAuditedFailures)),
      )
    const [first] = denials
    if (first) throw deniedError(attributes, first)
  }

  async #verdict(call: Call, write: VersionedWrite, answers: Map<string, AccessAnswer>): Promise<Verdict> {
    const { compiled, params = null, namespace } = call
    const { variables } = compiled.scope
    try {
      const evaluate = (known: KnownAnswers): Verdict =>
        judge(call, { write, namespace, params, variables, answers: known })
      return await withAnswers(this.#authorizer, write.attributes.user, answers, evaluate)
    } catch (error) {
      if (!(error instanceof OutOfBudgetError)) throw error
      if (call.policy.spec.failurePolicy === 'Ignore') return passed
      return { failures: [{ index: 0, message: error.message, reason: 'Invalid' }], annotations: new Map() }
    }
  }

  #act(
    { policy, binding }: Call,
    verdict: Verdict,
    attributes: AdmissionAttributes,
    denials: Denial[],
    audited: object[],
  ) {
    const names = { policy: policy.metadata.name, binding: binding.metadata.name }
    const { validationActions = [] } = binding.spec
    for (const { index, message, reason } of verdict.failures) {
      for (const action of validationActions) {
        if (action === 'Deny') denials.push({ ...names, message, reason })
        else if (action === 'Audit') audited.push({ message, ...names, expressionIndex: index, validationActions })
        else if (action === 'Warn')
          attributes.warn(
            `Validation failed for ValidatingAdmissionPolicy '${names.policy}' with binding '${names.binding}': ${message}`,
          )
      }
    }
    for (const [key, value] of verdict.annotations) attributes.annotate?.(`${names.policy}/${key}`, value)
  }
}

/** Undefined where no webhook converts it; a denial then, if the policy may not be ignored. */
async function convert(
  { policy, binding, matched }: Call,
  attributes: AdmissionAttributes,
  denials: Denial[],
): Promise<VersionedWrite | undefined> {
  try {
    return await versioned(attributes, matched)
  } catch (error) {
    if (policy.spec.failurePolicy === 'Ignore') return undefined
    const message = `failed to configure binding: failed to convert object version: ${(error as Error).message}`
    const names = { policy: policy.metadata.name, binding: binding.metadata.name }
    denials.push({ ...names, message, reason: 'Invalid' })
    return undefined
  }
}

function deniedError(attributes: AdmissionAttributes, { policy, binding, message, reason }: Denial): ApiError {
  const by = binding === '' ? '' : ` with binding '${binding}'`
  const text = `ValidatingAdmissionPolicy '${policy}'${by} denied request: ${message}`
  const { status } = refusal(attributes, text)
  const causes = [...(status.details?.causes ?? []), { message: text }]
  return new ApiError(codes[reason] ?? 422, reason, status.message, { ...status.details, causes })
}
