/** Which pod goes first when the node runs short, and what it is told. Pure. */
import type { Pod } from '../../api/core/v1/pod.ts'
import { Quantity } from '../../machinery/quantity.ts'
import { unitsOf } from '../resources/amounts.ts'
import { podAmount } from '../resources/linux-resources.ts'
import { diskBytesOf, inodesOf, type PodUsage } from './pod-usage.ts'
import type { StarvedResource } from './thresholds.ts'

export interface RankedPod {
  readonly pod: Pod
  /** Unknown: it goes first. */
  readonly usage: PodUsage | undefined
}

const usedOf = (resource: StarvedResource, usage: PodUsage): number =>
  resource === 'memory' ? usage.memoryBytes : resource === 'inodes' ? inodesOf(usage) : diskBytesOf(usage)

const requestOf = (resource: StarvedResource, pod: Pod): number =>
  resource === 'inodes' ? 0 : podAmount(pod, 'requests', resource)

const firstIf = (a: boolean, b: boolean): number => Number(b) - Number(a)

/** Those above their requests first, then the less important, then those that exceed their request by most. */
export const rankForEviction = (resource: StarvedResource, pods: readonly RankedPod[]): readonly RankedPod[] =>
  pods.toSorted((a, b) => {
    if (!a.usage || !b.usage) return firstIf(!a.usage, !b.usage)
    const excess = ({ pod }: RankedPod, usage: PodUsage) => usedOf(resource, usage) - requestOf(resource, pod)
    const [overA, overB] = [excess(a, a.usage), excess(b, b.usage)]
    return firstIf(overA > 0, overB > 0) || (a.pod.spec.priority ?? 0) - (b.pod.spec.priority ?? 0) || overB - overA
  })

const systemCriticalPriority = 2_000_000_000

/** Pods that the node cannot do without: they are neither evicted nor refused under pressure. */
export const isCritical = (pod: Pod, isStatic: boolean): boolean =>
  isStatic || (pod.spec.priority ?? 0) >= systemCriticalPriority

const bytesText = (bytes: number): string => Quantity.ofValue(bytes, 'BinarySI').toString()

/** What of the pod uses more than it asked for. */
export function excessText(resource: StarvedResource, { pod, usage }: RankedPod): string {
  if (!usage || resource === 'inodes') return ''
  const parts: string[] = []
  const own = pod.spec.resources?.requests?.memory
  if (resource === 'memory' && own !== undefined)
    parts.push(
      `Pod ${pod.metadata.name} was using ${bytesText(usage.memoryBytes)}, request is ${own}, has larger consumption of memory. `,
    )
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])]
  for (const { name, memoryBytes, rootfsBytes, logBytes } of usage.containers) {
    const container = containers.find(one => one.name === name)
    const used = resource === 'memory' ? memoryBytes : rootfsBytes + logBytes
    const request = container?.resources?.requests?.[resource]
    if (container && used > unitsOf(request))
      parts.push(
        `Container ${name} was using ${bytesText(used)}, request is ${request ?? '0'}, has larger consumption of ${resource}. `,
      )
  }
  return parts.join('')
}
