/** Defaults of volumes and claims (upstream: SetDefaults_Volume and the ones of its sources). */
import type { PersistentVolume } from '../../api/core/v1/persistent-volume.ts'
import type { PersistentVolumeClaim } from '../../api/core/v1/persistent-volume-claim.ts'
import type { DownwardAPIVolumeFile, PersistentVolumeClaimSpec, Volume } from '../../api/core/v1/volume.ts'
import type { HostPathVolumeSource } from '../../api/core/v1/volume-sources-persistent.ts'
import { isLatest } from './image-reference.ts'

/** 0644 */
const defaultMode = 420

export function defaultVolumes(volumes: readonly Volume[]): void {
  for (const volume of volumes) defaultVolume(volume)
}

function defaultVolume(volume: Volume): void {
  const { name, ...sources } = volume
  if (Object.values(sources).every(source => source === undefined)) volume.emptyDir = {}
  if (volume.hostPath) defaultHostPath(volume.hostPath)
  if (volume.secret) volume.secret.defaultMode ??= defaultMode
  if (volume.configMap) volume.configMap.defaultMode ??= defaultMode
  if (volume.downwardAPI) {
    volume.downwardAPI.defaultMode ??= defaultMode
    defaultFiles(volume.downwardAPI.items)
  }
  if (volume.projected) {
    volume.projected.defaultMode ??= defaultMode
    for (const source of volume.projected.sources ?? []) {
      if (source.serviceAccountToken) source.serviceAccountToken.expirationSeconds ??= 3600
      if (source.podCertificate) source.podCertificate.maxExpirationSeconds ??= 86400
      defaultFiles(source.downwardAPI?.items)
    }
  }
  const claim = volume.ephemeral?.volumeClaimTemplate?.spec
  if (claim) defaultClaimSpec(claim)
  if (volume.image) volume.image.pullPolicy ??= isLatest(volume.image.reference ?? '') ? 'Always' : 'IfNotPresent'
}

function defaultFiles(files: readonly DownwardAPIVolumeFile[] | undefined): void {
  for (const file of files ?? []) {
    if (file.fieldRef) file.fieldRef.apiVersion ??= 'v1'
    if (file.resourceFieldRef) file.resourceFieldRef.divisor ??= '0'
  }
}

/** The unset type is shown as an empty text. */
function defaultHostPath(source: HostPathVolumeSource): void {
  const open: { type?: string } = source
  open.type ??= ''
}

export function defaultClaimSpec(spec: PersistentVolumeClaimSpec): void {
  spec.volumeMode ??= 'Filesystem'
}

export function defaultClaim(claim: PersistentVolumeClaim): void {
  claim.status.phase ??= 'Pending'
  defaultClaimSpec(claim.spec)
}

export function defaultPersistentVolume(volume: PersistentVolume): void {
  volume.status.phase ??= 'Pending'
  volume.spec.persistentVolumeReclaimPolicy ??= 'Retain'
  volume.spec.volumeMode ??= 'Filesystem'
  if (volume.spec.hostPath) defaultHostPath(volume.spec.hostPath)
}
