/** Finds the volume behind a claim of a pod. */
import { PersistentVolume } from '../../api/core/v1/persistent-volume.ts'
import { PersistentVolumeClaim } from '../../api/core/v1/persistent-volume-claim.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import type { Volume } from '../../api/core/v1/volume.ts'
import type { Client } from '../../client/client.ts'

const protection = 'kubernetes.io/pvc-protection'

export interface ClaimedVolume {
  readonly volume: PersistentVolume
  readonly claim: PersistentVolumeClaim
  readonly readOnly: boolean
}

export async function claimedVolume(client: Client, pod: Pod, source: Volume, name: string): Promise<ClaimedVolume> {
  const { namespace, uid } = pod.metadata
  try {
    const claim = await client.of(PersistentVolumeClaim).get(namespace, name)
    const { deletionTimestamp, finalizers, ownerReferences } = claim.metadata
    if (source.ephemeral && !ownerReferences?.some(owner => owner.uid === uid && owner.controller === true))
      throw new Error(`PVC was not created for pod ${namespace}/${pod.metadata.name} (pod is not owner)`)
    // Protected, it stays as long as the pod: a pod that ran before goes on.
    if (deletionTimestamp !== undefined && !finalizers?.includes(protection)) throw new Error('PVC is being deleted')
    if (claim.status.phase !== 'Bound' || !claim.spec.volumeName) throw new Error('PVC is not bound')
    const volume = await client.of(PersistentVolume).get('', claim.spec.volumeName)
    const boundTo = volume.spec.claimRef?.uid
    if (boundTo !== claim.metadata.uid)
      throw new Error(
        `found PV object ${volume.metadata.name} but its pv.Spec.ClaimRef.UID ${boundTo ?? ''} does not point to claim.UID ${claim.metadata.uid}`,
      )
    checkMode(pod, source.name, volume.spec.volumeMode ?? 'Filesystem')
    return { volume, claim, readOnly: source.persistentVolumeClaim?.readOnly === true }
  } catch (error) {
    throw new Error(`error processing PVC ${namespace}/${name}: ${(error as Error).message}`)
  }
}

function checkMode({ spec }: Pod, name: string, mode: 'Block' | 'Filesystem'): void {
  const containers = [...spec.containers, ...(spec.initContainers ?? [])]
  const isUsed = (by: 'volumeMounts' | 'volumeDevices') =>
    containers.some(container => container[by]?.some(mount => mount.name === name))
  const wrong = mode === 'Block' ? 'volumeMounts' : 'volumeDevices'
  if (isUsed(wrong)) throw new Error(`volume ${name} has volumeMode ${mode}, but is specified in ${wrong}`)
}
