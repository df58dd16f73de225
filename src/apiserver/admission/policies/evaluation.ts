/** Evaluates the expressions of one policy for one write: its variables once each, all within one budget. */
import type { Namespace } from '../../../api/core/v1/namespace.ts'
import { namespaceType, requestType } from '../../../machinery/cel/admission-environment.ts'
import { type CompiledExpression, perCallCostLimit, type Variables } from '../../../machinery/cel/environment.ts'
import { CostExceededError, EvaluationError } from '../../../machinery/cel/evaluation-error.ts'
import { valueOfJson } from '../../../machinery/cel/json-values.ts'
import { authorizerValue, type KnownAnswers, requestResourceValue } from '../../../machinery/cel/library/authorizers.ts'
import type { Compiled } from '../../../machinery/cel/policy-expressions.ts'
import type { MapValue, Value } from '../../../machinery/cel/values.ts'
import type { VersionedWrite } from '../equivalent.ts'
import { nameOf } from '../refusal.ts'

/** What all expressions of a policy together may cost for one write. */
const runtimeCostBudget = 10_000_000

/** The budget is spent: what is left of the policy counts as failed. */
export class OutOfBudgetError extends Error {
  constructor() {
    super('validation failed due to running out of cost budget, no further validation rules will be run')
  }
}

export interface NamedCompiled {
  readonly name: string
  readonly compiled: Compiled
}

export interface EvaluationInput {
  readonly write: VersionedWrite
  readonly namespace: Namespace | undefined
  readonly params?: unknown
  readonly variables: readonly NamedCompiled[]
  readonly answers: KnownAnswers
}

export class PolicyEvaluation {
  #budget: number
  readonly #variables: Variables

  constructor(input: EvaluationInput, budget = runtimeCostBudget) {
    this.#budget = budget
    this.#variables = { ...admissionValues(input), variables: this.#lazy(input.variables) }
  }

  /** Throws EvaluationError with upstream's wording, OutOfBudgetError or PendingCheck. */
  evaluate(source: string, compiled: Compiled): Value {
    if ('error' in compiled) throw new EvaluationError(compiled.error)
    try {
      return this.#spend(compiled.expression)
    } catch (error) {
      if (error instanceof EvaluationError || error instanceof CostExceededError)
        throw new EvaluationError(`expression '${source}' resulted in error: ${error.message}`)
      throw error
    }
  }

  #spend(expression: CompiledExpression): Value {
    const { value, cost } = expression.evaluate(this.#variables, Math.min(perCallCostLimit, this.#budget + 1))
    this.#budget -= cost
    if (this.#budget < 0) throw new OutOfBudgetError()
    return value
  }

  #lazy(variables: readonly NamedCompiled[]): MapValue {
    const known = new Map<string, Value | EvaluationError>()
    const compute = (name: string, compiled: Compiled): Value | EvaluationError => {
      if ('error' in compiled)
        return new EvaluationError(`composited variable "${name}" fails to compile: ${compiled.error}`)
      try {
        return this.#spend(compiled.expression)
      } catch (error) {
        if (!(error instanceof EvaluationError)) throw error
        return new EvaluationError(`composited variable "${name}" fails to evaluate: ${error.message}`)
      }
    }
    return {
      isMap: true,
      size: variables.length,
      typeName: 'kubernetes.variables',
      keys: () => variables.map(({ name }) => name),
      get(key) {
        const variable = variables.find(({ name }) => name === key)
        if (!variable) return undefined
        const value = known.get(variable.name) ?? compute(variable.name, variable.compiled)
        known.set(variable.name, value)
        if (value instanceof EvaluationError) throw value
        return value
      },
    }
  }
}

/** The variables that every expression of admission may use. */
export function admissionValues(input: Omit<EvaluationInput, 'variables'>): Record<string, Value | (() => Value)> {
  const { write, namespace, params, answers } = input
  const { attributes } = write
  const { object, oldObject, group, resource, subresource, namespace: namespaceName } = attributes
  const requested = { group, resource, subresource, namespace: namespaceName, name: nameOf(attributes) }
  const given = Object.entries(requested).filter(([key, text]) => text !== '' || key === 'group')
  return {
    object: () => valueOfJson(object ?? null),
    oldObject: () => valueOfJson(oldObject ?? null),
    request: () => valueOfJson(requestOf(write), requestType),
    namespaceObject: () => valueOfJson(namespace && namespaceView(namespace), namespaceType),
    ...(params === undefined ? {} : { params: () => valueOfJson(params) }),
    authorizer: () => authorizerValue(answers),
    'authorizer.requestResource': () => requestResourceValue(Object.fromEntries(given), answers),
  }
}

function requestOf({ attributes, kind, group, version, resource }: VersionedWrite) {
  const { subresource, namespace, operation, user, dryRun, options } = attributes
  const { username, uid = '', groups, extra = {} } = user
  return {
    kind: kind.gvk,
    resource: { group, version, resource },
    subResource: subresource,
    requestKind: attributes.kind.gvk,
    requestResource: { group: attributes.group, version: attributes.version, resource: attributes.resource },
    requestSubResource: subresource,
    name: attributes.name,
    namespace,
    operation,
    userInfo: { username, uid, groups, extra },
    dryRun,
    options,
  }
}

/** A namespace without what expressions may not depend on: managed fields and owners. */
function namespaceView({ metadata, spec, status }: Namespace) {
  const { managedFields, ownerReferences, ...shown } = metadata as Namespace['metadata'] & Record<string, unknown>
  return { metadata: shown, spec, status }
}
