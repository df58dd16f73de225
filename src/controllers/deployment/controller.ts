import { Deployment } from '../../api/apps/v1/deployment.ts'
import { ReplicaSet } from '../../api/apps/v1/replica-set.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import { labelSelectorOf } from '../../machinery/selectors/label-selector.ts'
import { type ControllerDefinition, enqueueChanged, objectOf } from '../runtime/controller.ts'
import { byController, claim, controllerOf, enqueueOwners, indexByController } from '../runtime/owners.ts'
import { planDeployment } from './plan.ts'

export const deploymentController: ControllerDefinition = {
  name: 'deployment-controller',
  workers: 5,
  build(context) {
    const deployments = context.informer(Deployment)
    const sets = context.informer(ReplicaSet)
    const pods = context.informer(Pod)
    indexByController(sets)
    indexByController(pods)
    const selectorOf = (deployment: Deployment) => labelSelectorOf(deployment.spec.selector)
    enqueueChanged(deployments, context)
    enqueueOwners(sets, Deployment, deployments, selectorOf, context.enqueue)
    // Recreate waits for the last old pod to go.
    pods.subscribe(({ type, object }) => {
      const owner = controllerOf(object)
      if (type !== 'deleted' || owner?.kind !== 'ReplicaSet') return
      const set = sets.get(object.metadata.namespace, owner.name)
      const parent = set && controllerOf(set)
      if (parent?.kind === 'Deployment') context.enqueue(`${object.metadata.namespace}/${parent.name}`)
    })
    return {
      plan(key) {
        const deployment = objectOf(deployments, key)
        if (!deployment) return undefined
        const { owned, actions } = claim(Deployment, deployment, ReplicaSet, sets, selectorOf(deployment))
        return planDeployment({
          deployment,
          sets: owned,
          claims: actions,
          podsOf: set => pods.byIndex(byController, set.metadata.uid),
          nowMs: context.clock.now(),
        })
      },
    }
  },
}
