/** Only bound claims grow, and only where their class allows it. */
import type { PersistentVolumeClaim } from '../../api/core/v1/persistent-volume-claim.ts'
import { StorageClass } from '../../api/storage/v1/storage-class.ts'
import { parseQuantity } from '../../machinery/quantity.ts'
import type { ObjectReader } from '../registry/object-reader.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts'
import { refusal } from './refusal.ts'

const classOf = ({ metadata, spec }: PersistentVolumeClaim): string =>
  metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec.storageClassName ?? ''

export class PersistentVolumeClaimResize implements AdmissionPlugin {
  readonly name = 'PersistentVolumeClaimResize'
  readonly #reader: ObjectReader

  constructor(reader: ObjectReader) {
    this.#reader = reader
  }

  validate(attributes: AdmissionAttributes): void {
    const { group, resource, subresource, operation } = attributes
    if (group !== '' || resource !== 'persistentvolumeclaims' || subresource !== '' || operation !== 'UPDATE') return
    const claim = attributes.object as unknown as PersistentVolumeClaim
    const old = attributes.oldObject as unknown as PersistentVolumeClaim
    const size = claim.spec.resources.requests?.storage ?? '0'
    const oldSize = old.spec.resources.requests?.storage ?? '0'
    if (parseQuantity(size).compare(parseQuantity(oldSize)) <= 0) return
    if (old.status.phase !== 'Bound') throw refusal(attributes, 'Only bound persistent volume claims can be expanded')
    const className = classOf(claim)
    const allowed =
      className !== '' &&
      className === classOf(old) &&
      this.#reader.get(StorageClass, '', className)?.allowVolumeExpansion === true
    if (allowed) return
    throw refusal(
      attributes,
      'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
    )
  }
}
