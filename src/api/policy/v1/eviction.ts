import { f } from '../../../schema/field.ts'
import type { TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { DeleteOptions } from '../../meta/v1/options.ts'
import { kind } from './package.ts'

export const Eviction = kind(
  'Eviction',
  {
    metadata: f(1, ObjectMeta).always().doc('Name and namespace of the pod.'),
    deleteOptions: f(2, DeleteOptions).doc('Options of the deletion.'),
  },
  { doc: 'Asks for the eviction of a pod, within its disruption budgets.' },
)
export type Eviction = TypeOf<typeof Eviction>
