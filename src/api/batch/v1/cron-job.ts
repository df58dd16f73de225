import { f } from '../../../schema/field.ts'
import { bool, int32, int64, list, oneOf, str, type TypeOf, time } from '../../../schema/type.ts'
import { ObjectReference } from '../../core/v1/object-reference.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { JobSpec } from './job-spec.ts'
import { kind, message } from './package.ts'

export const JobTemplateSpec = message('JobTemplateSpec', {
  metadata: f(1, ObjectMeta).always(),
  spec: f(2, JobSpec).always(),
})
export type JobTemplateSpec = TypeOf<typeof JobTemplateSpec>

export const CronJobSpec = message('CronJobSpec', {
  schedule: f(1, str).required().always(),
  startingDeadlineSeconds: f(2, int64).explicit(),
  concurrencyPolicy: f(3, oneOf('Allow', 'Forbid', 'Replace')),
  suspend: f(4, bool).explicit(),
  jobTemplate: f(5, JobTemplateSpec).required().always(),
  successfulJobsHistoryLimit: f(6, int32).explicit(),
  failedJobsHistoryLimit: f(7, int32).explicit(),
  timeZone: f(8, str).explicit(),
})
export type CronJobSpec = TypeOf<typeof CronJobSpec>

export const CronJobStatus = message('CronJobStatus', {
  active: f(1, list(ObjectReference)).listOf('atomic'),
  lastScheduleTime: f(4, time).explicit(),
  lastSuccessfulTime: f(5, time).explicit(),
})
export type CronJobStatus = TypeOf<typeof CronJobStatus>

export const CronJob = kind(
  'CronJob',
  {
    metadata: f(1, ObjectMeta).always(),
    spec: f(2, CronJobSpec).required().always(),
    status: f(3, CronJobStatus).always(),
  },
  {
    resource: {
      plural: 'cronjobs',
      singular: 'cronjob',
      shortNames: ['cj'],
      categories: ['all'],
      namespaced: true,
      verbs: allVerbs,
      subresources: {
        status: { verbs: ['get', 'patch', 'update'] },
      },
    },
  },
)
export type CronJob = TypeOf<typeof CronJob>
