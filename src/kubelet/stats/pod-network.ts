/** What a pod sends and receives. */
import type { PodManager } from '../pods/pod-manager.ts'
import type { Cgroups } from '../resources/cgroups.ts'
import { qosClassOf } from '../resources/qos.ts'
import { processIn } from './group-counters.ts'
import { type InterfaceCounters, networkCountersOf } from './network-counters.ts'

type Worker = ReturnType<PodManager['workers']>[number]

/** The network of a pod, by a process of its sandbox. The node's own, which pods may share, is nobody's. */
export function podNetwork({ pod, uid, runtime }: Worker, cgroups: Cgroups): readonly InterfaceCounters[] {
  const sandbox = runtime.sandboxes.find(({ ready }) => ready)
  if (!sandbox || sandbox.hostNetwork) return []
  const pid = processIn(cgroups.directoriesOf(cgroups.containerPathOf(uid, qosClassOf(pod), sandbox.id)))
  return pid === undefined ? [] : networkCountersOf(pid)
}
