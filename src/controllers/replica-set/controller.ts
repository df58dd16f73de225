import { ReplicaSet } from '../../api/apps/v1/replica-set.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import { ReplicationController } from '../../api/core/v1/replication-controller.ts'
import type { Informer } from '../../client/informer.ts'
import { labelSelectorOf, type Selector, selectorOfLabels } from '../../machinery/selectors/label-selector.ts'
import type { Kind } from '../../schema/kind.ts'
import { type ControllerContext, type ControllerDefinition, enqueueChanged, objectOf } from '../runtime/controller.ts'
import { byController, claim, controllerOf, enqueueOwners, indexByController } from '../runtime/owners.ts'
import { isActive } from '../runtime/pods.ts'
import { planReplicas, type ReplicaOwner } from './plan.ts'

export const replicaSetController: ControllerDefinition = {
  name: 'replicaset-controller',
  workers: 5,
  build: context =>
    replicas(
      context,
      ReplicaSet,
      owner => labelSelectorOf(owner.spec.selector),
      (owner, owners) => siblings(owner, owners),
    ),
}

export const replicationController: ControllerDefinition = {
  name: 'replication-controller',
  workers: 5,
  build: context =>
    replicas(
      context,
      ReplicationController,
      owner => selectorOfLabels(owner.spec.selector),
      owner => [owner],
    ),
}

/** The ReplicaSets of the same Deployment. */
function siblings(owner: ReplicaSet, owners: Informer<ReplicaSet>): readonly ReplicaSet[] {
  const deployment = controllerOf(owner)
  return deployment ? owners.byIndex(byController, deployment.uid) : [owner]
}

function replicas<O extends ReplicaOwner>(
  context: ControllerContext,
  kind: Kind<O>,
  selectorOf: (owner: O) => Selector,
  siblingsOf: (owner: O, owners: Informer<O>) => readonly O[],
) {
  const owners = context.informer(kind)
  const pods = context.informer(Pod)
  indexByController(owners)
  indexByController(pods)
  enqueueChanged(owners, context)
  enqueueOwners(pods, kind, owners, selectorOf, context.enqueue)
  return {
    plan(key: string) {
      const owner = objectOf(owners, key)
      if (!owner) return undefined
      const { owned, actions } = claim(kind, owner, Pod, pods, selectorOf(owner), isActive)
      const related = siblingsOf(owner, owners).flatMap(sibling => pods.byIndex(byController, sibling.metadata.uid))
      return planReplicas({
        kind: kind as Kind,
        owner,
        owned,
        claims: actions,
        related: related.filter(isActive),
        nowMs: context.clock.now(),
      })
    },
  }
}
