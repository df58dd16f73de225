/** Defaults of storage classes and drivers. */
import type { CSIDriver } from '../../api/storage/v1/csi-driver.ts'
import type { StorageClass } from '../../api/storage/v1/storage-class.ts'

export function defaultStorageClass(storageClass: StorageClass): void {
  storageClass.reclaimPolicy ??= 'Delete'
  storageClass.volumeBindingMode ??= 'Immediate'
}

export function defaultCsiDriver({ spec }: CSIDriver): void {
  spec.attachRequired ??= true
  spec.podInfoOnMount ??= false
  spec.storageCapacity ??= false
  spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType'
  if (!spec.volumeLifecycleModes?.length) spec.volumeLifecycleModes = ['Persistent']
  spec.requiresRepublish ??= false
  spec.seLinuxMount ??= false
  spec.preventPodSchedulingIfMissing ??= false
}
