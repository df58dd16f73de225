/** Arithmetic of Deployments (documentation: "Deployments"; upstream's deploymentutil). */
import type { Deployment, DeploymentCondition } from '../../api/apps/v1/deployment.ts'
import type { ReplicaSet } from '../../api/apps/v1/replica-set.ts'
import type { PodTemplateSpec } from '../../api/core/v1/pod-spec.ts'
import { epochMsOf } from '../../client/timestamps.ts'
import { resolveIntOrPercent } from '../runtime/int-or-percent.ts'
import { canonicalJson } from '../runtime/template-hash.ts'

export const hashLabel = 'pod-template-hash'
export const revisionAnnotation = 'deployment.kubernetes.io/revision'
export const historyAnnotation = 'deployment.kubernetes.io/revision-history'
export const desiredAnnotation = 'deployment.kubernetes.io/desired-replicas'
export const maxAnnotation = 'deployment.kubernetes.io/max-replicas'

export const wantedOf = (deployment: Deployment): number => deployment.spec.replicas ?? 1
export const isRolling = (deployment: Deployment): boolean => deployment.spec.strategy.type !== 'Recreate'

/** Both zero would block every rollout: then one may be unavailable. */
function limits(deployment: Deployment): { surge: number; unavailable: number } {
  const wanted = wantedOf(deployment)
  const { maxSurge, maxUnavailable } = deployment.spec.strategy.rollingUpdate ?? {}
  const surge = resolveIntOrPercent(maxSurge ?? '25%', wanted, 'up')
  const unavailable = resolveIntOrPercent(maxUnavailable ?? '25%', wanted, 'down')
  return surge === 0 && unavailable === 0 ? { surge, unavailable: 1 } : { surge, unavailable }
}

export const maxSurgeOf = (deployment: Deployment): number => (isRolling(deployment) ? limits(deployment).surge : 0)

export const maxUnavailableOf = (deployment: Deployment): number =>
  isRolling(deployment) && wantedOf(deployment) > 0 ? Math.min(limits(deployment).unavailable, wantedOf(deployment)) : 0

export const sizeOf = (set: ReplicaSet): number => set.spec.replicas ?? 1
export const totalSize = (sets: readonly ReplicaSet[]): number => sets.reduce((sum, set) => sum + sizeOf(set), 0)
export const totalOf = (
  sets: readonly ReplicaSet[],
  field: 'replicas' | 'readyReplicas' | 'availableReplicas' | 'terminatingReplicas',
) => sets.reduce((sum, set) => sum + (set.status[field] ?? 0), 0)

export const byAge = (a: ReplicaSet, b: ReplicaSet): number =>
  epochMsOf(a.metadata.creationTimestamp) - epochMsOf(b.metadata.creationTimestamp) ||
  (a.metadata.name < b.metadata.name ? -1 : 1)

const maxRevision = 2n ** 63n - 1n

/** Exact, as it is a 64-bit integer upstream; 0 where there is none. */
export const revisionOf = (object: { metadata: { annotations?: Record<string, string> } }): bigint => {
  const text = object.metadata.annotations?.[revisionAnnotation] ?? ''
  const revision = /^\d{1,19}$/.test(text) ? BigInt(text) : 0n
  return revision > maxRevision ? 0n : revision
}

export const highestRevision = (sets: readonly ReplicaSet[]): bigint =>
  sets.map(revisionOf).reduce((highest, revision) => (revision > highest ? revision : highest), 0n)

/** A template as it is compared: without the label that tells ReplicaSets apart. */
export function comparable(template: PodTemplateSpec): string {
  const { [hashLabel]: _, ...labels } = template.metadata.labels ?? {}
  const { labels: __, creationTimestamp: ___, ...metadata } = template.metadata
  return canonicalJson({ ...template, metadata: { ...metadata, labels } })
}

/** The oldest ReplicaSet of the Deployment's template. */
export function newSetOf(deployment: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | undefined {
  const wanted = comparable(deployment.spec.template)
  return [...sets].sort(byAge).find(set => comparable(set.spec.template) === wanted)
}

export const isComplete = (deployment: Deployment, status: Deployment['status']): boolean =>
  (status.updatedReplicas ?? 0) === wantedOf(deployment) &&
  (status.replicas ?? 0) === wantedOf(deployment) &&
  (status.availableReplicas ?? 0) === wantedOf(deployment) &&
  (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)

/** Annotations of kubectl and of the controller itself are not copied between a Deployment and its ReplicaSets. */
const ownAnnotations = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  revisionAnnotation,
  historyAnnotation,
  desiredAnnotation,
  maxAnnotation,
  'deprecated.deployment.rollback.to',
])

export function copiedAnnotations(deployment: Deployment): Record<string, string> {
  const entries = Object.entries(deployment.metadata.annotations ?? {})
  return Object.fromEntries(entries.filter(([name]) => !ownAnnotations.has(name)))
}

export const sizeAnnotations = (deployment: Deployment): Record<string, string> => ({
  [desiredAnnotation]: String(wantedOf(deployment)),
  [maxAnnotation]: String(wantedOf(deployment) + maxSurgeOf(deployment)),
})

export const conditionOf = (conditions: readonly DeploymentCondition[] | undefined, type: string) =>
  conditions?.find(condition => condition.type === type)
