import { f } from '../../../schema/field.ts'
import { bool, int32, int64, list, oneOf, str, type TypeOf, time } from '../../../schema/type.ts'
import { ObjectReference } from '../../core/v1/object-reference.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { JobSpec } from './job-spec.ts'
import { kind, message } from './package.ts'

export const JobTemplateSpec = message(
  'JobTemplateSpec',
  {
    metadata: f(1, ObjectMeta).always().doc('Labels and annotations that each job gets.'),
    spec: f(2, JobSpec).always().doc('Specification that each job gets.'),
  },
  { doc: 'The pattern from which a cron job makes jobs.' },
)
export type JobTemplateSpec = TypeOf<typeof JobTemplateSpec>

export const CronJobSpec = message(
  'CronJobSpec',
  {
    schedule: f(1, str).required().always().doc('When to start, in the five fields of cron, or as `@daily`.'),
    startingDeadlineSeconds: f(2, int64)
      .explicit()
      .doc('Seconds by which a start may be late; a later one is left out.'),
    concurrencyPolicy: f(3, oneOf('Allow', 'Forbid', 'Replace'))
      .go('v1.ConcurrencyPolicy')
      .doc('What to do if the last job still runs: `Allow` (default), `Forbid` or `Replace`.'),
    suspend: f(4, bool).explicit().doc('Start no more jobs while it is set; false by default.'),
    jobTemplate: f(5, JobTemplateSpec).required().always().doc('Pattern of the jobs.'),
    successfulJobsHistoryLimit: f(6, int32).explicit().doc('Successful jobs that are kept; 3 by default.'),
    failedJobsHistoryLimit: f(7, int32).explicit().doc('Failed jobs that are kept; 1 by default.'),
    timeZone: f(8, str)
      .explicit()
      .doc('IANA name of the time zone of the schedule; that of the controller by default.'),
  },
  { doc: 'Specification of a cron job.' },
)
export type CronJobSpec = TypeOf<typeof CronJobSpec>

export const CronJobStatus = message(
  'CronJobStatus',
  {
    active: f(1, list(ObjectReference)).listOf('atomic').doc('Jobs that run.'),
    lastScheduleTime: f(4, time).explicit().doc('When a job was last started.'),
    lastSuccessfulTime: f(5, time).explicit().doc('When a job last succeeded.'),
  },
  { doc: 'What was last observed of a cron job.' },
)
export type CronJobStatus = TypeOf<typeof CronJobStatus>

export const CronJob = kind(
  'CronJob',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, CronJobSpec).required().always().doc('Which job to start, and when.'),
    status: f(3, CronJobStatus).always().doc('What was last observed; written by the system.'),
  },
  {
    doc: 'Starts jobs by a schedule.',
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
