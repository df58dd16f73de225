/** What a pod as a whole asks for and may use (KEP-753 for sidecars, KEP-2837 for pod-level resources, KEP-688 for overhead). */
import type { Container } from '../../api/core/v1/container.ts'
import type { ContainerStatus } from '../../api/core/v1/container-status.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import { parseQuantity } from '../quantity.ts'
import { type Amounts, addAmounts } from './amounts.ts'

type Which = 'requests' | 'limits'

function maxAmounts(a: Amounts, b: Amounts): Record<string, string> {
  const result: Record<string, string> = { ...a }
  for (const [name, amount] of Object.entries(b)) {
    const before = result[name]
    if (before === undefined || parseQuantity(amount).compare(parseQuantity(before)) > 0) result[name] = amount
  }
  return result
}

const isPodLevel = (name: string): boolean => name === 'cpu' || name === 'memory' || name.startsWith('hugepages-')

/** While a resize is under way, a container holds the larger of what is asked for and what it has (KEP-1287). */
function amountsOf(container: Container, which: Which, status: ContainerStatus | undefined): Amounts {
  let amounts: Amounts = container.resources?.[which] ?? {}
  if (status && which === 'requests') amounts = maxAmounts(amounts, status.allocatedResources ?? {})
  return status ? maxAmounts(amounts, status.resources?.[which] ?? {}) : amounts
}

/**
 * The larger of what runs in the end (containers and sidecars) and what any init container needs beside the sidecars
 * started before it.
 */
function containersTotal({ spec, status }: Pod, which: Which): Amounts {
  const statuses = new Map<string, ContainerStatus>()
  for (const one of [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])]) {
    statuses.set(one.name, one)
  }
  const of = (container: Container): Amounts => amountsOf(container, which, statuses.get(container.name))
  let running: Amounts = {}
  for (const container of spec.containers ?? []) running = addAmounts(running, of(container))
  let sidecars: Amounts = {}
  let starting: Amounts = {}
  for (const container of spec.initContainers ?? []) {
    if (container.restartPolicy === 'Always') {
      running = addAmounts(running, of(container))
      sidecars = addAmounts(sidecars, of(container))
      starting = maxAmounts(starting, sidecars)
    } else starting = maxAmounts(starting, addAmounts(of(container), sidecars))
  }
  return maxAmounts(running, starting)
}

export function podTotal(pod: Pod, which: Which): Amounts {
  const total: Record<string, string> = { ...containersTotal(pod, which) }
  for (const [name, amount] of Object.entries(pod.spec.resources?.[which] ?? {})) {
    if (isPodLevel(name)) total[name] = amount
  }
  const overhead = Object.entries(pod.spec.overhead ?? {})
  // A limit that nobody has set is not made by the overhead.
  const added = which === 'requests' ? overhead : overhead.filter(([name]) => total[name] !== undefined)
  return addAmounts(total, Object.fromEntries(added))
}

export const hasPodLevelResources = ({ spec }: Pod): boolean =>
  [spec.resources?.requests, spec.resources?.limits].some(amounts => Object.keys(amounts ?? {}).some(isPodLevel))
