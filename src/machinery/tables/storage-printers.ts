/** Volumes and claims. */
import type { PersistentVolume } from '../../api/core/v1/persistent-volume.ts'
import type { PersistentVolumeClaim } from '../../api/core/v1/persistent-volume-claim.ts'
import { ageOf } from './human-duration.ts'
import { ageColumn, column, nameColumn, type Printer, wideColumn } from './printer.ts'

const shortModes: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
}

/** In a fixed order, as upstream has it, each once. */
const modesOf = (modes: readonly string[] | undefined): string =>
  Object.keys(shortModes)
    .filter(mode => modes?.includes(mode))
    .map(mode => shortModes[mode])
    .join(',')

const classAnnotation = 'volume.beta.kubernetes.io/storage-class'
interface Classed {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> }
  readonly spec: { readonly storageClassName?: string }
}
const classOf = ({ metadata, spec }: Classed): string =>
  metadata.annotations?.[classAnnotation] ?? spec.storageClassName ?? ''

const modeColumn = wideColumn('VolumeMode', 'Whether the volume is a file system or a block device.')
const accessColumn = column('Access Modes', 'How the volume may be mounted.')
const classColumn = column('StorageClass', 'The storage class.')
const attributesColumn = column('VolumeAttributesClass', 'The class of its changeable attributes.')

export const persistentVolumePrinter: Printer<PersistentVolume> = {
  columns: [
    nameColumn,
    column('Capacity', 'The size of the volume.'),
    accessColumn,
    column('Reclaim Policy', 'What becomes of the volume once its claim is gone.'),
    column('Status', 'Whether the volume is bound.'),
    column('Claim', 'The claim that it is bound to.'),
    classColumn,
    attributesColumn,
    column('Reason', 'Why the volume failed.'),
    ageColumn,
    modeColumn,
  ],
  cells: (volume, nowMs) => {
    const { metadata, spec, status } = volume
    return [
      metadata.name,
      spec.capacity?.storage ?? '0',
      modesOf(spec.accessModes),
      spec.persistentVolumeReclaimPolicy ?? '',
      metadata.deletionTimestamp ? 'Terminating' : (status.phase ?? ''),
      spec.claimRef ? `${spec.claimRef.namespace ?? ''}/${spec.claimRef.name ?? ''}` : '',
      classOf(volume),
      spec.volumeAttributesClassName ?? '<unset>',
      status.reason ?? '',
      ageOf(metadata.creationTimestamp, nowMs),
      spec.volumeMode ?? '<unset>',
    ]
  },
}

export const persistentVolumeClaimPrinter: Printer<PersistentVolumeClaim> = {
  columns: [
    nameColumn,
    column('Status', 'Whether the claim is bound.'),
    column('Volume', 'The volume that it is bound to.'),
    column('Capacity', 'The size of that volume.'),
    accessColumn,
    classColumn,
    attributesColumn,
    ageColumn,
    modeColumn,
  ],
  cells: (claim, nowMs) => {
    const { metadata, spec, status } = claim
    const bound = (spec.volumeName ?? '') !== ''
    return [
      metadata.name,
      metadata.deletionTimestamp ? 'Terminating' : (status.phase ?? ''),
      spec.volumeName ?? '',
      bound ? (status.capacity?.storage ?? '0') : '',
      bound ? modesOf(status.accessModes) : '',
      classOf(claim),
      spec.volumeAttributesClassName ?? '<unset>',
      ageOf(metadata.creationTimestamp, nowMs),
      spec.volumeMode ?? '<unset>',
    ]
  },
}
