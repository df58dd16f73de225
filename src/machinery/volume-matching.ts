/** Which volume suits a claim (upstream: FindMatchingVolume, checkVolumeSatisfyClaim). */
import type { PersistentVolume } from '../api/core/v1/persistent-volume.ts'
import type { PersistentVolumeClaim } from '../api/core/v1/persistent-volume-claim.ts'
import { parseQuantity } from './quantity.ts'
import { labelSelectorOf } from './selectors/label-selector.ts'

const classAnnotation = 'volume.beta.kubernetes.io/storage-class'

interface Classed {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> }
  readonly spec: { readonly storageClassName?: string }
}

/** The class by the annotation of old or the field; '' for none. */
export const classOf = ({ metadata, spec }: Classed): string =>
  metadata.annotations?.[classAnnotation] ?? spec.storageClassName ?? ''

const sizeOf = (volume: PersistentVolume): bigint => parseQuantity(volume.spec.capacity?.storage ?? '0').nanos
export const wantedSize = (claim: PersistentVolumeClaim): bigint =>
  parseQuantity(claim.spec.resources.requests?.storage ?? '0').nanos

const hasModes = ({ spec }: PersistentVolume, claim: PersistentVolumeClaim): boolean =>
  (claim.spec.accessModes ?? []).every(mode => spec.accessModes?.includes(mode))

const sameMode = ({ spec }: PersistentVolume, claim: PersistentVolumeClaim): boolean =>
  (spec.volumeMode ?? 'Filesystem') === (claim.spec.volumeMode ?? 'Filesystem')

/** Why a volume does not suit a claim, in the words of upstream's events. */
export function mismatchOf(volume: PersistentVolume, claim: PersistentVolumeClaim): string | undefined {
  if (volume.metadata.deletionTimestamp !== undefined) {
    return `the volume is marked for deletion ${JSON.stringify(volume.metadata.name)}`
  }
  if (sizeOf(volume) < wantedSize(claim)) return 'requested PV is too small'
  if (classOf(volume) !== classOf(claim)) return 'storageClassName does not match'
  const [offered, wanted] = [volume.spec.volumeAttributesClassName ?? '', claim.spec.volumeAttributesClassName ?? '']
  if (offered !== wanted) return 'volumeAttributesClassName does not match'
  if (!sameMode(volume, claim)) return 'incompatible volumeMode'
  return hasModes(volume, claim) ? undefined : 'incompatible accessMode'
}

/** Whether the volume is reserved for the claim, by its name or for this very object. */
export function isReservedFor({ spec }: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean {
  const reserved = spec.claimRef
  if (!reserved || reserved.name !== metadata.name || reserved.namespace !== metadata.namespace) return false
  return !reserved.uid || reserved.uid === metadata.uid
}

/**
 * The volume that a claim gets: one reserved for it, else the smallest free one that suits. `delayed`: the scheduler
 * chooses, so that only a reserved one is taken.
 */
export function bestMatch(
  volumes: readonly PersistentVolume[],
  claim: PersistentVolumeClaim,
  delayed: boolean,
): PersistentVolume | undefined {
  const suiting = volumes.filter(volume => mismatchOf(volume, claim) === undefined)
  const reserved = suiting.find(volume => isReservedFor(volume, claim))
  if (reserved || delayed) return reserved
  const selector = claim.spec.selector ? labelSelectorOf(claim.spec.selector) : undefined
  return suiting
    .filter(({ spec, status, metadata }) => {
      if (spec.claimRef !== undefined || status.phase !== 'Available') return false
      return !selector || selector.matches(metadata.labels ?? {})
    })
    .reduce<PersistentVolume | undefined>(
      (best, volume) => (best === undefined || sizeOf(volume) < sizeOf(best) ? volume : best),
      undefined,
    )
}

/** Of a claim: the node that its pod goes to; and that the claim and its volume point at each other. */
export const selectedNodeAnnotation = 'volume.kubernetes.io/selected-node'
export const bindCompletedAnnotation = 'pv.kubernetes.io/bind-completed'
/** Of a volume or claim that the controller has given its other side. */
export const boundByController = 'pv.kubernetes.io/bound-by-controller'

/** The volume reserved for the claim; undefined where it is already. */
export function pointingVolume(volume: PersistentVolume, claim: PersistentVolumeClaim): PersistentVolume | undefined {
  const { claimRef } = volume.spec
  const { namespace, name, uid, resourceVersion } = claim.metadata
  if (claimRef?.uid === uid && claimRef.name === name && claimRef.namespace === namespace) return undefined
  const annotations = {
    ...volume.metadata.annotations,
    ...(claimRef === undefined ? { [boundByController]: 'yes' } : {}),
  }
  return {
    ...volume,
    metadata: { ...volume.metadata, ...(Object.keys(annotations).length > 0 ? { annotations } : {}) },
    spec: {
      ...volume.spec,
      claimRef: { kind: 'PersistentVolumeClaim', apiVersion: 'v1', namespace, name, uid, resourceVersion },
    },
  }
}
