import { f } from '../../../schema/field.ts'
import type { TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { ObjectReference } from './object-reference.ts'
import { kind } from './package.ts'

export const Binding = kind(
  'Binding',
  {
    metadata: f(1, ObjectMeta).always(),
    target: f(2, ObjectReference).required().always(),
  },
  {
    resource: {
      plural: 'bindings',
      singular: 'binding',
      namespaced: true,
      verbs: ['create'],
    },
  },
)
export type Binding = TypeOf<typeof Binding>
