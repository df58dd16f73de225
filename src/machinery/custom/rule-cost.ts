/**
 * The most that a rule can cost, from its expression and the bounds of its schema (KEP-2876, "Resource constraints").
 * Coarser than upstream's estimate: what counts is how often loops run over lists, maps and texts without bounds.
 */
import type { JSONSchemaProps } from '../../api/apiextensions/v1/json-schema-props.ts'
import type { Expression } from '../cel/syntax/expression.ts'
import { memberBehind } from './rule-types.ts'

export const maxRuleCost = 10_000_000
export const maxTotalCost = 100_000_000

/** What one request can bring at most. */
const maxRequestBytes = 3 * 1024 * 1024
const costPerCharacter = 0.1

const minBytes: Readonly<Record<string, number>> = { string: 2, array: 2, object: 2, boolean: 4 }
const minBytesOf = (schema: JSONSchemaProps | undefined): number => minBytes[schema?.type ?? ''] ?? 1

const itemsOf = ({ items }: JSONSchemaProps): JSONSchemaProps | undefined => (Array.isArray(items) ? undefined : items)
const valuesOf = ({ additionalProperties: more }: JSONSchemaProps): JSONSchemaProps | undefined =>
  typeof more === 'object' ? more : undefined

/** Most items of a list, members of a map or characters of a text. */
export function maxSizeOf(schema: JSONSchemaProps | undefined): number {
  if (!schema) return maxRequestBytes
  if (schema.type === 'array') {
    return schema.maxItems ?? Math.floor((maxRequestBytes - 2) / (minBytesOf(itemsOf(schema)) + 1))
  }
  if (schema.type === 'object') {
    const own = Object.keys(schema.properties ?? {}).length
    if (own > 0) return own
    return schema.maxProperties ?? Math.floor((maxRequestBytes - 2) / (minBytesOf(valuesOf(schema)) + 4))
  }
  if (schema.type !== 'string') return 1
  if (schema.enum) return Math.max(...schema.enum.map(one => String(one).length))
  return schema.maxLength ?? maxRequestBytes - 2
}

type Scope = ReadonlyMap<string, JSONSchemaProps | undefined>

interface Estimate {
  readonly cost: number
  /** What the value is, as far as the schema says. */
  readonly schema: JSONSchemaProps | undefined
}

const scanning = new Set([
  '_==_',
  '_!=_',
  'contains',
  'startsWith',
  'endsWith',
  'matches',
  'find',
  'findAll',
  'split',
  'replace',
  '@in',
  '_+_',
  'size',
])

export const ruleCost = (expression: Expression, self: JSONSchemaProps): number =>
  estimate(
    expression,
    new Map([
      ['self', self],
      ['oldSelf', self],
    ]),
  ).cost

function estimate(expression: Expression, scope: Scope): Estimate {
  const costOf = (one: Expression): number => estimate(one, scope).cost
  switch (expression.is) {
    case 'literal':
      return { cost: 0, schema: literalSchema(expression.value) }
    case 'identifier':
      return { cost: 1, schema: scope.get(expression.name) }
    case 'select': {
      const { cost, schema } = estimate(expression.operand, scope)
      return {
        cost: cost + 1,
        schema: schema?.properties?.[memberBehind(expression.field)] ?? (schema && valuesOf(schema)),
      }
    }
    case 'list':
      return {
        cost: 10 + expression.elements.reduce((sum, { value }) => sum + costOf(value), 0),
        schema: listSchema(expression.elements.length),
      }
    case 'map':
      return {
        cost: 30 + expression.entries.reduce((sum, { key, value }) => sum + costOf(key) + costOf(value), 0),
        schema: undefined,
      }
    case 'struct':
      return { cost: 40 + expression.fields.reduce((sum, { value }) => sum + costOf(value), 0), schema: undefined }
    case 'call':
      return estimateCall(expression, scope)
    case 'fold':
      return estimateFold(expression, scope)
  }
}

const literalSchema = (value: unknown): JSONSchemaProps =>
  typeof value === 'string' ? { type: 'string', maxLength: value.length } : { type: 'integer' }
const listSchema = (length: number): JSONSchemaProps => ({ type: 'array', maxItems: length })

function estimateCall({ name, target, args }: Extract<Expression, { is: 'call' }>, scope: Scope): Estimate {
  const parts = (target ? [target, ...args] : args).map(one => estimate(one, scope))
  let cost = 1 + parts.reduce((sum, part) => sum + part.cost, 0)
  const [first, second] = parts
  if (name === '_[_]') return { cost, schema: first?.schema && (itemsOf(first.schema) ?? valuesOf(first.schema)) }
  if (scanning.has(name) && name !== 'size' && first && second) cost += scanCost(name, first, second)
  return { cost, schema: name === '_?_:_' ? parts[1]?.schema : resultSchema(name, parts) }
}

function scanCost(name: string, first: Estimate, second: Estimate): number {
  if (name === '@in') return maxSizeOf(second.schema)
  const sizes = [first, second].map(({ schema }) => (schema ? maxSizeOf(schema) : 1))
  // Comparing ends with the shorter one.
  const size = name === '_==_' || name === '_!=_' ? Math.min(...sizes) : Math.max(...sizes)
  return size * costPerCharacter
}

const resultSchema = (name: string, [first, second]: readonly Estimate[]): JSONSchemaProps | undefined =>
  name === '_+_' && first?.schema?.type === 'string' && second?.schema
    ? { type: 'string', maxLength: maxSizeOf(first.schema) + maxSizeOf(second.schema) }
    : undefined

function estimateFold(fold: Extract<Expression, { is: 'fold' }>, scope: Scope): Estimate {
  const range = estimate(fold.range, scope)
  const inner = new Map(scope)
  const schema = range.schema
  const element = schema && (itemsOf(schema) ?? (fold.second === undefined ? { type: 'string' } : undefined))
  inner.set(fold.variable, fold.second === undefined ? element : { type: 'string' })
  if (fold.second !== undefined) inner.set(fold.second, schema && (itemsOf(schema) ?? valuesOf(schema)))
  inner.set(fold.accumulator, undefined)
  const once = estimate(fold.condition, inner).cost + estimate(fold.step, inner).cost
  const before = range.cost + estimate(fold.start, scope).cost
  const result = estimate(fold.result, inner).cost
  return { cost: before + result + maxSizeOf(schema) * once, schema: schema?.type === 'array' ? schema : undefined }
}

/** How the refusal of a dear rule reads. */
export function costMessage(what: string, cost: number, limit: number): string {
  const factor = cost / limit
  const shown = factor > 100 ? 'more than 100x' : `${factor < 1.5 ? factor.toFixed(6) : factor.toFixed(1)}x`
  return `${what} exceeds budget by factor of ${shown} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`
}
