import { f } from '../../../schema/field.ts'
import { map, str, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind } from './package.ts'

export const VolumeAttributesClass = kind(
  'VolumeAttributesClass',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    driverName: f(2, str).required().always().doc('Driver that knows the attributes; cannot be changed.'),
    parameters: f(3, map(str)).doc('The attributes; cannot be changed.'),
  },
  {
    doc: 'Attributes of volumes that can be changed while they are in use.',
    resource: {
      plural: 'volumeattributesclasses',
      singular: 'volumeattributesclass',
      shortNames: ['vac'],
      namespaced: false,
      verbs: allVerbs,
    },
  },
)
export type VolumeAttributesClass = TypeOf<typeof VolumeAttributesClass>
