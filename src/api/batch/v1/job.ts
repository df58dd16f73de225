import { f } from '../../../schema/field.ts'
import { int32, list, str, type TypeOf, time } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { JobSpec } from './job-spec.ts'
import { kind, message } from './package.ts'

export const JobCondition = message('JobCondition', {
  type: f(1, str).required().always(),
  status: f(2, str).required().always(),
  lastProbeTime: f(3, time),
  lastTransitionTime: f(4, time),
  reason: f(5, str),
  message: f(6, str),
})
export type JobCondition = TypeOf<typeof JobCondition>

export const UncountedTerminatedPods = message('UncountedTerminatedPods', {
  succeeded: f(1, list(str)).listOf('set'),
  failed: f(2, list(str)).listOf('set'),
})
export type UncountedTerminatedPods = TypeOf<typeof UncountedTerminatedPods>

export const JobStatus = message('JobStatus', {
  conditions: f(1, list(JobCondition)).listOf('atomic').patch('merge', 'type'),
  startTime: f(2, time).explicit(),
  completionTime: f(3, time).explicit(),
  active: f(4, int32),
  succeeded: f(5, int32),
  failed: f(6, int32),
  completedIndexes: f(7, str),
  uncountedTerminatedPods: f(8, UncountedTerminatedPods),
  ready: f(9, int32).explicit(),
  failedIndexes: f(10, str).explicit(),
  terminating: f(11, int32).explicit(),
})
export type JobStatus = TypeOf<typeof JobStatus>

export const Job = kind(
  'Job',
  {
    metadata: f(1, ObjectMeta).always(),
    spec: f(2, JobSpec).always(),
    status: f(3, JobStatus).always(),
  },
  {
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
