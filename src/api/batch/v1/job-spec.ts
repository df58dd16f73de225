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

export const JobSchedulingConfiguration = message(
  'JobSchedulingConfiguration',
  {
    schedulingPolicy: f(1, WorkloadPodGroupSchedulingPolicy).doc('Whether the pods are placed one by one or together.'),
    schedulingConstraints: f(2, WorkloadPodGroupSchedulingConstraints).doc('Where the pods may be placed together.'),
    disruptionMode: f(3, WorkloadPodGroupDisruptionMode).doc(
      'Whether preemption takes single pods or the whole group.',
    ),
    resourceClaims: f(4, list(WorkloadPodGroupResourceClaim))
      .listOf('map', 'name')
      .patch('merge', 'name')
      .doc('Resource claims that the group shares.'),
  },
  { doc: 'How the pods of a job are scheduled as a group.' },
)
export type JobSchedulingConfiguration = TypeOf<typeof JobSchedulingConfiguration>

export const PodFailurePolicyOnExitCodesRequirement = message(
  'PodFailurePolicyOnExitCodesRequirement',
  {
    containerName: f(1, str).explicit().doc('Container whose exit code counts; any of them if unset.'),
    operator: f(2, oneOf('In', 'NotIn'))
      .go('v1.PodFailurePolicyOnExitCodesOperator')
      .required()
      .always()
      .doc('Whether the exit code must be among the values or not.'),
    values: f(3, list(int32))
      .orNull()
      .explicit()
      .required()
      .listOf('set')
      .doc('Exit codes, at most 255; 0 is not allowed for `In`.'),
  },
  { doc: 'Exit codes that a failure rule applies to.' },
)
export type PodFailurePolicyOnExitCodesRequirement = TypeOf<typeof PodFailurePolicyOnExitCodesRequirement>

export const PodFailurePolicyOnPodConditionsPattern = message(
  'PodFailurePolicyOnPodConditionsPattern',
  {
    type: f(1, str)
      .go('v1.PodConditionType')
      .required()
      .always()
      .doc('Type of the condition, such as `DisruptionTarget`.'),
    status: f(2, str).go('v1.ConditionStatus').always().doc('Status that it must have; `True` by default.'),
  },
  { doc: 'A pod condition that a failure rule applies to.' },
)
export type PodFailurePolicyOnPodConditionsPattern = TypeOf<typeof PodFailurePolicyOnPodConditionsPattern>

export const PodFailurePolicyRule = message(
  'PodFailurePolicyRule',
  {
    action: f(1, oneOf('Count', 'FailIndex', 'FailJob', 'Ignore'))
      .go('v1.PodFailurePolicyAction')
      .required()
      .always()
      .doc('Whether the failure counts, is ignored, or fails the index or the whole job.'),
    onExitCodes: f(2, PodFailurePolicyOnExitCodesRequirement).doc(
      'Exit codes for which the rule applies; excludes `onPodConditions`.',
    ),
    onPodConditions: f(3, list(PodFailurePolicyOnPodConditionsPattern))
      .listOf('atomic')
      .doc('Conditions of which any makes the rule apply; excludes `onExitCodes`.'),
  },
  { doc: 'What happens when a pod fails in a certain way.' },
)
export type PodFailurePolicyRule = TypeOf<typeof PodFailurePolicyRule>

export const PodFailurePolicy = message(
  'PodFailurePolicy',
  {
    rules: f(1, list(PodFailurePolicyRule))
      .orNull()
      .explicit()
      .required()
      .listOf('atomic')
      .doc('Rules in order, of which the first that applies counts; at most 20.'),
  },
  { doc: 'Rules about failed pods, by exit code or condition.' },
)
export type PodFailurePolicy = TypeOf<typeof PodFailurePolicy>

export const SuccessPolicyRule = message(
  'SuccessPolicyRule',
  {
    succeededIndexes: f(1, str).explicit().doc('Indexes that must have succeeded, as `0,2-5`.'),
    succeededCount: f(2, int32).explicit().doc('How many indexes, of those named or of all, must have succeeded.'),
  },
  { doc: 'When an indexed job has done enough; one member at least is set.' },
)
export type SuccessPolicyRule = TypeOf<typeof SuccessPolicyRule>

export const SuccessPolicy = message(
  'SuccessPolicy',
  {
    rules: f(1, list(SuccessPolicyRule))
      .orNull()
      .explicit()
      .required()
      .listOf('atomic')
      .doc('Rules of which any suffices; at most 20.'),
  },
  { doc: 'Rules about how much an indexed job has to do.' },
)
export type SuccessPolicy = TypeOf<typeof SuccessPolicy>

export const JobSpec = message(
  'JobSpec',
  {
    parallelism: f(1, int32).explicit().doc('Largest number of pods at a time; 1 by default.'),
    completions: f(2, int32).explicit().doc('Pods that must succeed; unset means that the first success ends the job.'),
    activeDeadlineSeconds: f(3, int64).explicit().doc('Seconds from its start after which the job fails.'),
    selector: f(4, LabelSelector).doc('Which pods belong to it; set by the system.'),
    manualSelector: f(5, bool).explicit().doc('Whether selector and labels are chosen by the user; false by default.'),
    template: f(6, PodTemplateSpec)
      .required()
      .always()
      .doc('Pattern of the pods; its restart policy is `Never` or `OnFailure`.'),
    backoffLimit: f(7, int32).explicit().doc('Failures before the job fails; 6 by default.'),
    ttlSecondsAfterFinished: f(8, int32)
      .explicit()
      .doc('Seconds after its end at which the job is deleted; never if unset.'),
    completionMode: f(9, oneOf('Indexed', 'NonIndexed'))
      .go('v1.CompletionMode')
      .explicit()
      .doc('Whether pods have an index each (`Indexed`) or are alike; `NonIndexed` by default.'),
    suspend: f(10, bool).explicit().doc('Run no pods while it is set; running ones are stopped.'),
    podFailurePolicy: f(11, PodFailurePolicy).doc('How failed pods are judged.'),
    backoffLimitPerIndex: f(12, int32).explicit().doc('Failures of one index before it fails; for indexed jobs.'),
    maxFailedIndexes: f(13, int32)
      .explicit()
      .doc('Failed indexes after which the job fails; for `backoffLimitPerIndex`.'),
    podReplacementPolicy: f(14, oneOf('Failed', 'TerminatingOrFailed'))
      .go('v1.PodReplacementPolicy')
      .explicit()
      .doc('Whether a stopping pod is replaced at once or when it has ended.'),
    managedBy: f(15, str).explicit().doc('Controller that runs the job; `kubernetes.io/job-controller` if unset.'),
    successPolicy: f(16, SuccessPolicy).doc('When an indexed job counts as successful before all indexes are done.'),
    scheduling: f(17, JobSchedulingConfiguration).gate('WorkloadWithJob').doc('How the pods are scheduled as a group.'),
  },
  { doc: 'What a job should run, and how often.' },
)
export type JobSpec = TypeOf<typeof JobSpec>
