import { f } from '../../../schema/field.ts'
import { int32, microTime, str, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'

export const LeaseSpec = message('LeaseSpec', {
  holderIdentity: f(1, str).explicit(),
  leaseDurationSeconds: f(2, int32).explicit(),
  acquireTime: f(3, microTime).explicit(),
  renewTime: f(4, microTime).explicit(),
  leaseTransitions: f(5, int32).explicit(),
  strategy: f(6, str).explicit(),
  preferredHolder: f(7, str).explicit(),
})
export type LeaseSpec = TypeOf<typeof LeaseSpec>

export const Lease = kind(
  'Lease',
  {
    metadata: f(1, ObjectMeta).always(),
    spec: f(2, LeaseSpec).always(),
  },
  {
    resource: {
      plural: 'leases',
      singular: 'lease',
      namespaced: true,
      verbs: allVerbs,
    },
  },
)
export type Lease = TypeOf<typeof Lease>
