/** Binds claims to volumes, and follows both to their end (documentation: "Persistent Volumes"). */
import { PersistentVolume } from '../../api/core/v1/persistent-volume.ts'
import { PersistentVolumeClaim } from '../../api/core/v1/persistent-volume-claim.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import { StorageClass } from '../../api/storage/v1/storage-class.ts'
import { defaultClassOf, storageClassMarks } from '../../machinery/default-class.ts'
import { classOf } from '../../machinery/volume-matching.ts'
import { type ControllerDefinition, keyOf, objectOf } from '../runtime/controller.ts'
import { planClaim } from './claims.ts'
import { planVolume } from './volumes.ts'

const claimPrefix = 'claim:'
const volumePrefix = 'volume:'

/** One key at a time, so that no volume is given twice. */
export const persistentVolumeBinder: ControllerDefinition = {
  name: 'persistent-volume-binder',
  workers: 1,
  build(context) {
    const claims = context.informer(PersistentVolumeClaim)
    const volumes = context.informer(PersistentVolume)
    const classes = context.informer(StorageClass)
    const pods = context.informer(Pod)
    const lookAtUnbound = () => {
      for (const claim of claims.list()) {
        if (claim.status.phase !== 'Bound') context.enqueue(`${claimPrefix}${keyOf(claim)}`)
      }
    }
    claims.subscribe(({ object }) => {
      context.enqueue(`${claimPrefix}${keyOf(object)}`)
      if (object.spec.volumeName) context.enqueue(`${volumePrefix}${object.spec.volumeName}`)
    })
    volumes.subscribe(({ object }) => {
      context.enqueue(`${volumePrefix}${object.metadata.name}`)
      const { claimRef } = object.spec
      if (claimRef) context.enqueue(`${claimPrefix}${claimRef.namespace}/${claimRef.name}`)
      else lookAtUnbound()
    })
    classes.subscribe(lookAtUnbound)
    const waitingPodsOf = ({ metadata }: PersistentVolumeClaim): string[] =>
      pods
        .list(metadata.namespace)
        .filter(({ spec }) => {
          const uses = spec.volumes?.some(volume => volume.persistentVolumeClaim?.claimName === metadata.name)
          return uses && !spec.nodeName
        })
        .map(pod => pod.metadata.name)
    const planForClaim = (key: string) => {
      const claim = objectOf(claims, key)
      if (!claim) return undefined
      const storageClass = classes.get('', classOf(claim))
      return planClaim({
        claim,
        volumes: volumes.list(),
        storageClass,
        defaultClass: defaultClassOf(classes.list(), storageClassMarks),
        waitingPods: storageClass?.volumeBindingMode === 'WaitForFirstConsumer' ? waitingPodsOf(claim) : [],
      })
    }
    const planForVolume = (name: string) => {
      const volume = volumes.get('', name)
      if (!volume) return undefined
      const { claimRef } = volume.spec
      const found = claimRef && claims.get(claimRef.namespace ?? '', claimRef.name ?? '')
      const claim = found?.metadata.uid === claimRef?.uid ? found : undefined
      const plan = planVolume({ volume, claim, nowMs: context.clock.now() })
      if (plan.claimToLookAt !== undefined && claim?.status.phase !== 'Bound') {
        context.enqueue(`${claimPrefix}${plan.claimToLookAt}`)
      }
      return plan
    }
    return {
      plan: key =>
        key.startsWith(claimPrefix)
          ? planForClaim(key.slice(claimPrefix.length))
          : planForVolume(key.slice(volumePrefix.length)),
    }
  },
}
