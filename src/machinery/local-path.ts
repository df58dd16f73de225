/** What the controller that gives out directories of nodes as volumes and the nodes agree on. */

/** The provisioner of the storage class `local-path`. */
export const localPathProvisioner = 'clipper.dev/local-path'
/** Of a Node: below which directory such volumes lie there. */
export const volumesDirectoryAnnotation = 'clipper.dev/volumes-directory'
export const provisionedByAnnotation = 'pv.kubernetes.io/provisioned-by'

/** As a Node's status names the directory of a volume while it is there. */
export const localPathVolumeName = (volume: string): string => `${localPathProvisioner}/${volume}`

interface Volume {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>>; readonly deletionTimestamp?: string }
  readonly spec: { readonly persistentVolumeReclaimPolicy?: string }
  readonly status: { readonly phase?: string }
}

export const isLocalPathVolume = ({ metadata }: Volume): boolean =>
  metadata.annotations?.[provisionedByAnnotation] === localPathProvisioner

/** Whether nobody is to see the data again. */
export const isToBeDeleted = ({ spec, status, metadata }: Volume): boolean =>
  spec.persistentVolumeReclaimPolicy === 'Delete' &&
  (status.phase === 'Released' || (metadata.deletionTimestamp !== undefined && status.phase !== 'Bound'))
