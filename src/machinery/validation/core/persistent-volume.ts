/** Persistent volumes (upstream: ValidatePersistentVolume and its update). */
import type { PersistentVolume } from '../../../api/core/v1/persistent-volume.ts'
import { PersistentVolumeSource } from '../../../api/core/v1/volume-sources-persistent.ts'
import { forbidden, invalid, required } from '../../../schema/field-error.ts'
import { dns1123LabelErrors, dns1123SubdomainErrors } from '../../../schema/formats.ts'
import { parseQuantity } from '../../quantity.ts'
import { checkImmutable, type Errors, isSame, pushInvalid } from '../checks.ts'
import { checkNodeSelector } from './affinity.ts'
import { checkNoBackSteps } from './security-context.ts'
import { checkDriver } from './volumes.ts'

const sources = Object.keys(PersistentVolumeSource.fields)

export function checkPersistentVolume(out: Errors, { spec }: PersistentVolume): void {
  const modes = spec.accessModes ?? []
  if (modes.length === 0) out.push(required('spec.accessModes'))
  if (modes.includes('ReadWriteOncePod') && modes.length > 1) {
    out.push(forbidden('spec.accessModes', 'may not use ReadWriteOncePod with other access modes'))
  }
  const capacity = spec.capacity ?? {}
  if (Object.keys(capacity).length === 0) out.push(required('spec.capacity'))
  else if (capacity.storage === undefined || Object.keys(capacity).length > 1) {
    out.push({
      reason: 'FieldValueNotSupported',
      field: 'spec.capacity',
      message: `Unsupported value: ${JSON.stringify(capacity)}: supported values: "storage"`,
    })
  }
  for (const [name, amount] of Object.entries(capacity)) {
    if (parseQuantity(amount).sign() <= 0) {
      out.push(invalid(`spec.capacity[${name}]`, amount, 'must be greater than zero'))
    }
  }
  checkSources(out, spec)
  if (spec.nodeAffinity) {
    if (spec.nodeAffinity.required) checkNodeSelector(out, 'spec.nodeAffinity.required', spec.nodeAffinity.required)
    else out.push(required('spec.nodeAffinity.required', 'must specify required node constraints'))
  }
  if (spec.storageClassName) {
    pushInvalid(out, 'spec.storageClassName', spec.storageClassName, dns1123SubdomainErrors(spec.storageClassName))
  }
}

function checkSources(out: Errors, spec: PersistentVolume['spec']): void {
  const set = sources.filter(name => (spec as unknown as Record<string, unknown>)[name] !== undefined)
  if (set.length === 0) out.push(required('spec', 'must specify a volume type'))
  for (const name of set.slice(1)) out.push(forbidden(`spec.${name}`, 'may not specify more than 1 volume type'))
  if (spec.hostPath) {
    checkNoBackSteps(out, 'spec.hostPath.path', spec.hostPath.path)
    if (/^\/+$/.test(spec.hostPath.path) && spec.persistentVolumeReclaimPolicy === 'Recycle') {
      out.push(forbidden('spec.persistentVolumeReclaimPolicy', "may not be 'recycle' for a hostPath mount of '/'"))
    }
  }
  if (spec.local) {
    checkNoBackSteps(out, 'spec.local.path', spec.local.path)
    if (!spec.nodeAffinity) out.push(required('spec.nodeAffinity', 'Local volume requires node affinity'))
  }
  if (spec.csi && spec.csi.driver !== '') checkDriver(out, 'spec.csi.driver', spec.csi.driver)
  const secrets = [
    'controllerPublishSecretRef',
    'controllerExpandSecretRef',
    'nodePublishSecretRef',
    'nodeExpandSecretRef',
  ] as const
  for (const secret of secrets) checkSecretReference(out, `spec.csi.${secret}`, spec.csi?.[secret])
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
