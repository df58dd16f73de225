/** Whether some rules grant all that others grant (upstream's `Covers`), and how rules are shown. */
import type { PolicyRule } from '../../api/rbac/v1/rules.ts'

const hasAll = (owned: readonly string[], wanted: readonly string[]): boolean =>
  owned.includes('*') || wanted.every(one => owned.includes(one))

const resourcesCover = (owned: readonly string[], wanted: readonly string[]): boolean =>
  owned.includes('*') ||
  wanted.every(one => {
    if (owned.includes(one)) return true
    const slash = one.indexOf('/')
    return slash > 0 && owned.includes(`*${one.slice(slash)}`)
  })

const pathsCover = (owned: readonly string[], wanted: readonly string[]): boolean =>
  wanted.every(path =>
    owned.some(pattern => pattern === path || (pattern.endsWith('*') && path.startsWith(pattern.replace(/\*+$/, '')))),
  )

function ruleCovers(owned: PolicyRule, wanted: PolicyRule): boolean {
  const { apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = owned
  const names = wanted.resourceNames ?? []
  return (
    hasAll(owned.verbs, wanted.verbs) &&
    hasAll(apiGroups, wanted.apiGroups ?? []) &&
    resourcesCover(resources, wanted.resources ?? []) &&
    pathsCover(nonResourceURLs, wanted.nonResourceURLs ?? []) &&
    (resourceNames.length === 0 || (names.length > 0 && names.every(name => resourceNames.includes(name))))
  )
}

/** One rule for every single permission. */
function* brokenDown(rule: PolicyRule): Generator<PolicyRule> {
  const { verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule
  for (const apiGroup of apiGroups)
    for (const resource of resources)
      for (const verb of verbs) {
        const one = { apiGroups: [apiGroup], resources: [resource], verbs: [verb] }
        if (resourceNames.length === 0) yield one
        for (const name of resourceNames) yield { ...one, resourceNames: [name] }
      }
  for (const nonResourceURL of nonResourceURLs)
    for (const verb of verbs) yield { nonResourceURLs: [nonResourceURL], verbs: [verb] }
}

/** The permissions in `wanted` that `owned` does not have, those of one resource together. */
export function missingRules(owned: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  const missing = new Map<string, PolicyRule>()
  for (const rule of wanted)
    for (const one of brokenDown(rule)) {
      if (owned.some(own => ruleCovers(own, one))) continue
      const { verbs, ...target } = one
      const key = JSON.stringify([target.apiGroups, target.resources, target.resourceNames, target.nonResourceURLs])
      const known = missing.get(key)?.verbs ?? []
      missing.set(key, { ...target, verbs: [...new Set([...known, ...verbs])] })
    }
  return [...missing.values()]
}

const show = (list: readonly string[]): string => `[${list.map(one => JSON.stringify(one)).join(' ')}]`

/** As `{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}`. */
export function showRule(rule: PolicyRule): string {
  const parts: [string, readonly string[] | undefined][] = [
    ['APIGroups', rule.apiGroups],
    ['Resources', rule.resources],
    ['NonResourceURLs', rule.nonResourceURLs],
    ['ResourceNames', rule.resourceNames],
    ['Verbs', rule.verbs],
  ]
  return `{${parts.flatMap(([name, list]) => (list?.length ? [`${name}:${show(list)}`] : [])).join(', ')}}`
}
