/** Fills ClusterRoles that are made of others (documentation: "Using RBAC Authorization", aggregated ClusterRoles). */
import { ClusterRole } from '../../api/rbac/v1/cluster-role.ts'
import { labelSelectorOf } from '../../machinery/selectors/label-selector.ts'
import { update } from '../runtime/action.ts'
import type { ControllerDefinition } from '../runtime/controller.ts'
import { same } from '../runtime/same.ts'
import { canonicalJson } from '../runtime/template-hash.ts'

/** The rules of all selected roles, by the roles' names, each once. */
export function aggregatedRules(role: ClusterRole, roles: readonly ClusterRole[]): NonNullable<ClusterRole['rules']> {
  const rules = new Map<string, NonNullable<ClusterRole['rules']>[number]>()
  const sorted = roles.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
  for (const selector of role.aggregationRule?.clusterRoleSelectors ?? []) {
    const matcher = labelSelectorOf(selector)
    for (const other of sorted) {
      if (other.metadata.uid === role.metadata.uid || !matcher.matches(other.metadata.labels)) continue
      for (const rule of other.rules ?? []) if (!rules.has(canonicalJson(rule))) rules.set(canonicalJson(rule), rule)
    }
  }
  return [...rules.values()]
}

export const clusterRoleAggregationController: ControllerDefinition = {
  name: 'clusterrole-aggregation-controller',
  workers: 1,
  build(context) {
    const roles = context.informer(ClusterRole)
    roles.subscribe(() => {
      for (const role of roles.list()) if (role.aggregationRule !== undefined) context.enqueue(role.metadata.name)
    })
    return {
      plan(name) {
        const role = roles.get('', name)
        if (role?.aggregationRule === undefined) return undefined
        const rules = aggregatedRules(role, roles.list())
        return same(rules, role.rules ?? []) ? undefined : { steps: [[update(ClusterRole, { ...role, rules })]] }
      },
    }
  },
}
