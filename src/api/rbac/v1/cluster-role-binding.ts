import { f } from '../../../schema/field.ts'
import { list, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind } from './package.ts'
import { RoleRef, Subject } from './rules.ts'

export const ClusterRoleBinding = kind(
  'ClusterRoleBinding',
  {
    metadata: f(1, ObjectMeta).always(),
    subjects: f(2, list(Subject)).listOf('atomic'),
    roleRef: f(3, RoleRef).required().always(),
  },
  {
    resource: {
      plural: 'clusterrolebindings',
      singular: 'clusterrolebinding',
      namespaced: false,
      verbs: allVerbs,
    },
  },
)
export type ClusterRoleBinding = TypeOf<typeof ClusterRoleBinding>
