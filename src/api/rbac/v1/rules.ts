import { f } from '../../../schema/field.ts'
import { list, str, type TypeOf } from '../../../schema/type.ts'
import { message } from './package.ts'

export const PolicyRule = message(
  'PolicyRule',
  {
    verbs: f(1, list(str))
      .orNull()
      .explicit()
      .required()
      .listOf('atomic')
      .doc('What may be done; `*` means everything.'),
    apiGroups: f(2, list(str))
      .listOf('atomic')
      .doc('API groups of the resources; empty string for the core group, `*` for all.'),
    resources: f(3, list(str)).listOf('atomic').doc('Resources, with subresources as `pods/log`; `*` for all.'),
    resourceNames: f(4, list(str)).listOf('atomic').doc('Names to which the rule is restricted; all if empty.'),
    nonResourceURLs: f(5, list(str))
      .listOf('atomic')
      .doc('Paths that are no resources, possibly ending with `*`; only in cluster roles.'),
  },
  { doc: 'A rule of a role: some verbs on some resources or paths.' },
)
export type PolicyRule = TypeOf<typeof PolicyRule>

export const RoleRef = message(
  'RoleRef',
  {
    apiGroup: f(1, str).always().doc('API group of the role; `rbac.authorization.k8s.io`.'),
    kind: f(2, str).required().always().doc('`Role` or `ClusterRole`.'),
    name: f(3, str).required().always().doc('Name of the role.'),
  },
  { doc: 'The role that a binding grants.', mapType: 'atomic' },
)
export type RoleRef = TypeOf<typeof RoleRef>

export const Subject = message(
  'Subject',
  {
    kind: f(1, str).required().always().doc('`User`, `Group` or `ServiceAccount`.'),
    apiGroup: f(2, str).doc('API group of the subject; empty for service accounts.'),
    name: f(3, str).required().always().doc('Name of the subject.'),
    namespace: f(4, str).doc('Namespace of the service account.'),
  },
  { doc: 'Who a binding is for.', mapType: 'atomic' },
)
export type Subject = TypeOf<typeof Subject>
