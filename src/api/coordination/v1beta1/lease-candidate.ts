import { f } from '../../../schema/field.ts'
import { microTime, str, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { kind, message } from './package.ts'

export const LeaseCandidateSpec = message(
  'LeaseCandidateSpec',
  {
    leaseName: f(1, str).required().always().doc('Lease that it competes for.'),
    pingTime: f(2, microTime).explicit().doc('When it was last asked whether it is there.'),
    renewTime: f(3, microTime).explicit().doc('When it last answered.'),
    binaryVersion: f(4, str).required().always().doc('Version of its program.'),
    emulationVersion: f(5, str).doc('Version that it behaves as.'),
    strategy: f(6, str).doc('How the holder is chosen, as `OldestEmulationVersion`.'),
  },
  { doc: 'Who competes for a lease.' },
)
export type LeaseCandidateSpec = TypeOf<typeof LeaseCandidateSpec>

export const LeaseCandidate = kind(
  'LeaseCandidate',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, LeaseCandidateSpec).always().doc('Who competes, and for which lease.'),
  },
  { doc: 'A candidate of a coordinated leader election.' },
)
export type LeaseCandidate = TypeOf<typeof LeaseCandidate>
