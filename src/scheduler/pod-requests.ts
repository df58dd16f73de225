/** What a pod asks of a node (KEP-753 for sidecars, KEP-2837 for pod-level resources, KEP-688 for overhead, KEP-1287 for resizes). */
import type { Container } from '../api/core/v1/container.ts'
import type { ContainerStatus } from '../api/core/v1/container-status.ts'
import type { Pod } from '../api/core/v1/pod.ts'
import { isPodLevelResource } from '../machinery/pod-qos.ts'
import { milliValue, value } from '../machinery/quantity.ts'

/** Amounts by resource: cpu in thousandths, everything else in whole units. */
export type Amounts = Map<string, number>

/** What a container without a request counts as when nodes are scored (documentation: kube-scheduler's defaults). */
const defaultMilliCpu = 100
const defaultMemoryBytes = 200 * 1024 * 1024

export const amountOf = (resource: string, quantity: string): number =>
  resource === 'cpu' ? milliValue(quantity) : value(quantity)

export function amountsOf(list: Readonly<Record<string, string>> | undefined): Amounts {
  const amounts: Amounts = new Map()
  for (const [name, quantity] of Object.entries(list ?? {})) amounts.set(name, amountOf(name, quantity))
  return amounts
}

function addTo(target: Amounts, added: Amounts): void {
  for (const [name, amount] of added) target.set(name, (target.get(name) ?? 0) + amount)
}

function raiseTo(target: Amounts, least: Amounts): void {
  for (const [name, amount] of least) target.set(name, Math.max(target.get(name) ?? 0, amount))
}

const isSidecar = (container: Container): boolean => container.restartPolicy === 'Always'

type RequestsOf = (container: Container) => Amounts

/**
 * The larger of what runs in the end (containers and sidecars) and what any init container needs beside the sidecars started
 * before it; pod-level requests stand in place of the sum; overhead comes on top.
 */
function total(pod: Pod, requestsOf: RequestsOf): Amounts {
  const { spec } = pod
  const running: Amounts = new Map()
  for (const container of spec.containers) addTo(running, requestsOf(container))
  const sidecars: Amounts = new Map()
  const starting: Amounts = new Map()
  for (const container of spec.initContainers ?? []) {
    const amounts = requestsOf(container)
    if (isSidecar(container)) {
      addTo(running, amounts)
      addTo(sidecars, amounts)
      raiseTo(starting, sidecars)
    } else {
      const beside = new Map(amounts)
      addTo(beside, sidecars)
      raiseTo(starting, beside)
    }
  }
  raiseTo(running, starting)
  return running
}

function withPodLevel(pod: Pod, amounts: Amounts, isHeld = false): Amounts {
  const own = pod.spec.resources?.requests
  const { resources, allocatedResources } = pod.status
  if (own !== undefined && isHeld && resources !== undefined) {
    const held = isInfeasible(pod) ? new Map() : podLevelOf(own)
    raiseTo(held, podLevelOf(resources.requests))
    raiseTo(held, podLevelOf(allocatedResources))
    for (const [name, amount] of held) amounts.set(name, amount)
  } else for (const [name, amount] of podLevelOf(own)) amounts.set(name, amount)
  addTo(amounts, amountsOf(pod.spec.overhead))
  return amounts
}

const podLevelOf = (list: Readonly<Record<string, string>> | undefined): Amounts =>
  new Map([...amountsOf(list)].filter(([name]) => isPodLevelResource(name)))

/** What the node can never grant is not waited for. */
const isInfeasible = ({ status }: Pod): boolean =>
  status.conditions?.find(({ type }) => type === 'PodResizePending')?.reason === 'Infeasible'

function statusesOf(pod: Pod): Map<string, ContainerStatus> {
  const statuses = new Map<string, ContainerStatus>()
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status
  for (const status of [...containerStatuses, ...initContainerStatuses]) statuses.set(status.name, status)
  return statuses
}

/** While a resize is under way, a pod holds the larger of what is asked for, what is granted and what is in force (KEP-1287). */
export function podRequests(pod: Pod): Amounts {
  const asked = (container: Container): Amounts => amountsOf(container.resources?.requests)
  if (!pod.spec.nodeName) return withPodLevel(pod, total(pod, asked))
  const infeasible = isInfeasible(pod)
  const held: Amounts = infeasible ? new Map() : total(pod, asked)
  const { resources, allocatedResources } = pod.status
  // The pod's own figures have its overhead in them, which is added later.
  if (allocatedResources && resources?.requests && !pod.spec.overhead) {
    raiseTo(held, amountsOf(allocatedResources))
    raiseTo(held, amountsOf(resources.requests))
    return withPodLevel(pod, held, true)
  }
  const statuses = statusesOf(pod)
  const tells = [...statuses.values()].some(one => one.allocatedResources ?? one.resources?.requests)
  if (!tells && !infeasible) return withPodLevel(pod, held, true)
  const instead = (container: Container): Amounts => (infeasible ? new Map() : asked(container))
  const told = (list: Readonly<Record<string, string>> | undefined, container: Container): Amounts =>
    list === undefined ? instead(container) : amountsOf(list)
  raiseTo(
    held,
    total(pod, one => told(statuses.get(one.name)?.allocatedResources, one)),
  )
  raiseTo(
    held,
    total(pod, one => {
      const status = statuses.get(one.name)
      return told(status?.resources?.requests ?? status?.allocatedResources, one)
    }),
  )
  return withPodLevel(pod, held, true)
}

/** As `podRequests`, where each container asks for a little cpu and memory if it names none. */
export function nonZeroRequests(pod: Pod): { milliCpu: number; memoryBytes: number } {
  const amounts = withPodLevel(
    pod,
    total(pod, container => {
      const requests = container.resources?.requests
      return new Map([
        ['cpu', requests?.cpu === undefined ? defaultMilliCpu : milliValue(requests.cpu)],
        ['memory', requests?.memory === undefined ? defaultMemoryBytes : value(requests.memory)],
      ])
    }),
  )
  return { milliCpu: amounts.get('cpu') ?? 0, memoryBytes: amounts.get('memory') ?? 0 }
}
