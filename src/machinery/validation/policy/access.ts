/** RBAC, disruption budgets, priority classes, leases, autoscalers, scales and reviews. */
import type { TokenRequest } from '../../../api/authentication/v1/token-request.ts'
import type { Scale } from '../../../api/autoscaling/v1/scale.ts'
import type { Lease } from '../../../api/coordination/v1/lease.ts'
import type { PodDisruptionBudget } from '../../../api/policy/v1/pod-disruption-budget.ts'
import type { ClusterRole } from '../../../api/rbac/v1/cluster-role.ts'
import type { PolicyRule, RoleRef, Subject } from '../../../api/rbac/v1/rules.ts'
import type { PriorityClass } from '../../../api/scheduling/v1/priority-class.ts'
import { forbidden, invalid, notSupported, required } from '../../../schema/field-error.ts'
import { dns1123SubdomainErrors, pathSegmentErrors } from '../../../schema/formats.ts'
import {
  checkAtMost100Percent,
  checkImmutable,
  checkLabelSelector,
  checkNotNegative,
  checkNotNegativeIntOrPercent,
  checkOneOf,
  type Errors,
  pushInvalid,
} from '../checks.ts'
import { checkConditions } from '../conditions.ts'

const rbacGroup = 'rbac.authorization.k8s.io'

interface Rules {
  readonly rules?: readonly PolicyRule[]
}

function checkRules(out: Errors, role: Rules, isNamespaced: boolean): void {
  role.rules?.forEach((rule, i) => {
    const at = `rules[${i}]`
    if (!rule.verbs?.length) out.push(required(`${at}.verbs`))
    if (rule.nonResourceURLs?.length) {
      if (isNamespaced) {
        out.push(
          invalid(`${at}.nonResourceURLs`, rule.nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs'),
        )
      }
      if (rule.apiGroups?.length || rule.resources?.length || rule.resourceNames?.length) {
        out.push(
          invalid(
            `${at}.nonResourceURLs`,
            rule.nonResourceURLs,
            'rules cannot apply to both regular resources and non-resource URLs',
          ),
        )
      }
      return
    }
    if (!rule.apiGroups?.length)
      out.push(required(`${at}.apiGroups`, 'resource rules must supply at least one api group'))
    if (!rule.resources?.length)
      out.push(required(`${at}.resources`, 'resource rules must supply at least one resource'))
  })
}

export const checkRole = (out: Errors, role: Rules): void => checkRules(out, role, true)

export function checkClusterRole(out: Errors, role: ClusterRole): void {
  checkRules(out, role, false)
  if (!role.aggregationRule) return
  const selectors = role.aggregationRule.clusterRoleSelectors ?? []
  if (selectors.length === 0) {
    out.push(
      required(
        'aggregationRule.clusterRoleSelectors',
        'at least one clusterRoleSelector required if aggregationRule is non-nil',
      ),
    )
  }
  selectors.forEach((selector, i) => {
    const at = `aggregationRule.clusterRoleSelectors[${i}]`
    const before = out.length
    checkLabelSelector(out, at, selector)
    if (out.length > before) out.push(invalid(at, null, 'invalid label selector.'))
  })
}

interface RoleBindingLike {
  readonly roleRef: RoleRef
  readonly subjects?: readonly Subject[]
}

function checkBinding(out: Errors, binding: RoleBindingLike, roleKinds: readonly string[]): void {
  const { roleRef } = binding
  if (roleRef.apiGroup !== rbacGroup) out.push(notSupported('roleRef.apiGroup', roleRef.apiGroup, [rbacGroup]))
  if (!roleKinds.includes(roleRef.kind)) out.push(notSupported('roleRef.kind', roleRef.kind, roleKinds))
  if (roleRef.name === '') out.push(required('roleRef.name'))
  else pushInvalid(out, 'roleRef.name', roleRef.name, pathSegmentErrors(roleRef.name))
  binding.subjects?.forEach((subject, i) => {
    checkSubject(out, `subjects[${i}]`, subject, roleKinds.length > 1)
  })
}

function checkSubject(out: Errors, path: string, subject: Subject, isNamespaced: boolean): void {
  if (subject.name === '') out.push(required(`${path}.name`))
  const group = subject.apiGroup ?? ''
  switch (subject.kind) {
    case 'ServiceAccount':
      if (subject.name !== '') pushInvalid(out, `${path}.name`, subject.name, dns1123SubdomainErrors(subject.name))
      if (group !== '') out.push(notSupported(`${path}.apiGroup`, group, ['']))
      if (!subject.namespace && !isNamespaced) out.push(required(`${path}.namespace`))
      break
    case 'User':
    case 'Group':
      if (group !== rbacGroup) out.push(notSupported(`${path}.apiGroup`, group, [rbacGroup]))
      break
    default:
      out.push(notSupported(`${path}.kind`, subject.kind, ['ServiceAccount', 'User', 'Group']))
  }
}

export const checkRoleBinding = (out: Errors, binding: RoleBindingLike): void =>
  checkBinding(out, binding, ['Role', 'ClusterRole'])

export const checkClusterRoleBinding = (out: Errors, binding: RoleBindingLike): void =>
  checkBinding(out, binding, ['ClusterRole'])

function checkRoleRef(out: Errors, binding: RoleBindingLike, old: RoleBindingLike): void {
  const { apiGroup, kind, name } = binding.roleRef
  if (apiGroup !== old.roleRef.apiGroup || kind !== old.roleRef.kind || name !== old.roleRef.name) {
    out.push(invalid('roleRef', binding.roleRef, 'field is immutable'))
  }
}

export function checkRoleBindingUpdate(out: Errors, binding: RoleBindingLike, old: RoleBindingLike): void {
  checkRoleBinding(out, binding)
  checkRoleRef(out, binding, old)
}

export function checkClusterRoleBindingUpdate(out: Errors, binding: RoleBindingLike, old: RoleBindingLike): void {
  checkClusterRoleBinding(out, binding)
  checkRoleRef(out, binding, old)
}

export function checkDisruptionBudget(out: Errors, { spec }: PodDisruptionBudget): void {
  if (spec.minAvailable !== undefined && spec.maxUnavailable !== undefined) {
    out.push(invalid('spec', spec, 'minAvailable and maxUnavailable cannot be both set'))
  }
  for (const name of ['minAvailable', 'maxUnavailable'] as const) {
    const value = spec[name]
    if (value === undefined) continue
    checkNotNegativeIntOrPercent(out, `spec.${name}`, value)
    checkAtMost100Percent(out, `spec.${name}`, value)
  }
  checkLabelSelector(out, 'spec.selector', spec.selector)
}

export function checkDisruptionBudgetStatus(out: Errors, { status }: PodDisruptionBudget): void {
  checkConditions(out, 'status.conditions', status.conditions)
  for (const name of ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'] as const) {
    checkNotNegative(out, `status.${name}`, status[name])
  }
}

const highestUserPriority = 1_000_000_000
const systemPriorities: Readonly<Record<string, number>> = {
  'system-node-critical': 2_000_001_000,
  'system-cluster-critical': 2_000_000_000,
}

export function checkPriorityClass(out: Errors, made: PriorityClass): void {
  const { name } = made.metadata
  if (made.preemptionPolicy !== undefined)
    checkOneOf(out, 'preemptionPolicy', made.preemptionPolicy, ['PreemptLowerPriority', 'Never'])
  if (name?.startsWith('system-')) {
    if (systemPriorities[name] !== made.value || made.globalDefault) {
      out.push(
        forbidden(
          'metadata.name',
          "priority class names with 'system-' prefix are reserved for system use only. error: " +
            (systemPriorities[name] === undefined
              ? `${name} is not a known system priority class`
              : `value of ${name} PriorityClass must be ${systemPriorities[name]}`),
        ),
      )
    }
  } else if (made.value > highestUserPriority) {
    out.push(forbidden('value', `maximum allowed value of a user defined priority is ${highestUserPriority}`))
  }
}

export function checkPriorityClassUpdate(out: Errors, made: PriorityClass, old: PriorityClass): void {
  if (made.value !== old.value) out.push(forbidden('value', 'may not be changed in an update.'))
  checkImmutable(out, 'preemptionPolicy', made.preemptionPolicy, old.preemptionPolicy)
}

export function checkLease(out: Errors, { spec }: Lease): void {
  if (spec.leaseDurationSeconds !== undefined && spec.leaseDurationSeconds <= 0) {
    out.push(invalid('spec.leaseDurationSeconds', spec.leaseDurationSeconds, 'must be greater than 0'))
  }
  checkNotNegative(out, 'spec.leaseTransitions', spec.leaseTransitions)
}

export const checkScale = (out: Errors, { spec }: Scale): void => checkNotNegative(out, 'spec.replicas', spec.replicas)

const leastTokenSeconds = 600

export function checkTokenRequest(out: Errors, { spec }: TokenRequest): void {
  const seconds = spec.expirationSeconds ?? 3600
  if (seconds < leastTokenSeconds) {
    out.push(invalid('spec.expirationSeconds', seconds, 'may not specify a duration less than 10 minutes'))
  }
  if (seconds > 2 ** 32) {
    out.push(invalid('spec.expirationSeconds', seconds, 'may not specify a duration larger than 2^32 seconds'))
  }
}
