/** How quotas count the objects of a resource (upstream: quota/v1). */
import type { ResourceQuota } from '../../api/core/v1/resource-quota.ts'
import type { ScopedResourceSelectorRequirement } from '../../api/core/v1/topology.ts'
import type { Amounts } from './amounts.ts'

/** One write, as far as quotas look at it. */
export interface QuotaWrite {
  readonly operation: 'CREATE' | 'UPDATE'
  readonly subresource: string
  readonly object: object
  readonly oldObject: object | undefined
}

export interface QuotaEvaluator {
  /** Whether the write may change what is used. */
  handles(write: QuotaWrite): boolean
  /** Those of the names that objects of the resource use. */
  matchingResources(names: readonly string[]): string[]
  matchesScope(selector: ScopedResourceSelectorRequirement, object: object): boolean
  /** What the object lacks for the quota to count it; undefined where it lacks nothing. */
  constraintError?(required: readonly string[], object: object): string | undefined
  usage(object: object, nowMs: number): Amounts
}

/** The scopes that a quota names in either way. */
export function scopesOf({ spec }: ResourceQuota): ScopedResourceSelectorRequirement[] {
  return [
    ...(spec.scopes ?? []).map(scopeName => ({ scopeName, operator: 'Exists' as const })),
    ...(spec.scopeSelector?.matchExpressions ?? []),
  ]
}

export const matchesScopes = (evaluator: QuotaEvaluator, quota: ResourceQuota, object: object): boolean =>
  scopesOf(quota).every(scope => evaluator.matchesScope(scope, object))

/** Whether a selector of the scope fits a value; undefined: the object has none. */
export function fitsSelector(
  { operator, values = [] }: ScopedResourceSelectorRequirement,
  value: string | undefined,
): boolean {
  switch (operator) {
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    case 'In':
      return value !== undefined && values.includes(value)
    default:
      return value === undefined || !values.includes(value)
  }
}

const aliases: Readonly<Record<string, string>> = {
  '/configmaps': 'configmaps',
  '/replicationcontrollers': 'replicationcontrollers',
  '/resourcequotas': 'resourcequotas',
  '/secrets': 'secrets',
}

/** `count/deployments.apps`. */
export const objectCountName = (group: string, resource: string): string =>
  `count/${resource}${group === '' ? '' : `.${group}`}`

/** Counts objects, of any resource. */
export function countEvaluator(group: string, resource: string): QuotaEvaluator {
  const alias = aliases[`${group}/${resource}`]
  const names = [objectCountName(group, resource), ...(alias === undefined ? [] : [alias])]
  const usage: Amounts = Object.fromEntries(names.map(name => [name, '1']))
  return {
    handles: ({ operation, subresource }) => operation === 'CREATE' && subresource === '',
    matchingResources: wanted => wanted.filter(name => names.includes(name)),
    matchesScope: () => false,
    usage: () => usage,
  }
}
