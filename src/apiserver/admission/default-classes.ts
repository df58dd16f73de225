/** Claims and ingresses that name no class get the one that is marked as the default, the youngest where several are. */

import type { PersistentVolumeClaim } from '../../api/core/v1/persistent-volume-claim.ts'
import type { Ingress } from '../../api/networking/v1/ingress.ts'
import { IngressClass } from '../../api/networking/v1/ingress-class.ts'
import { StorageClass } from '../../api/storage/v1/storage-class.ts'
import { defaultClassOf, ingressClassMarks, storageClassMarks } from '../../machinery/default-class.ts'
import type { ObjectReader } from '../registry/object-reader.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts'
import { metadataOf, setSpec } from './refusal.ts'

/** The older way to name a class. */
const storageClassAnnotation = 'volume.beta.kubernetes.io/storage-class'

export class DefaultStorageClass implements AdmissionPlugin {
  readonly name = 'DefaultStorageClass'
  readonly #reader: ObjectReader

  constructor(reader: ObjectReader) {
    this.#reader = reader
  }

  admit(attributes: AdmissionAttributes): void {
    const { group, resource, subresource, operation, object } = attributes
    if (group !== '' || resource !== 'persistentvolumeclaims' || subresource !== '' || operation !== 'CREATE') return
    const spec = object?.spec as PersistentVolumeClaim['spec']
    const annotations = metadataOf(object).annotations
    if (spec.storageClassName !== undefined || annotations?.[storageClassAnnotation] !== undefined) return
    const storageClassName = defaultClassOf(this.#reader.list(StorageClass, ''), storageClassMarks)
    if (storageClassName !== undefined) setSpec(attributes, { storageClassName })
  }
}

const ingressClassAnnotation = 'kubernetes.io/ingress.class'

export class DefaultIngressClass implements AdmissionPlugin {
  readonly name = 'DefaultIngressClass'
  readonly #reader: ObjectReader

  constructor(reader: ObjectReader) {
    this.#reader = reader
  }

  admit(attributes: AdmissionAttributes): void {
    const { group, resource, subresource, operation, object } = attributes
    if (group !== 'networking.k8s.io' || resource !== 'ingresses' || subresource !== '') return
    if (operation !== 'CREATE') return
    const spec = object?.spec as Ingress['spec']
    if (spec.ingressClassName !== undefined) return
    if (metadataOf(object).annotations?.[ingressClassAnnotation] !== undefined) return
    const ingressClassName = defaultClassOf(this.#reader.list(IngressClass, ''), ingressClassMarks)
    if (ingressClassName !== undefined) setSpec(attributes, { ingressClassName })
  }
}
