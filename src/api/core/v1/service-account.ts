import { f } from '../../../schema/field.ts'
import { bool, list, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { LocalObjectReference, ObjectReference } from './object-reference.ts'
import { kind } from './package.ts'

export const ServiceAccount = kind(
  'ServiceAccount',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    secrets: f(2, list(ObjectReference))
      .listOf('map', 'name')
      .patch('merge', 'name')
      .doc('Secrets that pods with this account may use, where that is enforced.'),
    imagePullSecrets: f(3, list(LocalObjectReference))
      .listOf('atomic')
      .doc('Secrets with registry credentials, given to pods that name none.'),
    automountServiceAccountToken: f(4, bool)
      .explicit()
      .doc('Whether pods get a token mounted, unless they say otherwise; true by default.'),
  },
  {
    doc: 'An identity for processes in pods.',
    resource: {
      plural: 'serviceaccounts',
      singular: 'serviceaccount',
      shortNames: ['sa'],
      namespaced: true,
      verbs: allVerbs,
      subresources: {
        token: { verbs: ['create'], kind: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' } },
      },
    },
  },
)
export type ServiceAccount = TypeOf<typeof ServiceAccount>
