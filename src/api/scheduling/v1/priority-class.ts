import { f } from '../../../schema/field.ts'
import { bool, int32, oneOf, str, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind } from './package.ts'

export const PriorityClass = kind(
  'PriorityClass',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    value: f(2, int32)
      .always()
      .doc('The priority; a higher one is scheduled first. Classes of users go up to 1000000000.'),
    globalDefault: f(3, bool).doc('Whether pods without a class get this one; only one class should say so.'),
    description: f(4, str).doc('What the class is for, for people.'),
    preemptionPolicy: f(5, oneOf('Never', 'PreemptLowerPriority'))
      .go('v1.PreemptionPolicy')
      .explicit()
      .doc('Whether pods may displace others; `PreemptLowerPriority` by default.'),
  },
  {
    doc: 'A name for a priority that pods can have.',
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
