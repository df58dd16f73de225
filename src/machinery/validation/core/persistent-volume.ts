/** Persistent volumes (upstream: ValidatePersistentVolume and its update). */
import type { PersistentVolume, PersistentVolumeSpec } from '../../../api/core/v1/persistent-volume.ts'
import { PersistentVolumeSource } from '../../../api/core/v1/volume-sources-persistent.ts'
import { forbidden, invalid, notSupported, required } from '../../../schema/field-error.ts'
import { dns1123SubdomainErrors } from '../../../schema/formats.ts'
import { parseQuantity } from '../../quantity.ts'
import { checkImmutable, type Errors, isSame, pushInvalid } from '../checks.ts'
import { checkNodeSelector } from './affinity.ts'
import { checkAccessModes } from './persistent-volume-claim.ts'
import { checkSources } from './volume-sources.ts'

const sources = Object.keys(PersistentVolumeSource.fields)
/** The order in which sources are looked at: the first one counts. */
const order = [
  'hostPath',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'glusterfs',
  'flocker',
  'nfs',
  'rbd',
  'quobyte',
  'cephfs',
  'iscsi',
  'cinder',
  'fc',
  'flexVolume',
  'azureFile',
  'vsphereVolume',
  'photonPersistentDisk',
  'portworxVolume',
  'azureDisk',
  'scaleIO',
  'local',
  'storageos',
  'csi',
]

export const checkPersistentVolume = (out: Errors, { metadata, spec }: PersistentVolume): void =>
  checkPersistentVolumeSpec(out, 'spec', spec, metadata.name ?? '')

const notInline = 'may not be specified in the context of inline volumes'

/** `name` is undefined for a volume of a pod that an attachment describes, which has neither claim nor class nor size. */
export function checkPersistentVolumeSpec(
  out: Errors,
  path: string,
  spec: PersistentVolumeSpec,
  name: string | undefined,
): void {
  const isInline = name === undefined
  const modes = spec.accessModes ?? []
  if (isInline) checkInlineSpec(out, path, spec)
  if (modes.length === 0) out.push(required(`${path}.accessModes`))
  checkAccessModes(out, `${path}.accessModes`, modes)
  if (!isInline) checkCapacity(out, `${path}.capacity`, spec.capacity)
  if (spec.nodeAffinity && !isInline) {
    const at = `${path}.nodeAffinity.required`
    if (spec.nodeAffinity.required) checkNodeSelector(out, at, spec.nodeAffinity.required)
    else out.push(required(at, 'must specify required node constraints'))
  }
  checkSources(out, path, spec, order, { name: name ?? '', isPersistent: true }, {})
  if (
    order.find(name => (spec as Record<string, unknown>)[name] !== undefined) === 'local' &&
    !spec.nodeAffinity?.required
  )
    out.push(required(`${path}.nodeAffinity`, 'Local volume requires node affinity'))
  if (spec.hostPath && /^\/+$/.test(spec.hostPath.path) && spec.persistentVolumeReclaimPolicy === 'Recycle')
    out.push(forbidden(`${path}.persistentVolumeReclaimPolicy`, "may not be 'recycle' for a hostPath mount of '/'"))
  if (spec.storageClassName && !isInline) {
    pushInvalid(out, `${path}.storageClassName`, spec.storageClassName, dns1123SubdomainErrors(spec.storageClassName))
  }
  const attributesClass = spec.volumeAttributesClassName
  if (attributesClass !== undefined) {
    const at = `${path}.volumeAttributesClassName`
    if (attributesClass === '') out.push(required(at, 'an empty string is disallowed'))
    else pushInvalid(out, at, attributesClass, dns1123SubdomainErrors(attributesClass))
    if (!spec.csi) out.push(required(`${path}.csi`, 'has to be specified when using volumeAttributesClassName'))
  }
}

function checkInlineSpec(out: Errors, path: string, spec: PersistentVolumeSpec): void {
  if (spec.claimRef !== undefined) out.push(forbidden(`${path}.claimRef`, notInline))
  if (Object.keys(spec.capacity ?? {}).length > 0) out.push(forbidden(`${path}.capacity`, notInline))
  if (!spec.csi) out.push(required(`${path}.csi`, 'has to be specified in the context of inline volumes'))
  if (spec.persistentVolumeReclaimPolicy && spec.persistentVolumeReclaimPolicy !== 'Retain') {
    const message = 'may only be Retain in the context of inline volumes'
    out.push(forbidden(`${path}.persistentVolumeReclaimPolicy`, message))
  }
  if (spec.nodeAffinity) out.push(forbidden(`${path}.nodeAffinity`, notInline))
  if (spec.storageClassName) out.push(forbidden(`${path}.storageClassName`, notInline))
  if (spec.volumeMode !== undefined && spec.volumeMode !== 'Filesystem') {
    const message = 'may not specify volumeMode other than Filesystem in the context of inline volumes'
    out.push(forbidden(`${path}.volumeMode`, message))
  }
}

function checkCapacity(out: Errors, path: string, capacity: Readonly<Record<string, string>> | undefined): void {
  const names = Object.keys(capacity ?? {})
  if (names.length === 0) out.push(required(path))
  if (capacity?.storage === undefined || names.length > 1) {
    out.push(notSupported(path, capacity, ['storage']))
  }
  for (const [name, amount] of Object.entries(capacity ?? {})) {
    if (parseQuantity(amount).sign() <= 0) out.push(invalid(`${path}[${name}]`, amount, 'must be greater than zero'))
  }
}

export function checkPersistentVolumeUpdate(out: Errors, volume: PersistentVolume, old: PersistentVolume): void {
  checkPersistentVolume(out, volume)
  const now = volume.spec as unknown as Record<string, unknown>
  const before = old.spec as unknown as Record<string, unknown>
  if (sources.some(name => name !== 'csi' && !isSame(now[name], before[name])) || !sameCsi(volume, old)) {
    out.push(forbidden('spec.persistentvolumesource', 'spec.persistentvolumesource is immutable after creation'))
  }
  checkImmutable(out, 'volumeMode', volume.spec.volumeMode, old.spec.volumeMode)
  if (old.spec.nodeAffinity) checkImmutable(out, 'nodeAffinity', volume.spec.nodeAffinity, old.spec.nodeAffinity)
}

/** The secret for expansion may be added later (KEP-1790). */
function sameCsi(volume: PersistentVolume, old: PersistentVolume): boolean {
  const blank = { controllerExpandSecretRef: undefined, nodeExpandSecretRef: undefined }
  if (!volume.spec.csi || !old.spec.csi) return isSame(volume.spec.csi, old.spec.csi)
  return isSame({ ...volume.spec.csi, ...blank }, { ...old.spec.csi, ...blank })
}
