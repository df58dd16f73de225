/** What controllers ask of pods. */
import type { Pod } from '../../api/core/v1/pod.ts'
import type { PodTemplateSpec } from '../../api/core/v1/pod-spec.ts'
import { epochMsOf } from '../../client/timestamps.ts'
import type { Kind } from '../../schema/kind.ts'
import type { Draft } from '../../schema/message.ts'
import { controllerReference, type Owned } from './owners.ts'

export const isFinished = (pod: Pod): boolean => pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed'

export const isTerminating = (pod: Pod): boolean => pod.metadata.deletionTimestamp !== undefined

/** Neither ended nor about to. */
export const isActive = (pod: Pod): boolean => !isFinished(pod) && !isTerminating(pod)

const readyCondition = (pod: Pod) => pod.status.conditions?.find(condition => condition.type === 'Ready')

export const isReady = (pod: Pod): boolean => readyCondition(pod)?.status === 'True'

export const readySinceMs = (pod: Pod): number => epochMsOf(readyCondition(pod)?.lastTransitionTime)

/** When a ready pod counts as available; undefined for one that is not ready. */
export function availableAtMs(pod: Pod, minReadySeconds: number): number | undefined {
  if (!isReady(pod)) return undefined
  return minReadySeconds === 0 ? 0 : readySinceMs(pod) + minReadySeconds * 1000
}

export function isAvailable(pod: Pod, minReadySeconds: number, nowMs: number): boolean {
  const atMs = availableAtMs(pod, minReadySeconds)
  return atMs !== undefined && atMs <= nowMs
}

/** How long until the next ready pod becomes available; undefined if none is to. */
export function untilAvailableMs(pods: readonly Pod[], minReadySeconds: number, nowMs: number): number | undefined {
  const waits = pods
    .map(pod => availableAtMs(pod, minReadySeconds))
    .filter(atMs => atMs !== undefined && atMs > nowMs)
    .map(atMs => atMs! - nowMs)
  return waits.length === 0 ? undefined : Math.min(...waits)
}

export const restartsOf = (pod: Pod): number =>
  [...(pod.status.containerStatuses ?? []), ...(pod.status.initContainerStatuses ?? [])].reduce(
    (sum, container) => sum + container.restartCount,
    0,
  )

/** A pod of a template, controlled by `owner`, without a name. */
export function podOf(
  template: PodTemplateSpec,
  ownerKind: Kind,
  owner: Owned,
): Draft<Pod> & { metadata: Draft<Pod['metadata']> } {
  const { labels, annotations, finalizers } = template.metadata
  return {
    metadata: {
      namespace: owner.metadata.namespace ?? '',
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ownerReferences: [controllerReference(ownerKind, owner)],
    },
    spec: template.spec,
  }
}
