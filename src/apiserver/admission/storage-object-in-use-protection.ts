/** Keeps claims and volumes until nobody uses them any more: the protection controllers take the finalizer away. */
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts'

const finalizers: Readonly<Record<string, string>> = {
  '/persistentvolumes': 'kubernetes.io/pv-protection',
  '/persistentvolumeclaims': 'kubernetes.io/pvc-protection',
  'storage.k8s.io/volumeattributesclasses': 'kubernetes.io/vac-protection',
}

export class StorageObjectInUseProtection implements AdmissionPlugin {
  readonly name = 'StorageObjectInUseProtection'

  admit(attributes: AdmissionAttributes): void {
    const { group, resource, subresource, operation, object } = attributes
    const finalizer = subresource === '' && operation === 'CREATE' ? finalizers[`${group}/${resource}`] : undefined
    if (finalizer === undefined || !object) return
    const metadata = object.metadata as { finalizers?: readonly string[] } | undefined
    const existing = metadata?.finalizers ?? []
    if (!existing.includes(finalizer))
      attributes.object = { ...object, metadata: { ...metadata, finalizers: [...existing, finalizer] } }
  }
}
