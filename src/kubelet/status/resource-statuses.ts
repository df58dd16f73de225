/** The resources in force, as statuses tell them (KEP-1287, KEP-2837): from the kernel's numbers, in the spec's words where both mean the same. */
import type { Container } from '../../api/core/v1/container.ts'
import type { ContainerStatus } from '../../api/core/v1/container-status.ts'
import type { Pod, PodStatus } from '../../api/core/v1/pod.ts'
import type { ResourceRequirements } from '../../api/core/v1/resources.ts'
import { Quantity } from '../../machinery/quantity.ts'
import { podTotal } from '../../machinery/quota/pod-totals.ts'
import type { ContainerRecord } from '../pods/pod-runtime.ts'
import { milliOf, unitsOf } from '../resources/amounts.ts'
import { type CgroupLimits, sharesAfterWeight } from '../resources/cgroup-limits.ts'
import { quotaOf, sharesOf } from '../resources/linux-resources.ts'

type Amounts = Record<string, string>

/** What the kernel rounds a memory limit down to. */
const pageBytes = 4096

/** Each is the given text where it leads to the number in force, so that rounding does not show. */
function cpuRequestText(allocated: string | undefined, shares: number): string {
  const wanted = sharesOf(milliOf(allocated))
  if (allocated !== undefined && (wanted === shares || sharesAfterWeight(wanted) === shares)) return allocated
  return Quantity.ofMilli(Math.ceil((shares * 1000) / 1024)).toString()
}

function cpuLimitText(allocated: string | undefined, quotaUs: number, periodUs: number): string {
  if (allocated !== undefined && quotaOf(milliOf(allocated)) === quotaUs) return allocated
  return Quantity.ofMilli(Math.floor((quotaUs * 1000) / periodUs)).toString()
}

function memoryLimitText(allocated: string | undefined, bytes: number): string {
  const wanted = unitsOf(allocated)
  if (allocated !== undefined && (wanted === bytes || Math.floor(wanted / pageBytes) * pageBytes === bytes))
    return allocated
  return Quantity.ofValue(bytes, 'BinarySI').toString()
}

/** What is not known keeps the value that was reported before. */
function set(amounts: Amounts, name: string, text: string | undefined, before: Amounts | undefined): void {
  const value = text ?? before?.[name]
  if (value !== undefined) amounts[name] = value
}

const quotaText = (allocated: string | undefined, limits: CgroupLimits | undefined): string | undefined =>
  limits?.cpuQuotaUs === undefined ? undefined : cpuLimitText(allocated, limits.cpuQuotaUs, limits.cpuPeriodUs)

const memoryText = (allocated: string | undefined, limits: CgroupLimits | undefined): string | undefined =>
  limits?.memoryBytes === undefined ? undefined : memoryLimitText(allocated, limits.memoryBytes)

/** `container` as allocated; `actuated`: what it was last given, for the memory request, which the kernel does not know. */
export function containerResourceStatus(
  container: Container,
  record: ContainerRecord | undefined,
  before: ContainerStatus | undefined,
  actuated: ResourceRequirements | undefined,
): Pick<ContainerStatus, 'allocatedResources' | 'resources'> {
  const { requests, limits } = container.resources ?? {}
  const allocated = requests === undefined ? {} : { allocatedResources: requests }
  const inForce: { limits?: Amounts; requests?: Amounts } = {
    ...(limits ? { limits: { ...limits } } : {}),
    ...(requests ? { requests: { ...requests } } : {}),
  }
  if (record?.state !== 'running') return { ...allocated, resources: inForce }
  const same = before?.state.running !== undefined && before.containerID?.endsWith(record.id) === true
  const old = same ? before.resources : undefined
  if (inForce.limits) {
    set(inForce.limits, 'cpu', quotaText(limits?.cpu, record.limits), old?.limits)
    set(inForce.limits, 'memory', memoryText(limits?.memory, record.limits), old?.limits)
  }
  if (inForce.requests) {
    const cpu = requests?.cpu
    // A container without a request has the least of shares, which is none.
    const known = record.limits && (cpu !== undefined || record.limits.cpuShares > sharesOf(0))
    set(inForce.requests, 'cpu', known ? cpuRequestText(cpu, record.limits.cpuShares) : undefined, old?.requests)
    if (requests?.memory !== undefined)
      set(inForce.requests, 'memory', actuated?.requests?.memory ?? requests.memory, undefined)
  }
  return { ...allocated, resources: inForce }
}

/** `limits`: of the pod's group, while it runs. */
export function podResourceStatus(
  pod: Pod,
  limits: CgroupLimits | undefined,
  isRunning: boolean,
): Pick<PodStatus, 'allocatedResources' | 'resources'> {
  const totals = { requests: podTotal(pod, 'requests', 'spec'), limits: podTotal(pod, 'limits', 'spec') }
  const allocated = Object.keys(totals.requests).length === 0 ? {} : { allocatedResources: totals.requests }
  const shown = (amounts: { requests: Amounts; limits: Amounts }): PodStatus['resources'] => ({
    ...(Object.keys(amounts.limits).length === 0 ? {} : { limits: amounts.limits }),
    ...(Object.keys(amounts.requests).length === 0 ? {} : { requests: amounts.requests }),
  })
  if (!isRunning) return { ...allocated, resources: shown(totals) }
  const { resources } = pod.spec
  const inForce = { requests: { ...resources?.requests }, limits: { ...resources?.limits } }
  const old = pod.status.phase === 'Running' ? pod.status.resources : undefined
  const { cpu } = totals.requests
  const known = limits && (cpu !== undefined || limits.cpuShares > sharesOf(0))
  set(inForce.requests, 'cpu', known ? cpuRequestText(cpu, limits.cpuShares) : undefined, old?.requests)
  if (totals.requests.memory !== undefined) inForce.requests.memory ??= totals.requests.memory
  set(inForce.limits, 'cpu', quotaText(totals.limits.cpu, limits), old?.limits)
  set(inForce.limits, 'memory', memoryText(totals.limits.memory, limits), old?.limits)
  return { ...allocated, resources: shown(inForce) }
}
