/** What webhooks and admission policies have in common (upstream: apis/admissionregistration/validation). */
import type {
  MatchCondition,
  MatchResources,
  RuleWithOperations,
} from '../../../api/admissionregistration/v1/match-resources.ts'
import { duplicate, invalid, required, tooMany } from '../../../schema/field-error.ts'
import { pathSegmentErrors } from '../../../schema/formats.ts'
import { labelKeyErrors } from '../../selectors/label-syntax.ts'
import { checkLabelSelector, type Errors, pushInvalid } from '../checks.ts'

function checkAlone(out: Errors, path: string, values: readonly string[] | undefined, what: string): void {
  if (!values?.length) out.push(required(path))
  else if (values.length > 1 && values.includes('*'))
    out.push(invalid(path, values, `if '*' is present, must not specify other ${what}`))
}

export function checkRule(out: Errors, path: string, rule: RuleWithOperations): void {
  checkAlone(out, `${path}.operations`, rule.operations, 'operations')
  checkAlone(out, `${path}.apiGroups`, rule.apiGroups, 'API groups')
  checkAlone(out, `${path}.apiVersions`, rule.apiVersions, 'API versions')
  rule.apiVersions?.forEach((version, i) => {
    if (version === '') out.push(required(`${path}.apiVersions[${i}]`))
  })
  checkResources(out, `${path}.resources`, rule.resources ?? [])
}

function checkResources(out: Errors, path: string, resources: readonly string[]): void {
  if (resources.length === 0) out.push(required(path))
  const wholeResources = new Set<string>()
  const wholeSubresources = new Set<string>()
  let lastPlain = false
  for (const [i, text] of resources.entries()) {
    const at = `${path}[${i}]`
    if (text === '') {
      out.push(required(at))
      continue
    }
    const slash = text.indexOf('/')
    if (slash < 0) {
      lastPlain = text !== '*'
      continue
    }
    const resource = text.slice(0, slash)
    const subresource = text.slice(slash + 1)
    if (wholeResources.has(resource))
      out.push(invalid(at, text, `if '${resource}/*' is present, must not specify ${text}`))
    if (wholeSubresources.has(subresource))
      out.push(invalid(at, text, `if '*/${subresource}' is present, must not specify ${text}`))
    if (subresource === '*') wholeResources.add(resource)
    if (resource === '*') wholeSubresources.add(subresource)
  }
  if (resources.length > 1 && resources.includes('*/*'))
    out.push(invalid(path, resources, "if '*/*' is present, must not specify other resources"))
  if (resources.includes('*') && lastPlain)
    out.push(invalid(path, resources, "if '*' is present, must not specify other resources without subresources"))
}

export function checkMatchResources(out: Errors, path: string, match: MatchResources): void {
  checkLabelSelector(out, `${path}.namespaceSelector`, match.namespaceSelector)
  checkLabelSelector(out, `${path}.objectSelector`, match.objectSelector)
  for (const name of ['resourceRules', 'excludeResourceRules'] as const) {
    match[name]?.forEach((rule, i) => {
      const at = `${path}.${name}[${i}]`
      const known = new Set<string>()
      rule.resourceNames?.forEach((one, j) => {
        pushInvalid(out, `${at}.resourceNames[${j}]`, one, pathSegmentErrors(one))
        if (known.has(one)) out.push(duplicate(`${at}.resourceNames[${j}]`, one))
        known.add(one)
      })
      checkRule(out, at, rule)
    })
  }
}

const maxMatchConditions = 64

/** `checkExpression` judges the CEL of each. */
export function checkMatchConditions(
  out: Errors,
  path: string,
  conditions: readonly MatchCondition[] | undefined,
  checkExpression: (path: string, expression: string) => void,
): void {
  if (!conditions) return
  if (conditions.length > maxMatchConditions) out.push(tooMany(path, conditions.length, maxMatchConditions))
  const known = new Set<string>()
  conditions.forEach(({ name, expression }, i) => {
    const at = `${path}[${i}]`
    if (expression.trim() === '') out.push(required(`${at}.expression`))
    else checkExpression(`${at}.expression`, expression.trim())
    if (name === '') out.push(required(`${at}.name`))
    else pushInvalid(out, `${at}.name`, name, labelKeyErrors(name))
    if (known.has(name) && name !== '') out.push(duplicate(`${at}.name`, name))
    known.add(name)
  })
}
