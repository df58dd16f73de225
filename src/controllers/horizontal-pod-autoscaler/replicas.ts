/** From values of metrics to numbers of replicas (documentation: "Horizontal Pod Autoscaling", algorithm details). */
import type { Pod } from '../../api/core/v1/pod.ts'
import { epochMsOf } from '../../client/timestamps.ts'
import { milliValue } from '../../machinery/quantity.ts'
import { isReady } from '../runtime/pods.ts'
import type { PodValue, PodValues } from './metrics.ts'

/** While a pod starts, its use of CPU says little. */
const cpuInitializationMs = 5 * 60_000
/** A pod whose readiness never changed after this has never been ready. */
const initialReadinessDelayMs = 30_000

/** How far the ratio of use to target may be from 1 without consequence. */
export interface Tolerance {
  readonly up: number
  readonly down: number
}

export interface Proposal {
  readonly replicas: number
  /** The average for each pod, in thousandths. */
  readonly average: number
  /** In percent of what the pods request. */
  readonly utilization?: number
}

export interface PodGroup {
  readonly pods: readonly Pod[]
  readonly values: PodValues
  readonly currentReplicas: number
  readonly tolerance: Tolerance
  readonly nowMs: number
  readonly isCpu: boolean
}

export const isTolerated = (ratio: number, { up, down }: Tolerance): boolean => 1 - down <= ratio && ratio <= 1 + up

/** Whether a value is left out: the pod is about to start, or has never been ready. */
function isStarting(pod: Pod, value: PodValue, nowMs: number): boolean {
  const ready = pod.status.conditions?.find(({ type }) => type === 'Ready')
  if (!ready || pod.status.startTime === undefined) return true
  const startedMs = epochMsOf(pod.status.startTime)
  const changedMs = epochMsOf(ready.lastTransitionTime)
  if (startedMs + cpuInitializationMs > nowMs)
    return ready.status === 'False' || value.atMs < changedMs + value.windowMs
  return ready.status === 'False' && startedMs + initialReadinessDelayMs > changedMs
}

interface Sorted {
  readonly readyCount: number
  readonly ignored: readonly string[]
  readonly missing: readonly string[]
  readonly values: Map<string, number>
}

function sorted({ pods, values, isCpu, nowMs }: PodGroup): Sorted {
  let readyCount = 0
  const ignored: string[] = []
  const missing: string[] = []
  const left = new Map([...values].map(([name, { value }]) => [name, value] as const))
  for (const pod of pods) {
    const { name } = pod.metadata
    const value = values.get(name)
    if (pod.metadata.deletionTimestamp !== undefined || pod.status.phase === 'Failed') left.delete(name)
    else if (pod.status.phase === 'Pending' || (value && isCpu && isStarting(pod, value, nowMs))) {
      ignored.push(name)
      left.delete(name)
    } else if (!value) missing.push(name)
    else readyCount++
  }
  return { readyCount, ignored, missing, values: left }
}

interface Usage extends Omit<Proposal, 'replicas'> {
  readonly ratio: number
}

function proposed(
  group: PodGroup,
  usageOf: (values: ReadonlyMap<string, number>) => Usage,
  fullUse: (pod: string) => number,
): Proposal {
  if (group.pods.length === 0) throw new Error('no pods returned by selector while calculating replica count')
  const { readyCount, ignored, missing, values } = sorted(group)
  if (values.size === 0) throw new Error('did not receive metrics for targeted pods (pods might be unready)')
  const { ratio, ...usage } = usageOf(values)
  const { currentReplicas, tolerance } = group
  const unchanged = { replicas: currentReplicas, ...usage }
  const countsIgnored = ignored.length > 0 && ratio > 1
  if (!countsIgnored && missing.length === 0) {
    return isTolerated(ratio, tolerance) ? unchanged : { replicas: Math.ceil(ratio * readyCount), ...usage }
  }
  // What is not known is taken as what speaks against a change.
  if (ratio < 1) for (const pod of missing) values.set(pod, fullUse(pod))
  else if (ratio > 1) for (const pod of missing) values.set(pod, 0)
  if (countsIgnored) for (const pod of ignored) values.set(pod, 0)
  const next = usageOf(values).ratio
  if (isTolerated(next, tolerance) || (ratio < 1 && next > 1) || (ratio > 1 && next < 1)) return unchanged
  const replicas = Math.ceil(next * values.size)
  const turns = (next < 1 && replicas > currentReplicas) || (next > 1 && replicas < currentReplicas)
  return turns ? unchanged : { replicas, ...usage }
}

/** By the average value for each pod, in thousandths. */
export const replicasByAverage = (group: PodGroup, target: number): Proposal =>
  proposed(
    group,
    values => {
      const total = [...values.values()].reduce((sum, value) => sum + value, 0)
      const average = Math.floor(total / values.size)
      return { ratio: average / target, average }
    },
    () => target,
  )

/** By the use in percent of what the pods request. */
export function replicasByUtilization(
  group: PodGroup,
  requests: ReadonlyMap<string, number>,
  targetPercent: number,
): Proposal {
  return proposed(
    group,
    values => {
      let used = 0
      let requested = 0
      let count = 0
      for (const [name, value] of values) {
        const request = requests.get(name)
        if (request === undefined) continue
        used += value
        requested += request
        count++
      }
      if (requested === 0) throw new Error('no metrics returned matched known pods')
      const utilization = Math.floor((used * 100) / requested)
      return { ratio: utilization / targetPercent, average: Math.floor(used / count), utilization }
    },
    pod => Math.floor(((requests.get(pod) ?? 0) * Math.max(100, targetPercent)) / 100),
  )
}

/** What each pod requests of a resource, or one container of it, in thousandths. */
export function requestsOf(pods: readonly Pod[], resource: string, container?: string): Map<string, number> {
  return new Map(pods.map(pod => [pod.metadata.name, requestOf(pod, resource, container)] as const))
}

function requestOf(pod: Pod, resource: string, container: string | undefined): number {
  const { containers, initContainers = [], resources } = pod.spec
  const whole = resources?.requests?.[resource]
  if (container === undefined && whole !== undefined) return milliValue(whole)
  let sum = 0
  for (const { name, resources: own } of [
    ...containers,
    ...initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always'),
  ]) {
    if (container !== undefined && name !== container) continue
    const request = own?.requests?.[resource]
    if (request === undefined) {
      throw new Error(`missing request for ${resource} in container ${name} of Pod ${pod.metadata.name}`)
    }
    sum += milliValue(request)
  }
  return sum
}

/** By the value of a metric as a whole. From none, replicas come as soon as there is something to do. */
export function replicasByValue(
  pods: readonly Pod[],
  currentReplicas: number,
  value: number,
  target: number,
  tolerance: Tolerance,
): number {
  const ratio = value / target
  if (currentReplicas === 0) return Math.ceil(ratio)
  if (isTolerated(ratio, tolerance)) return currentReplicas
  if (pods.length === 0)
    throw new Error('unable to calculate ready pods: no pods returned by selector while calculating replica count')
  return Math.ceil(ratio * pods.filter(pod => pod.status.phase === 'Running' && isReady(pod)).length)
}

/** By the value of a metric shared by all replicas. */
export function replicasByShare(replicas: number, value: number, target: number, tolerance: Tolerance): Proposal {
  const isFine = isTolerated(value / (target * replicas), tolerance)
  return {
    replicas: isFine ? replicas : Math.ceil(value / target),
    average: replicas === 0 ? value : Math.ceil(value / replicas),
  }
}
