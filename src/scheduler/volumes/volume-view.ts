/** Claims, volumes and storage classes as the scheduler believes them to be: what the informers tell, and what it has given away. */
import type { PersistentVolume } from '../../api/core/v1/persistent-volume.ts'
import type { PersistentVolumeClaim } from '../../api/core/v1/persistent-volume-claim.ts'
import type { StorageClass } from '../../api/storage/v1/storage-class.ts'
import { bindCompletedAnnotation } from '../../machinery/volume-matching.ts'

export interface VolumeView {
  claim(namespace: string, name: string): PersistentVolumeClaim | undefined
  volume(name: string): PersistentVolume | undefined
  volumesOfClass(storageClass: string): readonly PersistentVolume[]
  storageClass(name: string): StorageClass | undefined
  /** The claim, as `namespace/name`, that the scheduler has given a free volume to, while the volume does not say so yet. */
  givenTo(volume: string): string | undefined
  /** The node for which a volume was asked for, while the claim does not say so yet. */
  selectedNode(claim: PersistentVolumeClaim): string | undefined
}

export const claimKeyOf = ({ metadata }: PersistentVolumeClaim): string => `${metadata.namespace}/${metadata.name}`

export const isFullyBound = ({ spec, metadata }: PersistentVolumeClaim): boolean =>
  Boolean(spec.volumeName) && metadata.annotations?.[bindCompletedAnnotation] !== undefined
