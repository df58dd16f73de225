import { f } from '../../../schema/field.ts'
import { quantity, str, type TypeOf } from '../../../schema/type.ts'
import { LabelSelector } from '../../meta/v1/label-selector.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind } from './package.ts'

export const CSIStorageCapacity = kind(
  'CSIStorageCapacity',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    nodeTopology: f(2, LabelSelector).doc('Nodes for which it holds; none if unset, all if empty.'),
    storageClassName: f(3, str).required().always().doc('The storage class; cannot be changed.'),
    capacity: f(4, quantity).explicit().doc('What is left in all; unknown if unset.'),
    maximumVolumeSize: f(5, quantity)
      .explicit()
      .doc('Size of the largest volume that could be made; unknown if unset.'),
  },
  {
    doc: 'How much storage of a class is left at some place.',
    resource: { plural: 'csistoragecapacities', singular: 'csistoragecapacity', namespaced: true, verbs: allVerbs },
  },
)
export type CSIStorageCapacity = TypeOf<typeof CSIStorageCapacity>
