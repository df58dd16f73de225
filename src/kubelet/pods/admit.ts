/** Admission with a second look at the node's object. */
import { Node } from '../../api/core/v1/node.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import { admissionProblem, type Rejection } from './admission.ts'
import type { PodServices } from './pod-services.ts'

/** The scheduler may know of labels and taints that are newer than the node's own view: the API server is asked then. */
export async function admit(services: PodServices, pod: Pod, isStatic: boolean): Promise<Rejection | undefined> {
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
