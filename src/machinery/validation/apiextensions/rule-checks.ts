/** The CEL rules of a schema, when it is defined: they compile, have the right type, and cannot cost too much. */
import type { JSONSchemaProps } from '../../../api/apiextensions/v1/json-schema-props.ts'
import { forbidden, invalid } from '../../../schema/field-error.ts'
import { maxOccurrences } from '../../custom/declared-size.ts'
import { type CompiledRule, compiledRules } from '../../custom/rules.ts'
import type { Errors } from '../checks.ts'

/** What one rule, and all rules of a schema, may cost at most (KEP-2876, "Resource constraints"). */
const maxRuleCost = 10_000_000
const maxTotalCost = 100_000_000
const mostNamed = 4

interface Place {
  readonly path: string
  /** How often the node can occur in one object, where the schemas around it bound that. */
  readonly times: number | undefined
  /** The node within which old values cannot be found again. */
  readonly uncorrelated: string | undefined
}

interface Total {
  cost: number
  readonly dear: { readonly path: string; readonly cost: number }[]
}

/** For schemas that are sound otherwise. */
export function checkSchemaRules(out: Errors, path: string, schema: JSONSchemaProps): void {
  const total: Total = { cost: 0, dear: [] }
  checkNode(out, total, schema, { path, times: 1, uncorrelated: undefined }, true)
  if (total.cost <= maxTotalCost) return
  const dearest = total.dear.toSorted((a, b) => b.cost - a.cost).slice(0, mostNamed)
  for (const one of dearest) {
    const why = 'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema'
    out.push(forbidden(one.path, why))
  }
  const what = 'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema'
  out.push(forbidden(path, costMessage(what, total.cost, maxTotalCost)))
}

function checkNode(out: Errors, total: Total, schema: JSONSchemaProps, place: Place, isWhole: boolean): void {
  const { path, uncorrelated } = place
  const { items, properties = {}, additionalProperties: more } = schema
  const times = timesInside(schema, place.times)
  if (typeof more === 'object')
    checkNode(out, total, more, { path: `${path}.additionalProperties`, times, uncorrelated }, false)
  const isAtomic = schema['x-kubernetes-map-type'] === 'atomic'
  for (const [name, property] of Object.entries(properties)) {
    const inner = {
      path: `${path}.properties[${name}]`,
      times,
      uncorrelated: uncorrelated ?? (isAtomic ? path : undefined),
    }
    checkNode(out, total, property, inner, false)
  }
  if (items && !Array.isArray(items)) {
    const isMap = schema['x-kubernetes-list-type'] === 'map'
    const inner = { path: `${path}.items`, times, uncorrelated: uncorrelated ?? (isMap ? undefined : path) }
    checkNode(out, total, items, inner, false)
  }
  compiledRules(schema, isWhole).forEach((compiled, i) => {
    const count = place.times ?? maxOccurrences(schema, isWhole)
    checkRule(out, total, compiled, { at: `${path}.x-kubernetes-validations[${i}]`, count, uncorrelated })
  })
}

function timesInside(
  { type, additionalProperties, maxProperties, maxItems }: JSONSchemaProps,
  times: number | undefined,
) {
  const isMap = type === 'object' && additionalProperties !== undefined && additionalProperties !== false
  const most = type === 'array' ? maxItems : isMap ? maxProperties : 1
  return times === undefined || most === undefined ? undefined : times * Math.max(0, most)
}

function checkRule(
  out: Errors,
  total: Total,
  compiled: CompiledRule,
  {
    at,
    count,
    uncorrelated,
  }: { readonly at: string; readonly count: number; readonly uncorrelated: string | undefined },
): void {
  const { rule, error, messageError, usesOldSelf, expression, message } = compiled
  spend(out, total, `${at}.rule`, 'estimated rule cost', (expression?.maxCost ?? 0) * count)
  if (error !== undefined) out.push(invalid(`${at}.rule`, rule, error))
  if (messageError !== undefined) out.push(invalid(`${at}.messageExpression`, rule, messageError))
  else if (message)
    spend(out, total, `${at}.messageExpression`, 'estimated messageExpression cost', message.maxCost ?? 0)
  if (usesOldSelf && uncorrelated !== undefined) {
    const why = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelated}`
    out.push(invalid(`${at}.rule`, rule.rule, why))
  }
  if (!usesOldSelf && rule.optionalOldSelf !== undefined)
    out.push(invalid(`${at}.optionalOldSelf`, rule.optionalOldSelf, 'may not be set if oldSelf is not used in rule'))
}

function spend(out: Errors, total: Total, path: string, what: string, cost: number): void {
  total.cost += cost
  if (cost >= maxTotalCost / 100) total.dear.push({ path, cost })
  if (cost > maxRuleCost) out.push(forbidden(path, costMessage(what, cost, maxRuleCost)))
}

/** How the refusal of a dear rule reads. */
function costMessage(what: string, cost: number, limit: number): string {
  const factor = cost / limit
  const shown = factor > 100 ? 'more than 100x' : `${factor < 1.5 ? factor.toFixed(6) : factor.toFixed(1)}x`
  return `${what} exceeds budget by factor of ${shown} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`
}
