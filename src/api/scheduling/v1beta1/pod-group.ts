import { f } from '../../../schema/field.ts'
import { list, str, type TypeOf } from '../../../schema/type.ts'
import { Condition } from '../../meta/v1/condition.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { kind, message } from './package.ts'
import { compositeMembers, groupMembers } from './pod-group-parts.ts'

const WorkloadReference = message(
  'WorkloadReference',
  {
    workloadName: f(1, str).required().always().doc('Name of the workload.'),
    templateName: f(2, str).required().always().doc('Template of the workload that the group was made from.'),
  },
  { doc: 'Where a group comes from.' },
)

const origin = {
  parentCompositePodGroupName: f(1, str).explicit().doc('Group of groups that it belongs to.'),
  workloadRef: f(2, WorkloadReference).doc('Where it comes from.'),
}

const PodGroupSpec = message('PodGroupSpec', { ...origin, ...groupMembers(3) }, { doc: 'Specification of a group.' })

const PodGroupResourceClaimStatus = message(
  'PodGroupResourceClaimStatus',
  {
    name: f(1, str).required().always().doc('Name of the entry.'),
    resourceClaimName: f(2, str).explicit().doc('Claim that was made for it.'),
  },
  { doc: 'The claim of an entry.' },
)

const conditions = f(1, list(Condition)).listOf('map', 'type').doc('Conditions of the group.')

const PodGroupStatus = message(
  'PodGroupStatus',
  {
    conditions,
    resourceClaimStatuses: f(2, list(PodGroupResourceClaimStatus)).listOf('map', 'name').doc('Claims of the group.'),
  },
  { doc: 'What was last observed of a group.' },
)

export const PodGroup = kind(
  'PodGroup',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, PodGroupSpec).always().doc('How its pods are placed.'),
    status: f(3, PodGroupStatus).always().doc('What was last observed.'),
  },
  { doc: 'Pods that are placed with regard to one another.' },
)
export type PodGroup = TypeOf<typeof PodGroup>

const CompositePodGroupSpec = message(
  'CompositePodGroupSpec',
  { ...origin, ...compositeMembers(3) },
  { doc: 'Specification of a group of groups.' },
)

const CompositePodGroupStatus = message(
  'CompositePodGroupStatus',
  { conditions },
  { doc: 'What was last observed of a group of groups.' },
)

export const CompositePodGroup = kind(
  'CompositePodGroup',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, CompositePodGroupSpec).always().doc('How its groups are placed.'),
    status: f(3, CompositePodGroupStatus).always().doc('What was last observed.'),
  },
  { doc: 'Groups of pods that are placed with regard to one another.' },
)
export type CompositePodGroup = TypeOf<typeof CompositePodGroup>
