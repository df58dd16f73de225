import { f } from '../../../schema/field.ts'
import { int32, list, str, type TypeOf } from '../../../schema/type.ts'
import { message } from './package.ts'

export const TopologyConstraint = message('TopologyConstraint', {
  key: f(1, str).required().always(),
})
export type TopologyConstraint = TypeOf<typeof TopologyConstraint>

export const WorkloadPodGroupAllDisruptionMode = message('WorkloadPodGroupAllDisruptionMode', {})
export type WorkloadPodGroupAllDisruptionMode = TypeOf<typeof WorkloadPodGroupAllDisruptionMode>

export const WorkloadPodGroupBasicSchedulingPolicy = message('WorkloadPodGroupBasicSchedulingPolicy', {})
export type WorkloadPodGroupBasicSchedulingPolicy = TypeOf<typeof WorkloadPodGroupBasicSchedulingPolicy>

export const WorkloadPodGroupSingleDisruptionMode = message('WorkloadPodGroupSingleDisruptionMode', {})
export type WorkloadPodGroupSingleDisruptionMode = TypeOf<typeof WorkloadPodGroupSingleDisruptionMode>

export const WorkloadPodGroupDisruptionMode = message(
  'WorkloadPodGroupDisruptionMode',
  {
    single: f(1, WorkloadPodGroupSingleDisruptionMode),
    all: f(2, WorkloadPodGroupAllDisruptionMode),
  },
  { unions: [{ members: ['all', 'single'] }] },
)
export type WorkloadPodGroupDisruptionMode = TypeOf<typeof WorkloadPodGroupDisruptionMode>

export const WorkloadPodGroupGangSchedulingPolicy = message('WorkloadPodGroupGangSchedulingPolicy', {
  minCount: f(1, int32).explicit(),
})
export type WorkloadPodGroupGangSchedulingPolicy = TypeOf<typeof WorkloadPodGroupGangSchedulingPolicy>

export const WorkloadPodGroupResourceClaim = message('WorkloadPodGroupResourceClaim', {
  name: f(1, str).required().always(),
  resourceClaimName: f(2, str).explicit(),
  resourceClaimTemplateName: f(3, str).explicit(),
})
export type WorkloadPodGroupResourceClaim = TypeOf<typeof WorkloadPodGroupResourceClaim>

export const WorkloadPodGroupSchedulingConstraints = message('WorkloadPodGroupSchedulingConstraints', {
  topology: f(1, list(TopologyConstraint)).listOf('atomic'),
})
export type WorkloadPodGroupSchedulingConstraints = TypeOf<typeof WorkloadPodGroupSchedulingConstraints>

export const WorkloadPodGroupSchedulingPolicy = message(
  'WorkloadPodGroupSchedulingPolicy',
  {
    basic: f(1, WorkloadPodGroupBasicSchedulingPolicy),
    gang: f(2, WorkloadPodGroupGangSchedulingPolicy),
  },
  { unions: [{ members: ['basic', 'gang'] }] },
)
export type WorkloadPodGroupSchedulingPolicy = TypeOf<typeof WorkloadPodGroupSchedulingPolicy>
