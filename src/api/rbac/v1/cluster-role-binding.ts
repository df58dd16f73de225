import { f } from '../../../schema/field.ts'
import { list, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind } from './package.ts'
import { RoleRef, Subject } from './rules.ts'

export const ClusterRoleBinding = kind(
  'ClusterRoleBinding',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    subjects: f(2, list(Subject)).listOf('atomic').doc('Who is granted the role.'),
    roleRef: f(3, RoleRef).required().always().doc('Cluster role that is granted; cannot be changed.'),
  },
  {
    doc: 'Grants a cluster role in the whole cluster.',
    resource: {
      plural: 'clusterrolebindings',
      singular: 'clusterrolebinding',
      namespaced: false,
      verbs: allVerbs,
    },
  },
)
export type ClusterRoleBinding = TypeOf<typeof ClusterRoleBinding>
