/** Requests and limits as the kernel's numbers. */
import type { Container } from '../../api/core/v1/container.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import type { LinuxContainerResources } from '../cri/common-messages.ts'
import { milliOf, unitsOf } from './amounts.ts'
import { limitsWithin } from './limits-within.ts'
import { oomScoreOf } from './qos.ts'

const minShares = 2
const maxShares = 262_144
const periodUs = 100_000
const minQuotaUs = 1_000

export const sharesOf = (milliCpu: number): number =>
  milliCpu === 0 ? minShares : Math.min(maxShares, Math.max(minShares, Math.floor((milliCpu * 1024) / 1000)))

/** 0: no limit. */
export const quotaOf = (milliCpu: number): number =>
  milliCpu === 0 ? 0 : Math.max(minQuotaUs, Math.floor((milliCpu * periodUs) / 1000))

export function containerResources(
  pod: Pod,
  container: Pick<Container, 'resources'> & Partial<Container>,
  memoryCapacityBytes: number,
): LinuxContainerResources {
  const { requests = {} } = container.resources ?? {}
  const limits = limitsWithin(pod.spec.resources, container.resources)
  const quota = quotaOf(milliOf(limits.cpu))
  return {
    cpuShares: sharesOf(milliOf(requests.cpu ?? limits.cpu)),
    cpuPeriod: periodUs,
    ...(quota === 0 ? {} : { cpuQuota: quota }),
    memoryLimitInBytes: unitsOf(limits.memory),
    oomScoreAdj: oomScoreOf(pod, container, memoryCapacityBytes),
    hugepageLimits: Object.entries(limits)
      .filter(([name]) => name.startsWith('hugepages-'))
      .map(([name, amount]) => ({ pageSize: pageSizeOf(name.slice('hugepages-'.length)), limit: unitsOf(amount) })),
  }
}

/** `2Mi` is `2MB` to the kernel. */
const pageSizeOf = (suffix: string): string => suffix.replace(/([KMG])i$/, '$1B')

export interface PodLimits {
  readonly cpuShares: number
  /** Absent where a container is unlimited. */
  readonly cpuQuotaUs?: number
  readonly cpuPeriodUs: number
  readonly memoryBytes?: number
}

/** What all containers of a pod together need at a time: init containers run before the others, sidecars beside them. */
export function podAmount(pod: Pick<Pod, 'spec'>, which: 'requests' | 'limits', name: string): number {
  const amount = name === 'cpu' ? milliOf : unitsOf
  const own = pod.spec.resources?.[which]?.[name]
  const of = (container: Pick<Container, 'resources'>) => {
    const { requests, limits } = container.resources ?? {}
    return amount(which === 'requests' ? (requests?.[name] ?? limits?.[name]) : limits?.[name])
  }
  let sidecars = 0
  let initPeak = 0
  for (const container of pod.spec.initContainers ?? [])
    if (container.restartPolicy === 'Always') {
      sidecars += of(container)
      initPeak = Math.max(initPeak, sidecars)
    } else initPeak = Math.max(initPeak, sidecars + of(container))
  const regular = pod.spec.containers.reduce((sum, container) => sum + of(container), sidecars)
  const containers = own === undefined ? Math.max(regular, initPeak) : amount(own)
  return containers + amount(pod.spec.overhead?.[name])
}

export function podLimits(pod: Pick<Pod, 'spec'>): PodLimits {
  const limitedBy = (name: string) =>
    pod.spec.resources?.limits?.[name] !== undefined ||
    [...(pod.spec.initContainers ?? []), ...pod.spec.containers].every(
      container => container.resources?.limits?.[name] !== undefined,
    )
  return {
    cpuShares: sharesOf(podAmount(pod, 'requests', 'cpu')),
    cpuPeriodUs: periodUs,
    ...(limitedBy('cpu') ? { cpuQuotaUs: quotaOf(podAmount(pod, 'limits', 'cpu')) } : {}),
    ...(limitedBy('memory') ? { memoryBytes: podAmount(pod, 'limits', 'memory') } : {}),
  }
}
