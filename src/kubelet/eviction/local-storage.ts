/** Pods that use more of the node's disk than their limits allow (documentation: "Local ephemeral storage"). Pure. */
import type { Pod } from '../../api/core/v1/pod.ts'
import { podTotal } from '../../machinery/quota/pod-totals.ts'
import { isSidecar } from '../pods/restart-policy.ts'
import { unitsOf } from '../resources/amounts.ts'
import { diskBytesOf, type PodUsage } from './pod-usage.ts'

const resource = 'ephemeral-storage'

export interface StorageViolation {
  /** The label of the metric. */
  readonly signal: 'emptydirfs.limit' | 'ephemeralpodfs.limit' | 'ephemeralcontainerfs.limit'
  readonly message: string
}

/** Whether anything bounds what the pod may write. */
export const hasStorageLimit = (pod: Pod): boolean =>
  (pod.spec.volumes ?? []).some(({ emptyDir }) => unitsOf(emptyDir?.sizeLimit) > 0) ||
  [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].some(
    ({ resources }) => resources?.limits?.[resource] !== undefined,
  )

export function storageViolation(pod: Pod, usage: PodUsage): StorageViolation | undefined {
  for (const { name, emptyDir } of pod.spec.volumes ?? []) {
    const limit = emptyDir?.sizeLimit
    const used = usage.volumes.find(volume => volume.name === name)?.usedBytes ?? 0
    if (limit !== undefined && unitsOf(limit) > 0 && used > unitsOf(limit))
      return {
        signal: 'emptydirfs.limit',
        message: `Usage of EmptyDir volume "${name}" exceeds the limit "${limit}". `,
      }
  }
  const podLimit = podTotal(pod, 'limits', 'spec')[resource]
  if (podLimit !== undefined && diskBytesOf(usage) > unitsOf(podLimit))
    return {
      signal: 'ephemeralpodfs.limit',
      message: `Pod ephemeral local storage usage exceeds the total limit of containers ${podLimit}. `,
    }
  const running = [...pod.spec.containers, ...(pod.spec.initContainers ?? []).filter(isSidecar)]
  for (const { name, rootfsBytes, logBytes } of usage.containers) {
    const limit = running.find(container => container.name === name)?.resources?.limits?.[resource]
    if (limit !== undefined && unitsOf(limit) > 0 && rootfsBytes + logBytes > unitsOf(limit))
      return {
        signal: 'ephemeralcontainerfs.limit',
        message: `Container ${name} exceeded its local ephemeral storage limit "${limit}". `,
      }
  }
  return undefined
}
