import { f, inline } from '../../../schema/field.ts'
import { list, map, oneOf, quantity, str, type TypeOf, time } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { VolumeNodeAffinity } from './affinity.ts'
import { ObjectReference } from './object-reference.ts'
import { kind, message } from './package.ts'
import { PersistentVolumeSource } from './volume-sources-persistent.ts'

export const PersistentVolumeSpec = message('PersistentVolumeSpec', {
  capacity: f(1, map(quantity)),
  ...inline(2, PersistentVolumeSource),
  accessModes: f(3, list(oneOf('ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'))).listOf('atomic'),
  claimRef: f(4, ObjectReference).granular(),
  persistentVolumeReclaimPolicy: f(5, oneOf('Delete', 'Recycle', 'Retain')),
  storageClassName: f(6, str),
  mountOptions: f(7, list(str)).listOf('atomic'),
  volumeMode: f(8, oneOf('Block', 'Filesystem')).explicit(),
  nodeAffinity: f(9, VolumeNodeAffinity),
  volumeAttributesClassName: f(10, str).explicit(),
})
export type PersistentVolumeSpec = TypeOf<typeof PersistentVolumeSpec>

export const PersistentVolumeStatus = message('PersistentVolumeStatus', {
  phase: f(1, oneOf('Available', 'Bound', 'Failed', 'Pending', 'Released')),
  message: f(2, str),
  reason: f(3, str),
  lastPhaseTransitionTime: f(4, time).explicit(),
})
export type PersistentVolumeStatus = TypeOf<typeof PersistentVolumeStatus>

export const PersistentVolume = kind(
  'PersistentVolume',
  {
    metadata: f(1, ObjectMeta).always(),
    spec: f(2, PersistentVolumeSpec).always(),
    status: f(3, PersistentVolumeStatus).always(),
  },
  {
    resource: {
      plural: 'persistentvolumes',
      singular: 'persistentvolume',
      shortNames: ['pv'],
      namespaced: false,
      verbs: allVerbs,
      subresources: {
        status: { verbs: ['get', 'patch', 'update'] },
      },
    },
  },
)
export type PersistentVolume = TypeOf<typeof PersistentVolume>
