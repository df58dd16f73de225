import { f } from '../../../schema/field.ts'
import { bool, int32, int64, list, oneOf, str, type TypeOf } from '../../../schema/type.ts'
import { PodTemplateSpec } from '../../core/v1/pod-spec.ts'
import { LabelSelector } from '../../meta/v1/label-selector.ts'
import {
  WorkloadPodGroupDisruptionMode,
  WorkloadPodGroupResourceClaim,
  WorkloadPodGroupSchedulingConstraints,
  WorkloadPodGroupSchedulingPolicy,
} from '../../scheduling/v1alpha3/pod-group-policy.ts'
import { message } from './package.ts'

export const JobSchedulingConfiguration = message('JobSchedulingConfiguration', {
  schedulingPolicy: f(1, WorkloadPodGroupSchedulingPolicy),
  schedulingConstraints: f(2, WorkloadPodGroupSchedulingConstraints),
  disruptionMode: f(3, WorkloadPodGroupDisruptionMode),
  resourceClaims: f(4, list(WorkloadPodGroupResourceClaim)).listOf('map', 'name').patch('merge', 'name'),
})
export type JobSchedulingConfiguration = TypeOf<typeof JobSchedulingConfiguration>

export const PodFailurePolicyOnExitCodesRequirement = message('PodFailurePolicyOnExitCodesRequirement', {
  containerName: f(1, str).explicit(),
  operator: f(2, oneOf('In', 'NotIn')).required().always(),
  values: f(3, list(int32)).explicit().required().listOf('set'),
})
export type PodFailurePolicyOnExitCodesRequirement = TypeOf<typeof PodFailurePolicyOnExitCodesRequirement>

export const PodFailurePolicyOnPodConditionsPattern = message('PodFailurePolicyOnPodConditionsPattern', {
  type: f(1, str).required().always(),
  status: f(2, str).always(),
})
export type PodFailurePolicyOnPodConditionsPattern = TypeOf<typeof PodFailurePolicyOnPodConditionsPattern>

export const PodFailurePolicyRule = message('PodFailurePolicyRule', {
  action: f(1, oneOf('Count', 'FailIndex', 'FailJob', 'Ignore'))
    .required()
    .always(),
  onExitCodes: f(2, PodFailurePolicyOnExitCodesRequirement),
  onPodConditions: f(3, list(PodFailurePolicyOnPodConditionsPattern)).listOf('atomic'),
})
export type PodFailurePolicyRule = TypeOf<typeof PodFailurePolicyRule>

export const PodFailurePolicy = message('PodFailurePolicy', {
  rules: f(1, list(PodFailurePolicyRule)).explicit().required().listOf('atomic'),
})
export type PodFailurePolicy = TypeOf<typeof PodFailurePolicy>

export const SuccessPolicyRule = message('SuccessPolicyRule', {
  succeededIndexes: f(1, str).explicit(),
  succeededCount: f(2, int32).explicit(),
})
export type SuccessPolicyRule = TypeOf<typeof SuccessPolicyRule>

export const SuccessPolicy = message('SuccessPolicy', {
  rules: f(1, list(SuccessPolicyRule)).explicit().required().listOf('atomic'),
})
export type SuccessPolicy = TypeOf<typeof SuccessPolicy>

export const JobSpec = message('JobSpec', {
  parallelism: f(1, int32).explicit(),
  completions: f(2, int32).explicit(),
  activeDeadlineSeconds: f(3, int64).explicit(),
  selector: f(4, LabelSelector),
  manualSelector: f(5, bool).explicit(),
  template: f(6, PodTemplateSpec).required().always(),
  backoffLimit: f(7, int32).explicit(),
  ttlSecondsAfterFinished: f(8, int32).explicit(),
  completionMode: f(9, oneOf('Indexed', 'NonIndexed')).explicit(),
  suspend: f(10, bool).explicit(),
  podFailurePolicy: f(11, PodFailurePolicy),
  backoffLimitPerIndex: f(12, int32).explicit(),
  maxFailedIndexes: f(13, int32).explicit(),
  podReplacementPolicy: f(14, oneOf('Failed', 'TerminatingOrFailed')).explicit(),
  managedBy: f(15, str).explicit(),
  successPolicy: f(16, SuccessPolicy),
  scheduling: f(17, JobSchedulingConfiguration),
})
export type JobSpec = TypeOf<typeof JobSpec>
