/** Quality of service of a pod and what follows from it (Kubernetes documentation, "Pod Quality of Service Classes"). */
import type { Pod } from '../../api/core/v1/pod.ts'
import { qosClassOf as podQosClass, type QosClass } from '../../machinery/pod-qos.ts'
import { unitsOf } from './amounts.ts'

export type { QosClass } from '../../machinery/pod-qos.ts'

interface HasResources {
  readonly resources?: {
    readonly requests?: Readonly<Record<string, string>>
    readonly limits?: Readonly<Record<string, string>>
  }
}

export const qosClassOf = (pod: Pick<Pod, 'spec'>): QosClass => podQosClass(pod.spec)

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
