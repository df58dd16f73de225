/** The CEL rules of a schema, when it is defined: they compile, have the right type, and cannot cost too much. */
import type { JSONSchemaProps } from '../../../api/apiextensions/v1/json-schema-props.ts'
import { forbidden, invalid } from '../../../schema/field-error.ts'
import { parse } from '../../cel/syntax/parser.ts'
import { costMessage, maxRuleCost, maxSizeOf, maxTotalCost, ruleCost } from '../../custom/rule-cost.ts'
import { compiledRules } from '../../custom/rules.ts'
import type { Errors } from '../checks.ts'

interface Place {
  readonly path: string
  /** How often the node can occur in one object. */
  readonly times: number
  /** The node within which old values cannot be found again. */
  readonly uncorrelated: string | undefined
}

/** For schemas that are sound otherwise. */
export function checkSchemaRules(out: Errors, path: string, schema: JSONSchemaProps): void {
  const total = checkNode(out, schema, { path, times: 1, uncorrelated: undefined }, true)
  if (total <= maxTotalCost) return
  const what = 'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema'
  out.push(forbidden(path, costMessage(what, total, maxTotalCost)))
}

function checkNode(out: Errors, schema: JSONSchemaProps, place: Place, isWhole: boolean): number {
  const { path, times, uncorrelated } = place
  let total = 0
  compiledRules(schema, isWhole).forEach(({ rule, error, messageError, usesOldSelf, expression }, i) => {
    const at = `${path}.x-kubernetes-validations[${i}]`
    if (error !== undefined) out.push(invalid(`${at}.rule`, rule, error))
    if (messageError !== undefined) out.push(invalid(`${at}.messageExpression`, rule, messageError))
    if (usesOldSelf && uncorrelated !== undefined) {
      const why = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelated}`
      out.push(invalid(`${at}.rule`, rule.rule, why))
    }
    if (!usesOldSelf && rule.optionalOldSelf !== undefined)
      out.push(invalid(`${at}.optionalOldSelf`, rule.optionalOldSelf, 'may not be set if oldSelf is not used in rule'))
    if (!expression) return
    const cost = ruleCost(parse(rule.rule), schema) * times
    total += cost
    if (cost > maxRuleCost) out.push(forbidden(`${at}.rule`, costMessage('estimated rule cost', cost, maxRuleCost)))
  })
  const { items, properties = {}, additionalProperties: more } = schema
  const isAtomic = schema['x-kubernetes-map-type'] === 'atomic'
  for (const [name, property] of Object.entries(properties)) {
    const inner = {
      path: `${path}.properties[${name}]`,
      times,
      uncorrelated: uncorrelated ?? (isAtomic ? path : undefined),
    }
    total += checkNode(out, property, inner, false)
  }
  if (items && !Array.isArray(items)) {
    const isMap = schema['x-kubernetes-list-type'] === 'map'
    const inner = {
      path: `${path}.items`,
      times: times * maxSizeOf(schema),
      uncorrelated: uncorrelated ?? (isMap ? undefined : path),
    }
    total += checkNode(out, items, inner, false)
  }
  if (typeof more === 'object') {
    total += checkNode(
      out,
      more,
      { path: `${path}.additionalProperties`, times: times * maxSizeOf(schema), uncorrelated },
      false,
    )
  }
  return total
}
