/** What is used of a quota (upstream: syncResourceQuota). */
import type { ResourceQuota } from '../../api/core/v1/resource-quota.ts'
import { type Amounts, addAmounts, equalAmounts, onlyNamed } from '../../machinery/quota/amounts.ts'
import { matchesScopes, type QuotaEvaluator } from '../../machinery/quota/evaluator.ts'

/** The objects of one resource in the quota's namespace. */
export interface Counted {
  readonly evaluator: QuotaEvaluator
  readonly objects: readonly object[]
}

/** Only what the quota bounds; what nothing uses counts as zero. */
function usedOf(quota: ResourceQuota, counted: readonly Counted[], nowMs: number): Amounts {
  const names = Object.keys(quota.spec.hard ?? {})
  let used: Amounts = {}
  for (const { evaluator, objects } of counted) {
    const bounded = evaluator.matchingResources(names)
    if (bounded.length === 0) continue
    used = addAmounts(used, Object.fromEntries(bounded.map(name => [name, '0'])))
    for (const object of objects) {
      if (!matchesScopes(evaluator, quota, object)) continue
      used = addAmounts(used, onlyNamed(evaluator.usage(object, nowMs), bounded))
    }
  }
  return onlyNamed(used, names)
}

/** The quota with its status brought up to date; undefined where it is. */
export function withUse(quota: ResourceQuota, counted: readonly Counted[], nowMs: number): ResourceQuota | undefined {
  const hard = quota.spec.hard ?? {}
  const used = { ...onlyNamed(quota.status.used ?? {}, Object.keys(hard)), ...usedOf(quota, counted, nowMs) }
  const { hard: shownHard, used: shownUsed } = quota.status
  const isCurrent = shownHard && shownUsed && equalAmounts(hard, shownHard) && equalAmounts(used, shownUsed)
  return isCurrent ? undefined : { ...quota, status: { ...quota.status, hard, used } }
}
