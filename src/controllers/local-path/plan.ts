/** Volumes that are directories of nodes: made for claims, deleted once the node has deleted the directory. Pure. */
import { join } from 'node:path'
import type { Node } from '../../api/core/v1/node.ts'
import { PersistentVolume } from '../../api/core/v1/persistent-volume.ts'
import { PersistentVolumeClaim } from '../../api/core/v1/persistent-volume-claim.ts'
import type { StorageClass } from '../../api/storage/v1/storage-class.ts'
import {
  isLocalPathVolume,
  isToBeDeleted,
  localPathProvisioner,
  localPathVolumeName,
  provisionedByAnnotation,
  volumesDirectoryAnnotation,
} from '../../machinery/local-path.ts'
import { selectedNodeAnnotation } from '../../machinery/volume-matching.ts'
import { type Action, nothingToDo, type Plan, remove, update } from '../runtime/action.ts'

const provisionerMark = 'volume.kubernetes.io/storage-provisioner'
const hostNameLabel = 'kubernetes.io/hostname'
const oneNodeModes: readonly string[] = ['ReadWriteOnce', 'ReadWriteOncePod']

export const selectedNodeOf = ({ metadata }: PersistentVolumeClaim): string | undefined =>
  metadata.annotations?.[selectedNodeAnnotation]

/** Whether the claim waits for a volume of ours, on a node that is known. */
export const isAskedFor = (claim: PersistentVolumeClaim): boolean =>
  claim.metadata.annotations?.[provisionerMark] === localPathProvisioner &&
  !claim.spec.volumeName &&
  claim.metadata.deletionTimestamp === undefined &&
  selectedNodeOf(claim) !== undefined

export function planProvision(
  claim: PersistentVolumeClaim,
  node: Node | undefined,
  storageClass: StorageClass | undefined,
): Plan {
  if (!storageClass) return nothingToDo
  const refuse = (message: string): Action => ({
    do: 'event',
    on: claim,
    type: 'Warning',
    reason: 'ProvisioningFailed',
    message: `failed to provision volume with StorageClass ${JSON.stringify(storageClass.metadata.name)}: ${message}`,
  })
  const directory = node?.metadata.annotations?.[volumesDirectoryAnnotation]
  const hostName = node?.metadata.labels?.[hostNameLabel]
  if (directory === undefined || hostName === undefined) {
    // The scheduler chooses another node.
    const { [selectedNodeAnnotation]: chosen, ...annotations } = claim.metadata.annotations ?? {}
    const freed = { ...claim, metadata: { ...claim.metadata, annotations } }
    return {
      steps: [
        [refuse(`node ${JSON.stringify(chosen)} gives out no directories`)],
        [update(PersistentVolumeClaim, freed)],
      ],
    }
  }
  if (claim.spec.volumeMode === 'Block') return { steps: [[refuse('directories are no block devices')]] }
  const other = claim.spec.accessModes?.find(mode => !oneNodeModes.includes(mode))
  if (other !== undefined) return { steps: [[refuse(`access mode ${other} needs storage that several nodes reach`)]] }
  // The claim may not have seen its volume yet.
  const volume = volumeFor(claim, storageClass, directory, hostName)
  return { steps: [[{ do: 'create', kind: PersistentVolume, namespace: '', object: volume, mayExist: true }]] }
}

function volumeFor(claim: PersistentVolumeClaim, storageClass: StorageClass, directory: string, hostName: string) {
  const { namespace, name: claimName, uid, resourceVersion } = claim.metadata
  const name = `pvc-${uid}`
  const { reclaimPolicy = 'Delete' } = storageClass
  const storage = claim.spec.resources.requests?.storage ?? '0'
  const onNode = { matchExpressions: [{ key: hostNameLabel, operator: 'In' as const, values: [hostName] }] }
  return {
    metadata: { name, annotations: { [provisionedByAnnotation]: localPathProvisioner } },
    spec: {
      capacity: { storage },
      accessModes: claim.spec.accessModes ?? [],
      volumeMode: 'Filesystem' as const,
      storageClassName: storageClass.metadata.name,
      persistentVolumeReclaimPolicy: reclaimPolicy,
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name: claimName, uid, resourceVersion },
      local: { path: join(directory, name) },
      nodeAffinity: { required: { nodeSelectorTerms: [onNode] } },
    },
  }
}

/** Deleted when no node has its directory any more: a node that is silent may have it still, one that is gone has not. */
export function planReclaim(volume: PersistentVolume, nodes: readonly Node[]): Plan | undefined {
  if (!isLocalPathVolume(volume) || !isToBeDeleted(volume)) return undefined
  if (volume.metadata.deletionTimestamp !== undefined) return undefined
  const name = localPathVolumeName(volume.metadata.name)
  if (nodes.some(({ status }) => status.volumesInUse?.includes(name))) return undefined
  return { steps: [[remove(PersistentVolume, volume)]] }
}
