/**
 * What of a pod's resources the node has granted (KEP-1287): the spec may ask for more than that, and what runs may still
 * have less. Everything that the kubelet does for a pod goes by its allocation.
 */
import type { Container } from '../../api/core/v1/container.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import type { ResourceRequirements } from '../../api/core/v1/resources.ts'
import { parseQuantity } from '../../machinery/quantity.ts'

/** Requests and limits of containers by their names, and of the pod as a whole where it has any (KEP-2837). */
export interface Allocation {
  readonly containers: Readonly<Record<string, ResourceRequirements>>
  readonly pod?: ResourceRequirements
}

type Amounts = Readonly<Record<string, string>> | undefined

/** Init containers that are no sidecars too: they may be resized while they run or before (KEP-1287, 1.36). */
export const resizable = ({ spec }: Pick<Pod, 'spec'>): readonly Container[] => [
  ...(spec.initContainers ?? []),
  ...spec.containers,
]

export function allocationOf(pod: Pick<Pod, 'spec'>): Allocation {
  const containers = Object.fromEntries(resizable(pod).map(({ name, resources }) => [name, resources ?? {}]))
  return { containers, ...(pod.spec.resources === undefined ? {} : { pod: pod.spec.resources }) }
}

function sameAmounts(a: Amounts = {}, b: Amounts = {}): boolean {
  const names = Object.keys(a)
  return (
    names.length === Object.keys(b).length &&
    names.every(name => {
      const other = b[name]
      if (other === undefined) return false
      return a[name] === other || parseQuantity(a[name]!).equals(parseQuantity(other))
    })
  )
}

function largerOf(a: ResourceRequirements | undefined, b: ResourceRequirements | undefined): ResourceRequirements {
  const requests: Record<string, string> = { ...a?.requests }
  for (const [name, amount] of Object.entries(b?.requests ?? {})) {
    const own = requests[name]
    if (own === undefined || parseQuantity(amount).compare(parseQuantity(own)) > 0) requests[name] = amount
  }
  return { ...a, ...(Object.keys(requests).length === 0 ? {} : { requests }) }
}

/** The first, with what the second requests where that is more. */
export function largerRequests(a: Allocation, b: Allocation): Allocation {
  const containers = Object.entries(a.containers).map(
    ([name, own]) => [name, largerOf(own, b.containers[name])] as const,
  )
  return { containers: Object.fromEntries(containers), ...(a.pod || b.pod ? { pod: largerOf(a.pod, b.pod) } : {}) }
}

/** Whether both ask for the same, however written. */
export const sameRequirements = (a: ResourceRequirements | undefined, b: ResourceRequirements | undefined): boolean =>
  a === b || (sameAmounts(a?.requests, b?.requests) && sameAmounts(a?.limits, b?.limits))

/** The pod with its allocation in place of what its spec asks for; the pod itself where both are the same. */
export function withAllocation(pod: Pod, allocation: Allocation | undefined): Pod {
  if (!allocation) return pod
  let changed = false
  const allocated = (container: Container): Container => {
    const resources = allocation.containers[container.name]
    if (resources === undefined || sameRequirements(resources, container.resources)) return container
    changed = true
    return { ...container, resources }
  }
  const containers = pod.spec.containers.map(allocated)
  const initContainers = pod.spec.initContainers?.map(allocated)
  const samePod = sameRequirements(allocation.pod, pod.spec.resources)
  if (!changed && samePod) return pod
  const { resources, ...spec } = pod.spec
  const podLevel = samePod ? resources : allocation.pod
  return {
    ...pod,
    spec: {
      ...spec,
      containers,
      ...(initContainers ? { initContainers } : {}),
      ...(podLevel === undefined ? {} : { resources: podLevel }),
    },
  }
}
