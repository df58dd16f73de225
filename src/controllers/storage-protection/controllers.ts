/** Claims, volumes and attribute classes go when nobody uses them any more (documentation: "Storage Object in Use Protection"). */
import { PersistentVolume } from '../../api/core/v1/persistent-volume.ts'
import { PersistentVolumeClaim } from '../../api/core/v1/persistent-volume-claim.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import { VolumeAttributesClass } from '../../api/storage/v1/volume-attributes-class.ts'
import { timeOf } from '../../client/timestamps.ts'
import { claimKeysOf, claimNameOf } from '../../machinery/pod-claims.ts'
import { type Action, updateStatus } from '../runtime/action.ts'
import { type ControllerDefinition, enqueueChanged, objectOf } from '../runtime/controller.ts'
import { isFinished } from '../runtime/pods.ts'
import { protect } from './finalizer.ts'

const byClaim = 'claim'

/** A claim that only has the name of one made for a pod is not the pod's. */
const isMadeFor = (pod: Pod, claim: PersistentVolumeClaim): boolean =>
  (claim.metadata.ownerReferences ?? []).some(({ uid, controller }) => controller === true && uid === pod.metadata.uid)

/** Whether a pod refers to the claim. `ephemeral`: whether a claim made for the pod counts. */
function refersTo(pod: Pod, claim: PersistentVolumeClaim, ephemeral: boolean): boolean {
  return (pod.spec.volumes ?? []).some(volume => {
    if (claimNameOf(pod, volume) !== claim.metadata.name) return false
    return volume.persistentVolumeClaim !== undefined || (ephemeral && isMadeFor(pod, claim))
  })
}

/** Only pods on nodes count: a kubelet does not start one whose claim is being deleted. */
const keepsClaim = (pod: Pod, claim: PersistentVolumeClaim): boolean =>
  Boolean(pod.spec.nodeName) && refersTo(pod, claim, !isFinished(pod))

/** Since when a bound claim is in no pod (KEP-5541). */
function unusedCondition(claim: PersistentVolumeClaim, isUsed: boolean, nowMs: number): readonly Action[] {
  if (claim.metadata.deletionTimestamp !== undefined || claim.status.phase !== 'Bound') return []
  const conditions = claim.status.conditions ?? []
  const status = isUsed ? 'False' : 'True'
  if (conditions.find(({ type }) => type === 'Unused')?.status === status) return []
  const condition = {
    type: 'Unused',
    status,
    lastTransitionTime: timeOf(nowMs),
    reason: isUsed ? 'PodUsingPVC' : 'NoPodsUsingPVC',
    message: isUsed ? 'A pod is currently referencing this PVC' : 'No pods are currently referencing this PVC',
  }
  const others = conditions.filter(({ type }) => type !== 'Unused')
  const changed = { ...claim, status: { ...claim.status, conditions: [...others, condition] } }
  return [updateStatus(PersistentVolumeClaim, changed)]
}

export const claimProtectionController: ControllerDefinition = {
  name: 'pvc-protection-controller',
  workers: 2,
  build(context) {
    const claims = context.informer(PersistentVolumeClaim)
    const pods = context.informer(Pod)
    pods.addIndex(byClaim, claimKeysOf)
    enqueueChanged(claims, context)
    pods.subscribe(({ object }) => {
      for (const key of claimKeysOf(object)) context.enqueue(key)
    })
    return {
      plan(key) {
        const claim = objectOf(claims, key)
        if (!claim) return undefined
        const users = pods.byIndex(byClaim, key)
        const isUsed = users.some(pod => !isFinished(pod) && refersTo(pod, claim, true))
        const status = unusedCondition(claim, isUsed, context.clock.now())
        if (status.length > 0) return { steps: [status] }
        const finalizer = 'kubernetes.io/pvc-protection'
        return {
          steps: [protect(PersistentVolumeClaim, claim, finalizer, () => users.some(pod => keepsClaim(pod, claim)))],
        }
      },
    }
  },
}

export const volumeProtectionController: ControllerDefinition = {
  name: 'pv-protection-controller',
  workers: 1,
  build(context) {
    const volumes = context.informer(PersistentVolume)
    enqueueChanged(volumes, context)
    return {
      plan(key) {
        const volume = objectOf(volumes, key)
        if (!volume) return undefined
        const isBound = () => volume.status.phase === 'Bound'
        return { steps: [protect(PersistentVolume, volume, 'kubernetes.io/pv-protection', isBound)] }
      },
    }
  },
}

const classesOfClaim = ({ spec, status }: PersistentVolumeClaim): string[] =>
  [
    spec.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ].filter(name => name !== undefined && name !== '') as string[]

export const attributesClassProtectionController: ControllerDefinition = {
  name: 'volumeattributesclass-protection-controller',
  workers: 1,
  build(context) {
    const classes = context.informer(VolumeAttributesClass)
    const claims = context.informer(PersistentVolumeClaim)
    const volumes = context.informer(PersistentVolume)
    enqueueChanged(classes, context)
    claims.subscribe(({ object, old }) => {
      for (const name of [...classesOfClaim(object), ...(old ? classesOfClaim(old) : [])]) context.enqueue(name)
    })
    volumes.subscribe(({ object, old }) => {
      for (const name of [object.spec.volumeAttributesClassName, old?.spec.volumeAttributesClassName]) {
        if (name) context.enqueue(name)
      }
    })
    return {
      plan(key) {
        const attributesClass = objectOf(classes, key)
        if (!attributesClass) return undefined
        const isUsed = () =>
          volumes.list().some(({ spec }) => spec.volumeAttributesClassName === key) ||
          claims.list().some(claim => classesOfClaim(claim).includes(key))
        return { steps: [protect(VolumeAttributesClass, attributesClass, 'kubernetes.io/vac-protection', isUsed)] }
      },
    }
  },
}
