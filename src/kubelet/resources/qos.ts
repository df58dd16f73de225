/** Quality of service of a pod and what follows from it (Kubernetes documentation, "Pod Quality of Service Classes"). */
import type { Pod } from '../../api/core/v1/pod.ts'
import { milliOf, unitsOf } from './amounts.ts'

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort'

const counted = ['cpu', 'memory'] as const

interface HasResources {
  readonly resources?: {
    readonly requests?: Readonly<Record<string, string>>
    readonly limits?: Readonly<Record<string, string>>
  }
}

function hasAny(container: HasResources): boolean {
  return counted.some(
    name => milliOf(container.resources?.requests?.[name]) > 0 || milliOf(container.resources?.limits?.[name]) > 0,
  )
}

function isGuaranteed(container: HasResources): boolean {
  return counted.every(name => {
    const limit = container.resources?.limits?.[name]
    const request = container.resources?.requests?.[name] ?? limit
    return milliOf(limit) > 0 && milliOf(request) === milliOf(limit)
  })
}

/** Of a pod from its spec alone: pod-level resources decide where given. */
export function qosClassOf(pod: Pick<Pod, 'spec'>): QosClass {
  const { spec } = pod
  const counting: readonly HasResources[] =
    spec.resources && hasAny(spec) ? [spec] : [...(spec.initContainers ?? []), ...spec.containers]
  if (!counting.some(hasAny)) return 'BestEffort'
  return counting.every(isGuaranteed) ? 'Guaranteed' : 'Burstable'
}

const systemCriticalPriority = 2_000_000_000
const guaranteedScore = -997
const bestEffortScore = 1000

/** The oom_score_adj of a container: those using more than they asked for go first. */
export function oomScoreOf(pod: Pick<Pod, 'spec'>, container: HasResources, memoryCapacityBytes: number): number {
  if ((pod.spec.priority ?? 0) >= systemCriticalPriority) return guaranteedScore
  const qos = qosClassOf(pod)
  if (qos === 'Guaranteed') return guaranteedScore
  if (qos === 'BestEffort') return bestEffortScore
  const request = unitsOf(container.resources?.requests?.memory ?? container.resources?.limits?.memory)
  const score = Math.trunc(1000 - (1000 * request) / memoryCapacityBytes)
  return Math.min(Math.max(score, 1000 + guaranteedScore), bestEffortScore - 1)
}
