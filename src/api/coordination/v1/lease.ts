import { f } from '../../../schema/field.ts'
import { int32, microTime, str, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'

export const LeaseSpec = message(
  'LeaseSpec',
  {
    holderIdentity: f(1, str).explicit().doc('Holder; unset or empty if there is none.'),
    leaseDurationSeconds: f(2, int32).explicit().doc('Seconds after the last renewal for which the lease is valid.'),
    acquireTime: f(3, microTime).explicit().doc('When the holder got the lease.'),
    renewTime: f(4, microTime).explicit().doc('When the holder last renewed the lease.'),
    leaseTransitions: f(5, int32).explicit().doc('How often the holder has changed.'),
    strategy: f(6, str)
      .go('v1.CoordinatedLeaseStrategy')
      .explicit()
      .gate('CoordinatedLeaderElection')
      .doc('How the holder is chosen in coordinated election, as `OldestEmulationVersion`.'),
    preferredHolder: f(7, str)
      .explicit()
      .gate('CoordinatedLeaderElection')
      .doc('Candidate that the holder should hand over to.'),
  },
  { doc: 'Who holds a lease, and until when.' },
)
export type LeaseSpec = TypeOf<typeof LeaseSpec>

export const Lease = kind(
  'Lease',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, LeaseSpec).always().doc('Who holds it, and until when.'),
  },
  {
    doc: 'A claim to a role for a time, as for leaders, or a sign of life, as for nodes.',
    resource: {
      plural: 'leases',
      singular: 'lease',
      namespaced: true,
      verbs: allVerbs,
    },
  },
)
export type Lease = TypeOf<typeof Lease>
