/** Defaults of the kinds that describe the cluster itself. */
import type { TokenRequest } from '../../api/authentication/v1/token-request.ts'
import type { LimitRange } from '../../api/core/v1/limit-range.ts'
import type { Namespace } from '../../api/core/v1/namespace.ts'
import type { Node } from '../../api/core/v1/node.ts'
import type { Secret } from '../../api/core/v1/secret.ts'
import type { RoleRef, Subject } from '../../api/rbac/v1/rules.ts'
import type { PriorityClass } from '../../api/scheduling/v1/priority-class.ts'

/** KEP-2161: every namespace can be selected by its name. */
export function defaultNamespace(namespace: Namespace): void {
  namespace.status.phase ??= 'Active'
  if (!namespace.metadata.name) return
  namespace.metadata.labels ??= {}
  namespace.metadata.labels['kubernetes.io/metadata.name'] ??= namespace.metadata.name
}

export function defaultNode({ spec, status }: Node): void {
  if (status.capacity && !status.allocatable) status.allocatable = { ...status.capacity }
  // The older name is the first of the list, and wins where they differ.
  if (spec.podCIDR && spec.podCIDR !== spec.podCIDRs?.[0]) spec.podCIDRs = [spec.podCIDR]
  const first = spec.podCIDRs?.[0]
  if (first !== undefined) spec.podCIDR ??= first
}

/** `stringData` is for writing alone: its texts are merged into `data`. */
export function defaultSecret(secret: Secret): void {
  secret.type ??= 'Opaque'
  if (!secret.stringData) return
  secret.data ??= {}
  for (const [key, text] of Object.entries(secret.stringData)) {
    secret.data[key] = Buffer.from(text, 'utf8').toString('base64')
  }
  delete secret.stringData
}

export function defaultLimitRange({ spec }: LimitRange): void {
  for (const item of spec.limits ?? []) {
    if (item.type !== 'Container') continue
    item.default ??= {}
    item.defaultRequest ??= {}
    for (const [name, most] of Object.entries(item.max ?? {})) item.default[name] ??= most
    for (const [name, limit] of Object.entries(item.default)) item.defaultRequest[name] ??= limit
    for (const [name, least] of Object.entries(item.min ?? {})) item.defaultRequest[name] ??= least
    if (Object.keys(item.default).length === 0) delete item.default
    if (Object.keys(item.defaultRequest).length === 0) delete item.defaultRequest
  }
}

const rbacGroup = 'rbac.authorization.k8s.io'

export function defaultBinding(binding: { roleRef: RoleRef; subjects?: Subject[] }): void {
  if (binding.roleRef.apiGroup === '') binding.roleRef.apiGroup = rbacGroup
  for (const subject of binding.subjects ?? []) {
    if (subject.kind === 'User' || subject.kind === 'Group') subject.apiGroup ??= rbacGroup
  }
}

export function defaultPriorityClass(priorityClass: PriorityClass): void {
  priorityClass.preemptionPolicy ??= 'PreemptLowerPriority'
}

export function defaultTokenRequest({ spec }: TokenRequest): void {
  spec.expirationSeconds ??= 3600
}
