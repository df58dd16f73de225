/** Makes the claims of ephemeral volumes, which live as long as their pods (documentation: "Generic ephemeral volumes"). */
import { PersistentVolumeClaim } from '../../api/core/v1/persistent-volume-claim.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import { type Action, create } from '../runtime/action.ts'
import { type ControllerDefinition, enqueueChanged, keyOf, objectOf } from '../runtime/controller.ts'
import { controllerOf, controllerReference } from '../runtime/owners.ts'

export const ephemeralVolumeController: ControllerDefinition = {
  name: 'ephemeral-volume-controller',
  workers: 10,
  build(context) {
    const pods = context.informer(Pod)
    const claims = context.informer(PersistentVolumeClaim)
    enqueueChanged(pods, context)
    // A claim that goes is made again while its pod is there.
    claims.subscribe(({ type, object }) => {
      if (type !== 'deleted') return
      const owner = controllerOf(object)
      if (owner?.kind === 'Pod') context.enqueue(keyOf({ metadata: { ...object.metadata, name: owner.name } }))
    })
    return {
      plan(key) {
        const pod = objectOf(pods, key)
        if (!pod || pod.metadata.deletionTimestamp !== undefined) return undefined
        const { namespace, name: podName, uid } = pod.metadata
        const actions: Action[] = []
        for (const { name, ephemeral } of pod.spec.volumes ?? []) {
          if (!ephemeral?.volumeClaimTemplate) continue
          const claimName = `${podName}-${name}`
          const known = claims.get(namespace, claimName)
          if (known) {
            if (controllerOf(known)?.uid === uid) continue
            const message = `ephemeral volume ${name}: PVC ${namespace}/${claimName} was not created for pod ${namespace}/${podName} (pod is not owner)`
            actions.push({ do: 'event', on: pod, type: 'Warning', reason: 'EphemeralVolumeClaimFailed', message })
            continue
          }
          const { metadata, spec } = ephemeral.volumeClaimTemplate
          const { labels, annotations } = metadata ?? {}
          const failure = [
            'EphemeralVolumeClaimFailed',
            `ephemeral volume ${name}: create PVC ${claimName}: {error}`,
          ] as const
          const claim = {
            metadata: {
              name: claimName,
              ...(labels ? { labels } : {}),
              ...(annotations ? { annotations } : {}),
              ownerReferences: [controllerReference(Pod, pod)],
            },
            spec,
          }
          actions.push(create(PersistentVolumeClaim, namespace, claim, { on: pod, failure }))
        }
        return actions.length === 0 ? undefined : { steps: [actions] }
      },
    }
  },
}
