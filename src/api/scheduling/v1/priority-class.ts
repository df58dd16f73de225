import { f } from '../../../schema/field.ts'
import { bool, int32, oneOf, str, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind } from './package.ts'

export const PriorityClass = kind(
  'PriorityClass',
  {
    metadata: f(1, ObjectMeta).always(),
    value: f(2, int32).always(),
    globalDefault: f(3, bool),
    description: f(4, str),
    preemptionPolicy: f(5, oneOf('Never', 'PreemptLowerPriority')).explicit(),
  },
  {
    resource: {
      plural: 'priorityclasses',
      singular: 'priorityclass',
      shortNames: ['pc'],
      namespaced: false,
      verbs: allVerbs,
    },
  },
)
export type PriorityClass = TypeOf<typeof PriorityClass>
