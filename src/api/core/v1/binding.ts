import { f } from '../../../schema/field.ts'
import type { TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { ObjectReference } from './object-reference.ts'
import { kind } from './package.ts'

export const Binding = kind(
  'Binding',
  {
    metadata: f(1, ObjectMeta).always().doc('Name and namespace of the pod, and conditions on its UID and version.'),
    target: f(2, ObjectReference).required().always().doc('Node to bind to.'),
  },
  {
    doc: 'Binds a pod to a node.',
    resource: {
      plural: 'bindings',
      singular: 'binding',
      namespaced: true,
      verbs: ['create'],
    },
  },
)
export type Binding = TypeOf<typeof Binding>
