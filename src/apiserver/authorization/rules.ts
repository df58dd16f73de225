/** When a policy rule allows a request (RBAC documentation; upstream's `RuleAllows`). */
import type { PolicyRule } from '../../api/rbac/v1/rules.ts'
import type { Attributes } from './authorizer.ts'

const hasOrAll = (list: readonly string[] | undefined, value: string): boolean =>
  list !== undefined && (list.includes(value) || list.includes('*'))

/** A rule's resource is `*`, the very resource (`pods`, `pods/log`), or one subresource of all (`*`+`/scale`). */
export function resourceMatches(
  resources: readonly string[] | undefined,
  resource: string,
  subresource: string,
): boolean {
  if (!resources) return false
  const combined = subresource === '' ? resource : `${resource}/${subresource}`
  if (hasOrAll(resources, combined)) return true
  return subresource !== '' && resources.includes(`*/${subresource}`)
}

/** A trailing `*` stands for any rest. */
export const pathMatches = (patterns: readonly string[] | undefined, path: string): boolean =>
  patterns?.some(
    pattern =>
      pattern === '*' || pattern === path || (pattern.endsWith('*') && path.startsWith(pattern.replace(/\*+$/, ''))),
  ) === true

/** No names at all mean every name. */
const nameMatches = (names: readonly string[] | undefined, name: string): boolean =>
  names === undefined || names.length === 0 || names.includes(name)

export function ruleAllows(attributes: Attributes, rule: PolicyRule): boolean {
  if (!hasOrAll(rule.verbs, attributes.verb)) return false
  if (!attributes.resourceRequest) return pathMatches(rule.nonResourceURLs, attributes.path)
  return (
    hasOrAll(rule.apiGroups, attributes.group) &&
    resourceMatches(rule.resources, attributes.resource, attributes.subresource) &&
    nameMatches(rule.resourceNames, attributes.name)
  )
}
