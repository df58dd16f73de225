import { f } from '../../../schema/field.ts'
import { bool, list, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { LocalObjectReference, ObjectReference } from './object-reference.ts'
import { kind } from './package.ts'

export const ServiceAccount = kind(
  'ServiceAccount',
  {
    metadata: f(1, ObjectMeta).always(),
    secrets: f(2, list(ObjectReference)).listOf('map', 'name').patch('merge', 'name'),
    imagePullSecrets: f(3, list(LocalObjectReference)).listOf('atomic'),
    automountServiceAccountToken: f(4, bool).explicit(),
  },
  {
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
