import { ControllerRevision } from '../../api/apps/v1/controller-revision.ts'
import { DaemonSet } from '../../api/apps/v1/daemon-set.ts'
import { Node } from '../../api/core/v1/node.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import { labelSelectorOf } from '../../machinery/selectors/label-selector.ts'
import { type ControllerDefinition, enqueueChanged, keyOf, objectOf } from '../runtime/controller.ts'
import { claim, enqueueOwners, indexByController } from '../runtime/owners.ts'
import { same } from '../runtime/same.ts'
import { planDaemons } from './plan.ts'

export const daemonSetController: ControllerDefinition = {
  name: 'daemon-set-controller',
  workers: 2,
  build(context) {
    const sets = context.informer(DaemonSet)
    const pods = context.informer(Pod)
    const nodes = context.informer(Node)
    const revisions = context.informer(ControllerRevision)
    indexByController(pods)
    indexByController(revisions)
    const selectorOf = (set: DaemonSet) => labelSelectorOf(set.spec.selector)
    enqueueChanged(sets, context)
    enqueueOwners(pods, DaemonSet, sets, selectorOf, context.enqueue)
    // What placement depends on; heartbeats change none of it.
    nodes.subscribe(({ type, object, old }) => {
      if (
        type === 'updated' &&
        old &&
        same([old.metadata.labels, old.spec.taints], [object.metadata.labels, object.spec.taints])
      )
        return
      for (const set of sets.list()) context.enqueue(keyOf(set))
    })
    return {
      plan(key) {
        const set = objectOf(sets, key)
        if (!set) return undefined
        const owned = claim(DaemonSet, set, Pod, pods, selectorOf(set))
        const history = claim(DaemonSet, set, ControllerRevision, revisions, selectorOf(set))
        return planDaemons({
          set,
          pods: owned.owned,
          nodes: nodes.list(),
          revisions: history.owned,
          claims: [...owned.actions, ...history.actions],
          nowMs: context.clock.now(),
        })
      },
    }
  },
}
