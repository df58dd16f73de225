/** `x-kubernetes-validations`: rules in CEL that values of custom resources must keep (KEP-2876). */
import { isDeepStrictEqual } from 'node:util'
import type { JSONSchemaProps, ValidationRule } from '../../api/apiextensions/v1/json-schema-props.ts'
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  invalidWithoutValue,
  required,
} from '../../schema/field-error.ts'
import { ownMember } from '../../schema/json-exact.ts'
import type { DeclaredSize } from '../cel/cost/estimate.ts'
import { CompilationError, type CompiledExpression, compileExpression, perCallCostLimit } from '../cel/environment.ts'
import { CostExceededError, EvaluationError } from '../cel/evaluation-error.ts'
import { valueOfJson } from '../cel/json-values.ts'
import { type CelType, formatType, optionalOf } from '../cel/types.ts'
import { Optional, type Value } from '../cel/values.ts'
import { partnerOf } from './check.ts'
import { declaredSizes } from './declared-size.ts'
import { schemaOfMember } from './member-schema.ts'
import { ruleType } from './rule-types.ts'

type Errors = FieldError[]
type Json = Record<string, unknown>

/** Of all rules of one object. */
const runtimeCostBudget = 10_000_000
const maxMessageBytes = 5 * 1024

export interface CompiledRule {
  readonly rule: ValidationRule
  readonly usesOldSelf: boolean
  readonly expression: CompiledExpression | undefined
  readonly error: string | undefined
  readonly message: CompiledExpression | undefined
  readonly messageError: string | undefined
}

/** Whether a rule speaks of the value before: outside of its texts. */
const usesOldSelf = (source: string): boolean =>
  /\boldSelf\b/.test(source.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '""'))

const compiled = new WeakMap<JSONSchemaProps, readonly CompiledRule[]>()

export function compiledRules(schema: JSONSchemaProps, isWhole: boolean): readonly CompiledRule[] {
  const rules = schema['x-kubernetes-validations']
  if (!rules) return []
  const known = compiled.get(schema)
  if (known) return known
  const type = ruleType(schema, isWhole)
  const declaredSize = declaredSizes(schema, isWhole)
  const made = rules.map(rule => compileRule(rule, type, declaredSize))
  compiled.set(schema, made)
  return made
}

interface Attempt {
  readonly expression?: CompiledExpression
  readonly error?: string
}
const nothing: Attempt = {}

function compileRule(rule: ValidationRule, type: CelType, declaredSize: DeclaredSize): CompiledRule {
  const old = rule.optionalOldSelf ? optionalOf(type) : type
  const variables = new Map([
    ['self', type],
    ['oldSelf', old],
  ])
  const attempt = (source: string, wanted: string, refusal: string): Attempt => {
    try {
      const expression = compileExpression(source, { variables, declaredSize })
      return formatType(expression.type) === wanted ? { expression } : { error: refusal }
    } catch (error) {
      if (error instanceof CompilationError) return { error: `compilation failed: ${error.message}` }
      throw error
    }
  }
  const main = attempt(rule.rule, 'bool', 'cel expression must evaluate to a bool')
  const text =
    rule.messageExpression && main.expression
      ? attempt(rule.messageExpression, 'string', 'messageExpression must evaluate to a string')
      : nothing
  return {
    rule,
    usesOldSelf: usesOldSelf(rule.rule),
    expression: main.expression,
    error: main.error,
    message: text.expression,
    messageError: text.error && `messageExpression ${text.error.replace(/^messageExpression /, '')}`,
  }
}

/** The budget is spent: no further rule is run. */
class SpentError extends Error {}

class Run {
  readonly #out: Errors
  #budget = runtimeCostBudget

  constructor(out: Errors) {
    this.#out = out
  }

  /** `old` is undefined where there is nothing to compare with. */
  walk(path: string, value: unknown, old: unknown, schema: JSONSchemaProps, isWhole: boolean): void {
    if (value === null || value === undefined) return
    this.#node(path, value, old, schema, isWhole)
    const { items, properties } = schema
    if (Array.isArray(value)) {
      if (!items || Array.isArray(items)) return
      value.forEach((item, i) => {
        this.walk(`${path}[${i}]`, item, partnerOf(schema, item, old), items, false)
      })
    } else if (typeof value === 'object') {
      const before = isJson(old) ? old : undefined
      for (const [name, member] of Object.entries(value)) {
        const property = schemaOfMember(schema, name)
        const at = ownMember(properties, name) ? (path === '' ? name : `${path}.${name}`) : `${path}[${name}]`
        const isAtomic = schema['x-kubernetes-map-type'] === 'atomic'
        if (property) this.walk(at, member, isAtomic ? undefined : ownMember(before, name), property, false)
      }
    }
  }

  #node(path: string, value: unknown, old: unknown, schema: JSONSchemaProps, isWhole: boolean): void {
    const rules = compiledRules(schema, isWhole)
    if (rules.length === 0) return
    const type = ruleType(schema, isWhole)
    const self = () => valueOfJson(value, type)
    for (const rule of rules) {
      const optional = rule.rule.optionalOldSelf === true
      if (rule.usesOldSelf && (old === undefined || old === null) && !optional) continue
      // What was wrong before and has not changed does not keep others from being changed.
      if (!rule.usesOldSelf && old !== undefined && isDeepStrictEqual(value, old)) continue
      const before = () => (old === undefined || old === null ? undefined : valueOfJson(old, type))
      const oldSelf = (): Value => {
        const given = before()
        if (!optional) return given ?? null
        return given === undefined ? Optional.none : new Optional(given)
      }
      this.#judge(path, value, schema, rule, { self, oldSelf })
    }
  }

  #judge(
    path: string,
    value: unknown,
    { type = '' }: JSONSchemaProps,
    compiledRule: CompiledRule,
    variables: { readonly self: () => Value; readonly oldSelf: () => Value },
  ): void {
    const { rule, expression, error } = compiledRule
    const shown = rule.message?.trim() || rule.rule.trim()
    if (!expression) return void this.#out.push(invalid(path, type, `rule compile error: ${error}`))
    try {
      if (this.#spend(path, type, expression, variables) === true) return
    } catch (failure) {
      if (failure instanceof CostExceededError) {
        const why = 'no further validation rules will be run due to call cost exceeds limit for rule'
        this.#out.push(invalid(path, type, `'${failure.message}': ${why}: ${shown}`))
        throw new SpentError()
      }
      if (!(failure instanceof EvaluationError)) throw failure
      const detail = failure.message.startsWith('no such overload')
        ? `'${failure.message}': call arguments did not match a supported operator, function or macro signature for rule: ${shown}`
        : `${failure.message} evaluating rule: ${shown}`
      return void this.#out.push(invalid(path, type, detail))
    }
    const detail =
      this.#messageOf(path, type, compiledRule, variables) ?? (rule.message ? shown : `failed rule: ${shown}`)
    this.#out.push(failureOf(rule, path + (rule.fieldPath ?? ''), value, detail))
  }

  #messageOf(
    path: string,
    type: string,
    { message }: CompiledRule,
    variables: { readonly self: () => Value; readonly oldSelf: () => Value },
  ): string | undefined {
    if (!message) return undefined
    try {
      const text = this.#spend(path, type, message, variables)
      const trimmed = typeof text === 'string' ? text.trim() : ''
      const isFit = trimmed !== '' && trimmed.length <= maxMessageBytes && !/[\n\r]/.test(trimmed)
      return isFit ? trimmed : undefined
    } catch (failure) {
      if (failure instanceof EvaluationError || failure instanceof CostExceededError) return undefined
      throw failure
    }
  }

  #spend(
    path: string,
    type: string,
    expression: CompiledExpression,
    variables: { readonly self: () => Value; readonly oldSelf: () => Value },
  ): Value {
    const { value, cost } = expression.evaluate(variables, perCallCostLimit)
    this.#budget -= cost
    if (this.#budget >= 0) return value
    const why = 'validation failed due to running out of cost budget, no further validation rules will be run'
    this.#out.push(invalid(path, type, why))
    throw new SpentError()
  }
}

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

function failureOf({ reason }: ValidationRule, path: string, value: unknown, detail: string): FieldError {
  switch (reason) {
    case 'FieldValueForbidden':
      return forbidden(path, detail)
    case 'FieldValueRequired':
      return required(path, detail)
    case 'FieldValueDuplicate':
      return duplicate(path, value)
    default:
      // Whole objects and lists are not shown.
      return typeof value === 'object' ? invalidWithoutValue(path, detail) : invalid(path, value, detail)
  }
}

const blocking = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
])

/** Runs the rules of an object that has its shape. `old` is undefined on create. */
export function checkRules(out: Errors, schema: JSONSchemaProps, object: unknown, old: unknown): void {
  if (!hasRules(schema)) return
  if (out.some(({ reason }) => blocking.has(reason))) {
    const why =
      'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation'
    out.push(invalid('<nil>', null, why))
    return
  }
  try {
    new Run(out).walk('', object, old, schema, true)
  } catch (error) {
    if (!(error instanceof SpentError)) throw error
  }
}

const withRules = new WeakMap<JSONSchemaProps, boolean>()

function hasRules(schema: JSONSchemaProps): boolean {
  const known = withRules.get(schema)
  if (known !== undefined) return known
  const { items, properties = {}, additionalProperties: more } = schema
  const inner = [
    ...Object.values(properties),
    ...(items && !Array.isArray(items) ? [items] : []),
    ...(typeof more === 'object' ? [more] : []),
  ]
  const found = (schema['x-kubernetes-validations']?.length ?? 0) > 0 || inner.some(hasRules)
  withRules.set(schema, found)
  return found
}
