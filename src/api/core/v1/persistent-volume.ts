import { f, inline } from '../../../schema/field.ts'
import { list, map, oneOf, quantity, str, type TypeOf, time } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { VolumeNodeAffinity } from './affinity.ts'
import { ObjectReference } from './object-reference.ts'
import { kind, message } from './package.ts'
import { PersistentVolumeSource } from './volume-sources-persistent.ts'

export const PersistentVolumeSpec = message(
  'PersistentVolumeSpec',
  {
    capacity: f(1, map(quantity)).go('v1.ResourceList').doc('Size of the volume, as `storage`.'),
    ...inline(2, PersistentVolumeSource),
    accessModes: f(3, list(oneOf('ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod')))
      .go('v1.PersistentVolumeAccessMode')
      .listOf('atomic')
      .doc('Ways in which the volume can be mounted.'),
    claimRef: f(4, ObjectReference).granular().doc('Claim that the volume is bound to or reserved for.'),
    persistentVolumeReclaimPolicy: f(5, oneOf('Delete', 'Recycle', 'Retain'))
      .go('v1.PersistentVolumeReclaimPolicy')
      .doc('What happens to the volume when its claim is gone; `Retain` by default.'),
    storageClassName: f(6, str).doc('Storage class of the volume; empty if it has none.'),
    mountOptions: f(7, list(str)).listOf('atomic').doc('Options for mounting, such as `ro`; not checked beforehand.'),
    volumeMode: f(8, oneOf('Block', 'Filesystem'))
      .go('v1.PersistentVolumeMode')
      .explicit()
      .doc('Whether it is mounted as a file system (default) or handed over as a block device.'),
    nodeAffinity: f(9, VolumeNodeAffinity).doc('Nodes from which the volume can be reached.'),
    volumeAttributesClassName: f(10, str).explicit().doc('VolumeAttributesClass in force; empty if there is none.'),
  },
  { doc: 'What a persistent volume is, and who may have it.' },
)
export type PersistentVolumeSpec = TypeOf<typeof PersistentVolumeSpec>

export const PersistentVolumeStatus = message(
  'PersistentVolumeStatus',
  {
    phase: f(1, oneOf('Available', 'Bound', 'Failed', 'Pending', 'Released'))
      .go('v1.PersistentVolumePhase')
      .doc('Whether the volume is free, bound, released or failed.'),
    message: f(2, str).doc('Why it is in this state, for people.'),
    reason: f(3, str).doc('Why it is in this state, one word in CamelCase.'),
    lastPhaseTransitionTime: f(4, time).explicit().doc('When the phase last changed.'),
  },
  { doc: 'What was last observed of a persistent volume.' },
)
export type PersistentVolumeStatus = TypeOf<typeof PersistentVolumeStatus>

export const PersistentVolume = kind(
  'PersistentVolume',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, PersistentVolumeSpec).always().doc('What the volume is.'),
    status: f(3, PersistentVolumeStatus).always().doc('What was last observed; written by the system.'),
  },
  {
    doc: 'A piece of storage in the cluster, which a claim can get.',
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
