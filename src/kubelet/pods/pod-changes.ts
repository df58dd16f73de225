/** What differs between two looks at a pod. */
import { isDeepStrictEqual } from 'node:util'
import type { Pod, PodStatus } from '../../api/core/v1/pod.ts'

export const sameSpec = (a: Pod, b: Pod): boolean => {
  const { generation } = b.metadata
  return generation === undefined ? isDeepStrictEqual(a.spec, b.spec) : a.metadata.generation === generation
}

export const onlyStatusDiffers = (a: Pod, b: Pod): boolean =>
  sameSpec(a, b) &&
  a.metadata.uid === b.metadata.uid &&
  a.metadata.deletionTimestamp === b.metadata.deletionTimestamp &&
  a.metadata.deletionGracePeriodSeconds === b.metadata.deletionGracePeriodSeconds &&
  isDeepStrictEqual(a.metadata.labels, b.metadata.labels) &&
  isDeepStrictEqual(a.metadata.annotations, b.metadata.annotations)

/** What this node last computed is newer than what the informer shows; conditions of others come from there. */
export function mergedStatus(api: PodStatus, own: PodStatus): PodStatus {
  const ownTypes = new Set((own.conditions ?? []).map(({ type }) => type))
  return {
    ...api,
    ...own,
    conditions: [...(own.conditions ?? []), ...(api.conditions ?? []).filter(({ type }) => !ownTypes.has(type))],
  }
}
