import { f } from '../../../schema/field.ts'
import { list, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind } from './package.ts'
import { PolicyRule } from './rules.ts'

export const Role = kind(
  'Role',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    rules: f(2, list(PolicyRule)).orNull().explicit().listOf('atomic').doc('Things that may be done.'),
  },
  {
    doc: 'Rights within a namespace.',
    resource: {
      plural: 'roles',
      singular: 'role',
      namespaced: true,
      verbs: allVerbs,
    },
  },
)
export type Role = TypeOf<typeof Role>
