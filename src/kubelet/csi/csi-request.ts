/** What a driver is asked for a volume: pure, from the objects that speak of it. */
import { createHash } from 'node:crypto'
import type { PersistentVolume } from '../../api/core/v1/persistent-volume.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import type { Volume } from '../../api/core/v1/volume.ts'
import type { CSIDriver } from '../../api/storage/v1/csi-driver.ts'
import type { VolumeCapability } from './messages.ts'

export interface SecretName {
  readonly namespace: string
  readonly name: string
}

/** A volume as the driver has to know it, of a claim or of the pod itself. */
export interface CsiVolume {
  readonly driver: string
  readonly handle: string
  /** Of its folder in the pod's: the PersistentVolume's, or that of the pod's volume. */
  readonly name: string
  readonly isEphemeral: boolean
  readonly isBlock: boolean
  readonly readOnly: boolean
  readonly fsType: string
  readonly accessModes: readonly string[]
  readonly mountOptions: readonly string[]
  readonly attributes: Readonly<Record<string, string>>
  readonly stageSecret: SecretName | undefined
  readonly publishSecret: SecretName | undefined
}

const secretName = (reference: { name?: string; namespace?: string } | undefined): SecretName | undefined =>
  reference && { namespace: reference.namespace ?? '', name: reference.name ?? '' }

/** Undefined where the volume is not a driver's. `readOnly`: the pod takes it so. */
export function csiVolumeOfClaim({ spec, metadata }: PersistentVolume, readOnly: boolean): CsiVolume | undefined {
  const { csi } = spec
  if (!csi) return undefined
  return {
    driver: csi.driver,
    handle: csi.volumeHandle,
    name: metadata.name,
    isEphemeral: false,
    isBlock: spec.volumeMode === 'Block',
    readOnly: readOnly || csi.readOnly === true,
    fsType: csi.fsType ?? '',
    accessModes: spec.accessModes ?? [],
    mountOptions: spec.mountOptions ?? [],
    attributes: csi.volumeAttributes ?? {},
    stageSecret: secretName(csi.nodeStageSecretRef),
    publishSecret: secretName(csi.nodePublishSecretRef),
  }
}

export function csiVolumeOfPod({ metadata }: Pod, { name, csi }: Volume): CsiVolume | undefined {
  if (!csi) return undefined
  const { namespace } = metadata
  return {
    driver: csi.driver,
    handle: `csi-${createHash('sha256').update(`${metadata.uid}${name}`).digest('hex')}`,
    name,
    isEphemeral: true,
    isBlock: false,
    readOnly: csi.readOnly === true,
    fsType: csi.fsType ?? '',
    accessModes: ['ReadWriteOnce'],
    mountOptions: [],
    attributes: csi.volumeAttributes ?? {},
    stageSecret: undefined,
    publishSecret: csi.nodePublishSecretRef && { namespace, name: csi.nodePublishSecretRef.name ?? '' },
  }
}

/** VolumeCapability.AccessMode.Mode; the second where a driver tells writers on one node apart. */
const modes: Readonly<Record<string, readonly [number, number]>> = {
  ReadWriteOnce: [1, 7],
  ReadOnlyMany: [3, 3],
  ReadWriteMany: [5, 5],
  ReadWriteOncePod: [1, 6],
}

export function capabilityOf(volume: CsiVolume, knowsWriters: boolean, mountGroup?: number): VolumeCapability {
  const [plain, fine] = modes[volume.accessModes[0] ?? 'ReadWriteOnce'] ?? [0, 0]
  const accessMode = { mode: knowsWriters ? fine : plain }
  if (volume.isBlock) return { accessMode, block: {} }
  const { fsType, mountOptions } = volume
  return {
    accessMode,
    mount: {
      ...(fsType === '' ? {} : { fsType }),
      ...(mountOptions.length === 0 ? {} : { mountFlags: [...mountOptions] }),
      ...(mountGroup === undefined ? {} : { volumeMountGroup: `${mountGroup}` }),
    },
  }
}

export function podInfo({ metadata, spec }: Pod, isEphemeral: boolean): Record<string, string> {
  return {
    'csi.storage.k8s.io/pod.name': metadata.name,
    'csi.storage.k8s.io/pod.namespace': metadata.namespace,
    'csi.storage.k8s.io/pod.uid': metadata.uid,
    'csi.storage.k8s.io/serviceAccount.name': spec.serviceAccountName ?? '',
    'csi.storage.k8s.io/ephemeral': `${isEphemeral}`,
  }
}

/** Whether the node gives the files to the pod's fsGroup (KEP-1682). */
export function takesFsGroup(volume: CsiVolume, policy: string | undefined): boolean {
  if (volume.isBlock || policy === 'None') return false
  if (policy === 'File') return true
  if (volume.readOnly || volume.fsType === '') return false
  return volume.isEphemeral || volume.accessModes.includes('ReadWriteOnce')
}

export function checkLifecycle({ isEphemeral, driver }: CsiVolume, object: CSIDriver | undefined): void {
  const wanted = isEphemeral ? 'Ephemeral' : 'Persistent'
  const modesOfDriver = object?.spec.volumeLifecycleModes ?? ['Persistent']
  if (modesOfDriver.includes(wanted)) return
  const why = object ? `only supports ${JSON.stringify(modesOfDriver)}` : 'no CSIDriver object'
  throw new Error(`volume mode "${wanted}" not supported by driver ${driver} (${why})`)
}
