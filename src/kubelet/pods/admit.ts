/** Admission with a second look at the node's object. */
import { Node } from '../../api/core/v1/node.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import { findUntoleratedTaint } from '../../machinery/selectors/tolerations.ts'
import { isCritical } from '../eviction/ranking.ts'
import type { PressureCondition } from '../eviction/thresholds.ts'
import { qosClassOf } from '../resources/qos.ts'
import { admissionProblem, type Rejection } from './admission.ts'
import type { PodServices } from './pod-services.ts'

const memoryTaint = { key: 'node.kubernetes.io/memory-pressure', effect: 'NoSchedule' } as const

/** A node that runs short takes nothing on; short of memory alone, only what asks for none. */
function pressureProblem(pod: Pod, conditions: readonly PressureCondition[], isStatic: boolean): Rejection | undefined {
  if (conditions.length === 0 || isCritical(pod, isStatic)) return undefined
  const onlyMemory = conditions.length === 1 && conditions[0] === 'MemoryPressure'
  if (onlyMemory && qosClassOf(pod) !== 'BestEffort') return undefined
  if (onlyMemory && !findUntoleratedTaint([memoryTaint], pod.spec.tolerations, ['NoSchedule'])) return undefined
  return { reason: 'Evicted', message: `The node had condition: [${conditions.join(' ')}]. ` }
}

/** The scheduler may know of labels and taints that are newer than the node's own view: the API server is asked then. */
export async function admit(services: PodServices, pod: Pod, isStatic: boolean): Promise<Rejection | undefined> {
  const pressed = pressureProblem(pod, services.pressure(), isStatic)
  if (pressed) return pressed
  const node = services.node()
  const check = (seen: Node) => admissionProblem(pod, services.otherPods(pod.metadata.uid), seen, isStatic)
  const problem = check(node)
  if (!problem) return undefined
  const current = await services.client
    .of(Node)
    .get('', node.metadata.name)
    .catch(() => undefined)
  return current ? check({ ...node, metadata: current.metadata, spec: current.spec }) : problem
}
