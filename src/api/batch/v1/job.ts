import { f } from '../../../schema/field.ts'
import { int32, list, str, type TypeOf, time } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { JobSpec } from './job-spec.ts'
import { kind, message } from './package.ts'

export const JobCondition = message(
  'JobCondition',
  {
    type: f(1, str)
      .go('v1.JobConditionType')
      .required()
      .always()
      .doc('Type of the condition, such as `Complete`, `Failed` or `Suspended`.'),
    status: f(2, str).go('v1.ConditionStatus').required().always().doc('`True`, `False` or `Unknown`.'),
    lastProbeTime: f(3, time).orNull().doc('When the condition was last checked.'),
    lastTransitionTime: f(4, time).orNull().doc('When the status last changed.'),
    reason: f(5, str).doc('Reason for the last change, one word in CamelCase.'),
    message: f(6, str).doc('Details of the last change for people.'),
  },
  { doc: 'One observed aspect of a job.' },
)
export type JobCondition = TypeOf<typeof JobCondition>

export const UncountedTerminatedPods = message(
  'UncountedTerminatedPods',
  {
    succeeded: f(1, list(str)).go('types.UID').listOf('set').doc('UIDs of pods that succeeded.'),
    failed: f(2, list(str)).go('types.UID').listOf('set').doc('UIDs of pods that failed.'),
  },
  { doc: 'UIDs of pods whose finalizer must go before they are counted.' },
)
export type UncountedTerminatedPods = TypeOf<typeof UncountedTerminatedPods>

export const JobStatus = message(
  'JobStatus',
  {
    conditions: f(1, list(JobCondition))
      .listOf('atomic')
      .patch('merge', 'type')
      .doc('Aspects of the state, one for each type.'),
    startTime: f(2, time).explicit().doc('When the job was taken up, anew after each suspension.'),
    completionTime: f(3, time).explicit().doc('When the job succeeded.'),
    active: f(4, int32).doc('Number of pods that are pending or running.'),
    succeeded: f(5, int32).doc('Number of pods that succeeded.'),
    failed: f(6, int32).doc('Number of pods that failed.'),
    completedIndexes: f(7, str).doc('Indexes that have succeeded, as `0,2-5`.'),
    uncountedTerminatedPods: f(8, UncountedTerminatedPods).doc('Ended pods that are not yet part of the counts.'),
    ready: f(9, int32).explicit().doc('Number of pods that are ready.'),
    failedIndexes: f(10, str).explicit().doc('Indexes that have failed, as `0,2-5`.'),
    terminating: f(11, int32).explicit().doc('Number of pods that are being deleted.'),
  },
  { doc: 'What was last observed of a job.' },
)
export type JobStatus = TypeOf<typeof JobStatus>

export const Job = kind(
  'Job',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, JobSpec).always().doc('What should run, and how often.'),
    status: f(3, JobStatus).always().doc('What was last observed; written by the system.'),
  },
  {
    doc: 'Runs pods until enough of them have succeeded.',
    resource: {
      plural: 'jobs',
      singular: 'job',
      categories: ['all'],
      namespaced: true,
      verbs: allVerbs,
      subresources: {
        status: { verbs: ['get', 'patch', 'update'] },
      },
    },
  },
)
export type Job = TypeOf<typeof Job>
