import { f } from '../../../schema/field.ts'
import { int32, list, str, type TypeOf } from '../../../schema/type.ts'
import { message } from './package.ts'

export const TopologyConstraint = message(
  'TopologyConstraint',
  {
    key: f(1, str).required().always().doc('Node label whose values are the domains.'),
  },
  { doc: 'A domain in which all pods of a group must be.' },
)
export type TopologyConstraint = TypeOf<typeof TopologyConstraint>

export const WorkloadPodGroupAllDisruptionMode = message(
  'WorkloadPodGroupAllDisruptionMode',
  {},
  { doc: 'Preemption takes the whole group.' },
)
export type WorkloadPodGroupAllDisruptionMode = TypeOf<typeof WorkloadPodGroupAllDisruptionMode>

export const WorkloadPodGroupBasicSchedulingPolicy = message(
  'WorkloadPodGroupBasicSchedulingPolicy',
  {},
  { doc: 'The pods of the group are placed one by one.' },
)
export type WorkloadPodGroupBasicSchedulingPolicy = TypeOf<typeof WorkloadPodGroupBasicSchedulingPolicy>

export const WorkloadPodGroupSingleDisruptionMode = message(
  'WorkloadPodGroupSingleDisruptionMode',
  {},
  { doc: 'Preemption takes single pods.' },
)
export type WorkloadPodGroupSingleDisruptionMode = TypeOf<typeof WorkloadPodGroupSingleDisruptionMode>

export const WorkloadPodGroupDisruptionMode = message(
  'WorkloadPodGroupDisruptionMode',
  {
    single: f(1, WorkloadPodGroupSingleDisruptionMode).doc('Single pods.'),
    all: f(2, WorkloadPodGroupAllDisruptionMode).doc('The whole group.'),
  },
  { doc: 'What preemption takes; exactly one member is set.', unions: [{ members: ['all', 'single'] }] },
)
export type WorkloadPodGroupDisruptionMode = TypeOf<typeof WorkloadPodGroupDisruptionMode>

export const WorkloadPodGroupGangSchedulingPolicy = message(
  'WorkloadPodGroupGangSchedulingPolicy',
  {
    minCount: f(1, int32).explicit().doc('Number of pods that must fit at the same time.'),
  },
  { doc: 'The pods of the group are placed together or not at all.' },
)
export type WorkloadPodGroupGangSchedulingPolicy = TypeOf<typeof WorkloadPodGroupGangSchedulingPolicy>

export const WorkloadPodGroupResourceClaim = message(
  'WorkloadPodGroupResourceClaim',
  {
    name: f(1, str).required().always().doc('Name of the entry, unique in the group.'),
    resourceClaimName: f(2, str).explicit().doc('Existing claim in the namespace.'),
    resourceClaimTemplateName: f(3, str).explicit().doc('Template from which a claim is made for the group.'),
  },
  { doc: 'A resource claim that a group shares; exactly one source is set.' },
)
export type WorkloadPodGroupResourceClaim = TypeOf<typeof WorkloadPodGroupResourceClaim>

export const WorkloadPodGroupSchedulingConstraints = message(
  'WorkloadPodGroupSchedulingConstraints',
  {
    topology: f(1, list(TopologyConstraint)).listOf('atomic').doc('Domains that the pods must share.'),
  },
  { doc: 'Where the pods of a group may be placed together.' },
)
export type WorkloadPodGroupSchedulingConstraints = TypeOf<typeof WorkloadPodGroupSchedulingConstraints>

export const WorkloadPodGroupSchedulingPolicy = message(
  'WorkloadPodGroupSchedulingPolicy',
  {
    basic: f(1, WorkloadPodGroupBasicSchedulingPolicy).doc('One by one.'),
    gang: f(2, WorkloadPodGroupGangSchedulingPolicy).doc('Together or not at all.'),
  },
  { doc: 'How the pods of a group are placed; exactly one member is set.', unions: [{ members: ['basic', 'gang'] }] },
)
export type WorkloadPodGroupSchedulingPolicy = TypeOf<typeof WorkloadPodGroupSchedulingPolicy>
