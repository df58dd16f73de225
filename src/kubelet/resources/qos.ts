/** Quality of service of a pod and what follows from it (Kubernetes documentation, "Pod Quality of Service Classes"). */
import type { Pod } from '../../api/core/v1/pod.ts'
import { qosClassOf as podQosClass, type QosClass } from '../../machinery/pod-qos.ts'
import { askedTotal } from '../../machinery/quota/pod-totals.ts'
import { isSidecar } from '../pods/restart-policy.ts'
import { unitsOf } from './amounts.ts'

export type { QosClass } from '../../machinery/pod-qos.ts'

interface HasResources {
  readonly resources?: {
    readonly requests?: Readonly<Record<string, string>>
    readonly limits?: Readonly<Record<string, string>>
  }
}

export const qosClassOf = (pod: Pick<Pod, 'spec'>): QosClass => podQosClass(pod.spec)

const guaranteedScore = -997
const bestEffortScore = 1000

const memoryRequestOf = ({ resources }: HasResources): number =>
  unitsOf(resources?.requests?.memory ?? resources?.limits?.memory)

interface Scored extends HasResources {
  readonly name?: string
  readonly restartPolicy?: string
}

/** What the pod asks for beyond its containers (KEP-2837), shared out among them. */
function shareOfRest({ spec }: Pick<Pod, 'spec'>): number {
  const whole = spec.resources?.requests?.memory
  if (whole === undefined) return 0
  const { containers, initContainers = [] } = spec
  const own = askedTotal(spec, 'requests').memory
  return Math.floor(Math.max(0, unitsOf(whole) - unitsOf(own)) / (containers.length + initContainers.length))
}

/** The oom_score_adj of a container: those using more than they asked for go first. */
export function oomScoreOf(pod: Pick<Pod, 'spec'>, container: Scored, memoryCapacityBytes: number): number {
  if (pod.spec.priorityClassName === 'system-node-critical') return guaranteedScore
  const qos = qosClassOf(pod)
  if (qos === 'Guaranteed') return guaranteedScore
  if (qos === 'BestEffort') return bestEffortScore
  const rest = shareOfRest(pod)
  const scoreOf = (request: number) => bestEffortScore - Math.floor((1000 * (request + rest)) / memoryCapacityBytes)
  let score = scoreOf(memoryRequestOf(container))
  // A sidecar goes no earlier than the containers that need it.
  if (isSidecar(container) && pod.spec.initContainers?.some(({ name }) => name === container.name))
    score = Math.min(score, scoreOf(Math.min(...pod.spec.containers.map(memoryRequestOf))))
  return Math.min(Math.max(score, 1000 + guaranteedScore), bestEffortScore - 1)
}
