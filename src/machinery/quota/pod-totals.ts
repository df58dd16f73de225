/** What a pod as a whole asks for and may use (KEP-753 for sidecars, KEP-2837 for pod-level resources, KEP-688 for overhead). */
import type { Container } from '../../api/core/v1/container.ts'
import type { ContainerStatus } from '../../api/core/v1/container-status.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import type { PodSpec } from '../../api/core/v1/pod-spec.ts'
import { ownMember } from '../../schema/json-exact.ts'
import { isPodLevelResource } from '../pod-qos.ts'
import { parseQuantity } from '../quantity.ts'
import { type Amounts, addAmounts } from './amounts.ts'

type Which = 'requests' | 'limits'

function maxAmounts(a: Amounts, b: Amounts): Record<string, string> {
  const result: Record<string, string> = { ...a }
  for (const [name, amount] of Object.entries(b)) {
    const before = ownMember(result, name)
    if (before === undefined || parseQuantity(amount).compare(parseQuantity(before)) > 0) result[name] = amount
  }
  return result
}

const isResizeInfeasible = ({ status }: Pod): boolean =>
  status?.conditions?.find(({ type }) => type === 'PodResizePending')?.reason === 'Infeasible'

interface Containers {
  readonly spec: Pick<PodSpec, 'containers' | 'initContainers'>
  readonly status?: Pod['status']
}

type AmountsOf = (container: Container, status: ContainerStatus | undefined) => Amounts

const askedFor =
  (which: Which): AmountsOf =>
  container =>
    container.resources?.[which] ?? {}

/**
 * The larger of what runs in the end (containers and sidecars) and what any init container needs beside the sidecars
 * started before it.
 */
function containersTotal({ spec, status }: Containers, of: AmountsOf): Amounts {
  const statuses = new Map<string, ContainerStatus>()
  for (const one of [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])]) {
    statuses.set(one.name, one)
  }
  const amounts = (container: Container): Amounts => of(container, statuses.get(container.name))
  let running: Amounts = {}
  for (const container of spec.containers ?? []) running = addAmounts(running, amounts(container))
  let sidecars: Amounts = {}
  let starting: Amounts = {}
  for (const container of spec.initContainers ?? []) {
    if (container.restartPolicy === 'Always') {
      running = addAmounts(running, amounts(container))
      sidecars = addAmounts(sidecars, amounts(container))
      starting = maxAmounts(starting, sidecars)
    } else starting = maxAmounts(starting, addAmounts(amounts(container), sidecars))
  }
  return maxAmounts(running, starting)
}

/**
 * While a resize is under way, a pod holds the larger of what is asked for, what is granted and what is in force (KEP-1287).
 * What is infeasible is not waited for.
 */
function heldTotal(pod: Pod, which: Which): Amounts {
  const wanted: AmountsOf = isResizeInfeasible(pod) ? () => ({}) : askedFor(which)
  const own = which === 'requests' ? ownFigures(pod) : undefined
  if (own) return [containersTotal(pod, wanted), ...own].reduce(maxAmounts)
  const granted: AmountsOf = (container, status) =>
    (which === 'requests' ? status?.allocatedResources : undefined) ?? wanted(container, status)
  const inForce: AmountsOf = (container, status) => status?.resources?.[which] ?? granted(container, status)
  return [wanted, granted, inForce].map(of => containersTotal(pod, of)).reduce(maxAmounts)
}

/** What is granted to the pod as a whole and what is in force. Where it has overhead, that is in them, and is added later. */
function ownFigures({ spec, status }: Pod): readonly Amounts[] | undefined {
  const { resources, allocatedResources } = status ?? {}
  return allocatedResources && resources?.requests && !spec.overhead
    ? [allocatedResources, resources.requests]
    : undefined
}

/** What the containers ask for together, whatever the pod does as a whole. */
export const askedTotal = (spec: Containers['spec'], which: Which): Amounts =>
  containersTotal({ spec }, askedFor(which))

/** `held`: with what a resize that is under way still holds. */
export function podTotal(pod: Pod, which: Which, counted: 'spec' | 'held' = 'held'): Amounts {
  const total: Record<string, string> = {
    ...(counted === 'held' ? heldTotal(pod, which) : containersTotal(pod, askedFor(which))),
  }
  for (const [name, amount] of Object.entries(podLevelTotal(pod, which, counted))) total[name] = amount
  const overhead = Object.entries(pod.spec.overhead ?? {})
  // A limit that nobody has set is not made by the overhead.
  const added = which === 'requests' ? overhead : overhead.filter(([name]) => Object.hasOwn(total, name))
  return addAmounts(total, Object.fromEntries(added))
}

function podLevelTotal(pod: Pod, which: Which, counted: 'spec' | 'held'): Amounts {
  const own = Object.fromEntries(
    Object.entries(pod.spec.resources?.[which] ?? {}).filter(([name]) => isPodLevelResource(name)),
  )
  const { resources, allocatedResources } = pod.status ?? {}
  if (counted === 'spec' || !resources || Object.keys(own).length === 0) return own
  const granted = which === 'requests' ? (allocatedResources ?? {}) : {}
  const held = maxAmounts(granted, resources[which] ?? {})
  const larger = isResizeInfeasible(pod) ? held : maxAmounts(own, held)
  return Object.fromEntries(Object.entries(larger).filter(([name]) => isPodLevelResource(name)))
}
