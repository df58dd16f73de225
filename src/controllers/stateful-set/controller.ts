import { ControllerRevision } from '../../api/apps/v1/controller-revision.ts'
import { StatefulSet } from '../../api/apps/v1/stateful-set.ts'
import { PersistentVolumeClaim } from '../../api/core/v1/persistent-volume-claim.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import { labelSelectorOf } from '../../machinery/selectors/label-selector.ts'
import { type ControllerDefinition, enqueueChanged, objectOf } from '../runtime/controller.ts'
import { claim, enqueueOwners, indexByController } from '../runtime/owners.ts'
import { ordinalOf } from './identity.ts'
import { planStateful } from './plan.ts'

export const statefulSetController: ControllerDefinition = {
  name: 'statefulset-controller',
  workers: 5,
  build(context) {
    const sets = context.informer(StatefulSet)
    const pods = context.informer(Pod)
    const volumeClaims = context.informer(PersistentVolumeClaim)
    const revisions = context.informer(ControllerRevision)
    indexByController(pods)
    indexByController(revisions)
    const selectorOf = (set: StatefulSet) => labelSelectorOf(set.spec.selector)
    enqueueChanged(sets, context)
    enqueueOwners(pods, StatefulSet, sets, selectorOf, context.enqueue)
    return {
      plan(key) {
        const set = objectOf(sets, key)
        if (!set) return undefined
        const owned = claim(StatefulSet, set, Pod, pods, selectorOf(set), pod => ordinalOf(set, pod) >= 0)
        const history = claim(StatefulSet, set, ControllerRevision, revisions, selectorOf(set))
        return planStateful({
          set,
          pods: owned.owned,
          revisions: history.owned,
          claimOf: name => volumeClaims.get(set.metadata.namespace, name),
          claims: [...owned.actions, ...history.actions],
          nowMs: context.clock.now(),
        })
      },
    }
  },
}
