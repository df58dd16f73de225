import { f } from '../../../schema/field.ts'
import { bool, list, map, oneOf, str, type TypeOf } from '../../../schema/type.ts'
import { TopologySelectorTerm } from '../../core/v1/topology-selector.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind } from './package.ts'

export const StorageClass = kind(
  'StorageClass',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    provisioner: f(2, str).required().always().doc('Driver that makes the volumes.'),
    parameters: f(3, map(str)).doc("What the driver is told; its meaning is the driver's own."),
    reclaimPolicy: f(4, oneOf('Delete', 'Recycle', 'Retain'))
      .go('v1.PersistentVolumeReclaimPolicy')
      .explicit()
      .doc('What happens to a volume when its claim is gone; `Delete` by default.'),
    mountOptions: f(5, list(str)).listOf('atomic').doc('Options for mounting, such as `ro`; not checked beforehand.'),
    allowVolumeExpansion: f(6, bool).explicit().doc('Whether claims may grow.'),
    volumeBindingMode: f(7, oneOf('Immediate', 'WaitForFirstConsumer'))
      .go('v1.VolumeBindingMode')
      .explicit()
      .doc('Whether a volume is made at once or when a pod needs it; `Immediate` by default.'),
    allowedTopologies: f(8, list(TopologySelectorTerm))
      .listOf('atomic')
      .doc('Where volumes may be made; everywhere if unset.'),
  },
  {
    doc: 'A sort of storage from which volumes are provisioned.',
    resource: {
      plural: 'storageclasses',
      singular: 'storageclass',
      shortNames: ['sc'],
      namespaced: false,
      verbs: allVerbs,
    },
  },
)
export type StorageClass = TypeOf<typeof StorageClass>
