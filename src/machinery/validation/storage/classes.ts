/** Classes of storage and of volume attributes, and published capacity (upstream: storage validation). */
import type { TopologySelectorTerm } from '../../../api/core/v1/topology-selector.ts'
import type { CSIStorageCapacity } from '../../../api/storage/v1/csi-storage-capacity.ts'
import type { StorageClass } from '../../../api/storage/v1/storage-class.ts'
import type { VolumeAttributesClass } from '../../../api/storage/v1/volume-attributes-class.ts'
import { duplicate, forbidden, invalid, required, tooLong } from '../../../schema/field-error.ts'
import { dns1123SubdomainErrors } from '../../../schema/formats.ts'
import { notNegativeMessage } from '../../../schema/validators.ts'
import { parseQuantity } from '../../quantity.ts'
import { labelKeyErrors } from '../../selectors/label-syntax.ts'
import {
  checkImmutable,
  checkLabelSelector,
  checkOneOf,
  checkUnchanged,
  comparisons,
  type Errors,
  isSame,
  pushInvalid,
} from '../checks.ts'

const maxParameters = 512
const maxParameterBytes = 256 * 1024

function checkProvisioner(out: Errors, path: string, provisioner: string): void {
  // A missing one is reported by its declaration.
  if (provisioner !== '') pushInvalid(out, path, provisioner.toLowerCase(), labelKeyErrors(provisioner.toLowerCase()))
}

function checkParameters(out: Errors, parameters: Readonly<Record<string, string>> | undefined): void {
  const entries = Object.entries(parameters ?? {})
  if (entries.length > maxParameters) {
    out.push(tooLong('parameters', maxParameters))
    return
  }
  let bytes = 0
  for (const [key, value] of entries) {
    if (key === '') out.push(invalid('parameters', key, 'field can not be empty.'))
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value)
  }
  if (bytes > maxParameterBytes) out.push(tooLong('parameters', maxParameterBytes))
}

function checkTopology(out: Errors, path: string, { matchLabelExpressions }: TopologySelectorTerm): void {
  const keys = new Set<string>()
  for (const [i, { key, values }] of (matchLabelExpressions ?? []).entries()) {
    const at = `${path}.matchLabelExpressions[${i}]`
    if (!values?.length) out.push(required(`${at}.values`))
    for (const [j, value] of (values ?? []).entries()) {
      if (values?.indexOf(value) !== j) out.push(duplicate(`${at}.values[${j}]`, value))
    }
    pushInvalid(out, `${at}.key`, key, labelKeyErrors(key))
    if (keys.has(key)) out.push(duplicate(`${at}.key`, key))
    keys.add(key)
  }
}

/** What a topology says, without regard to order. */
const meaningOf = ({ matchLabelExpressions }: TopologySelectorTerm): string =>
  JSON.stringify((matchLabelExpressions ?? []).map(({ key, values }) => [key, [...(values ?? [])].sort()]).sort())

export function checkStorageClass(out: Errors, storageClass: StorageClass): void {
  checkProvisioner(out, 'provisioner', storageClass.provisioner)
  checkParameters(out, storageClass.parameters)
  const policy = storageClass.reclaimPolicy
  if (policy !== undefined) checkOneOf(out, 'reclaimPolicy', policy, ['Delete', 'Retain'])
  if (storageClass.volumeBindingMode === undefined) out.push(required('volumeBindingMode'))
  const topologies = storageClass.allowedTopologies ?? []
  const meanings = topologies.map(meaningOf)
  for (const [i, topology] of topologies.entries()) {
    checkTopology(out, `allowedTopologies[${i}]`, topology)
    // To upstream, one that demands nothing is like those that it has not read yet.
    if (!topology.matchLabelExpressions?.length || meanings.indexOf(meanings[i] as string) < i) {
      out.push(duplicate(`allowedTopologies[${i}].matchLabelExpressions`, ''))
    }
  }
}

export function checkStorageClassUpdate(out: Errors, storageClass: StorageClass, old: StorageClass): void {
  checkStorageClass(out, storageClass)
  out.push(comparisons)
  for (const name of ['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode'] as const) {
    if (isEmptyMap(storageClass[name]) && isEmptyMap(old[name])) continue
    checkUnchanged(out, name, storageClass[name], old[name])
  }
}

const isEmptyMap = (value: unknown): boolean =>
  value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0)

export function checkVolumeAttributesClass(out: Errors, attributesClass: VolumeAttributesClass): void {
  checkProvisioner(out, 'driverName', attributesClass.driverName)
  checkParameters(out, attributesClass.parameters)
  if (isEmptyMap(attributesClass.parameters)) {
    out.push(required('parameters', 'must contain at least one key/value pair'))
  }
}

export function checkVolumeAttributesClassUpdate(
  out: Errors,
  attributesClass: VolumeAttributesClass,
  old: VolumeAttributesClass,
): void {
  if (attributesClass.driverName !== old.driverName) {
    out.push(forbidden('driverName', 'updates to driverName are forbidden.'))
  }
  if (!isSame(attributesClass.parameters, old.parameters)) {
    out.push(forbidden('parameters', 'updates to parameters are forbidden.'))
  }
  checkVolumeAttributesClass(out, attributesClass)
}

export function checkStorageCapacity(out: Errors, { nodeTopology, storageClassName, capacity }: CSIStorageCapacity) {
  checkLabelSelector(out, 'nodeTopology', nodeTopology)
  pushInvalid(out, 'storageClassName', storageClassName, dns1123SubdomainErrors(storageClassName))
  if (capacity !== undefined && parseQuantity(capacity).sign() < 0) {
    out.push(invalid('capacity', capacity, notNegativeMessage))
  }
}

export function checkStorageCapacityUpdate(out: Errors, made: CSIStorageCapacity, old: CSIStorageCapacity): void {
  checkStorageCapacity(out, made)
  out.push(comparisons)
  checkImmutable(out, 'nodeTopology', made.nodeTopology, old.nodeTopology)
  checkImmutable(out, 'storageClassName', made.storageClassName, old.storageClassName)
}
