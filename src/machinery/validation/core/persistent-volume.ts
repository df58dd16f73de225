/** Persistent volumes (upstream: ValidatePersistentVolume and its update). */
import type { PersistentVolume, PersistentVolumeSpec } from '../../../api/core/v1/persistent-volume.ts'
import { PersistentVolumeSource } from '../../../api/core/v1/volume-sources-persistent.ts'
import { forbidden, invalid, required } from '../../../schema/field-error.ts'
import { dns1123LabelErrors, dns1123SubdomainErrors } from '../../../schema/formats.ts'
import { parseQuantity } from '../../quantity.ts'
import { checkImmutable, type Errors, isSame, pushInvalid } from '../checks.ts'
import { checkNodeSelector } from './affinity.ts'
import { checkNoBackSteps } from './security-context.ts'
import { checkDriver } from './volumes.ts'

const sources = Object.keys(PersistentVolumeSource.fields)

export const checkPersistentVolume = (out: Errors, { spec }: PersistentVolume): void =>
  checkPersistentVolumeSpec(out, 'spec', spec, false)

const notInline = 'may not be specified in the context of inline volumes'

/** `isInline`: a volume of a pod that an attachment describes, which has neither claim nor class nor size. */
export function checkPersistentVolumeSpec(out: Errors, path: string, spec: PersistentVolumeSpec, isInline: boolean) {
  const modes = spec.accessModes ?? []
  if (isInline) checkInlineSpec(out, path, spec)
  if (modes.length === 0) out.push(required(`${path}.accessModes`))
  if (modes.includes('ReadWriteOncePod') && modes.length > 1) {
    out.push(forbidden(`${path}.accessModes`, 'may not use ReadWriteOncePod with other access modes'))
  }
  if (!isInline) checkCapacity(out, `${path}.capacity`, spec.capacity ?? {})
  checkSources(out, path, spec)
  if (spec.nodeAffinity && !isInline) {
    const at = `${path}.nodeAffinity.required`
    if (spec.nodeAffinity.required) checkNodeSelector(out, at, spec.nodeAffinity.required)
    else out.push(required(at, 'must specify required node constraints'))
  }
  if (spec.storageClassName && !isInline) {
    pushInvalid(out, `${path}.storageClassName`, spec.storageClassName, dns1123SubdomainErrors(spec.storageClassName))
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

function checkCapacity(out: Errors, path: string, capacity: Readonly<Record<string, string>>): void {
  if (Object.keys(capacity).length === 0) out.push(required(path))
  else if (capacity.storage === undefined || Object.keys(capacity).length > 1) {
    out.push({
      reason: 'FieldValueNotSupported',
      field: path,
      message: `Unsupported value: ${JSON.stringify(capacity)}: supported values: "storage"`,
    })
  }
  for (const [name, amount] of Object.entries(capacity)) {
    if (parseQuantity(amount).sign() <= 0) out.push(invalid(`${path}[${name}]`, amount, 'must be greater than zero'))
  }
}

function checkSources(out: Errors, path: string, spec: PersistentVolumeSpec): void {
  const set = sources.filter(name => (spec as unknown as Record<string, unknown>)[name] !== undefined)
  if (set.length === 0) out.push(required(path, 'must specify a volume type'))
  for (const name of set.slice(1)) out.push(forbidden(`${path}.${name}`, 'may not specify more than 1 volume type'))
  if (spec.hostPath) {
    checkNoBackSteps(out, `${path}.hostPath.path`, spec.hostPath.path)
    if (/^\/+$/.test(spec.hostPath.path) && spec.persistentVolumeReclaimPolicy === 'Recycle') {
      out.push(forbidden(`${path}.persistentVolumeReclaimPolicy`, "may not be 'recycle' for a hostPath mount of '/'"))
    }
  }
  if (spec.local) {
    checkNoBackSteps(out, `${path}.local.path`, spec.local.path)
    if (!spec.nodeAffinity) out.push(required(`${path}.nodeAffinity`, 'Local volume requires node affinity'))
  }
  if (spec.csi && spec.csi.driver !== '') checkDriver(out, `${path}.csi.driver`, spec.csi.driver)
  const secrets = [
    'controllerPublishSecretRef',
    'controllerExpandSecretRef',
    'nodePublishSecretRef',
    'nodeExpandSecretRef',
  ] as const
  for (const secret of secrets) checkSecretReference(out, `${path}.csi.${secret}`, spec.csi?.[secret])
}

type SecretReference = { readonly name?: string; readonly namespace?: string }

function checkSecretReference(out: Errors, path: string, reference: SecretReference | undefined): void {
  if (!reference) return
  if (!reference.name) out.push(required(`${path}.name`))
  else pushInvalid(out, `${path}.name`, reference.name, dns1123SubdomainErrors(reference.name))
  if (!reference.namespace) out.push(required(`${path}.namespace`))
  else pushInvalid(out, `${path}.namespace`, reference.namespace, dns1123LabelErrors(reference.namespace))
}

export function checkPersistentVolumeUpdate(out: Errors, volume: PersistentVolume, old: PersistentVolume): void {
  checkPersistentVolume(out, volume)
  const now = volume.spec as unknown as Record<string, unknown>
  const before = old.spec as unknown as Record<string, unknown>
  if (sources.some(name => name !== 'csi' && !isSame(now[name], before[name])) || !sameCsi(volume, old)) {
    out.push(forbidden('spec.persistentvolumesource', 'spec.persistentvolumesource is immutable after creation'))
  }
  checkImmutable(out, 'spec.volumeMode', volume.spec.volumeMode, old.spec.volumeMode)
  if (old.spec.nodeAffinity) checkImmutable(out, 'spec.nodeAffinity', volume.spec.nodeAffinity, old.spec.nodeAffinity)
}

/** The secret for expansion may be added later (KEP-1790). */
function sameCsi(volume: PersistentVolume, old: PersistentVolume): boolean {
  const blank = { controllerExpandSecretRef: undefined, nodeExpandSecretRef: undefined }
  if (!volume.spec.csi || !old.spec.csi) return isSame(volume.spec.csi, old.spec.csi)
  return isSame({ ...volume.spec.csi, ...blank }, { ...old.spec.csi, ...blank })
}
