/** Jobs and cron jobs. */
import type { CronJob } from '../../api/batch/v1/cron-job.ts'
import type { Job } from '../../api/batch/v1/job.ts'
import { ageOf, humanDuration } from './human-duration.ts'
import {
  ageColumn,
  column,
  containerCells,
  containerColumns,
  nameColumn,
  type Printer,
  showSelector,
  wideColumn,
} from './printer.ts'

function statusOf({ metadata, status }: Job): string {
  const holds = (type: string): boolean =>
    (status.conditions ?? []).some(condition => condition.type === type && condition.status === 'True')
  if (holds('Complete')) return 'Complete'
  if (holds('Failed')) return 'Failed'
  if (metadata.deletionTimestamp) return 'Terminating'
  return ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find(holds) ?? 'Running'
}

function completionsOf({ spec, status }: Job): string {
  const succeeded = status.succeeded ?? 0
  if (spec.completions !== undefined && spec.completions !== null) return `${succeeded}/${spec.completions}`
  const parallelism = spec.parallelism ?? 0
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`
}

function durationOf({ status }: Job, nowMs: number): string {
  if (!status.startTime) return ''
  const endMs = status.completionTime ? Date.parse(status.completionTime) : nowMs
  return humanDuration(endMs - Date.parse(status.startTime))
}

export const jobPrinter: Printer<Job> = {
  columns: [
    nameColumn,
    column('Status', 'What became of the job.'),
    column('Completions', 'How many pods have succeeded, of how many needed.'),
    column('Duration', 'How long the job has run.'),
    ageColumn,
    ...containerColumns,
    wideColumn('Selector', 'The labels of the pods that belong to it.'),
  ],
  cells: (job, nowMs) => [
    job.metadata.name,
    statusOf(job),
    completionsOf(job),
    durationOf(job, nowMs),
    ageOf(job.metadata.creationTimestamp, nowMs),
    ...containerCells(job.spec.template.spec),
    showSelector(job.spec.selector),
  ],
}

const showFlag = (flag: boolean | undefined): string => (flag === undefined ? '<unset>' : flag ? 'True' : 'False')

export const cronJobPrinter: Printer<CronJob> = {
  columns: [
    nameColumn,
    column('Schedule', 'When jobs are started, in cron form.'),
    column('Timezone', 'The time zone of the schedule.'),
    column('Suspend', 'Whether no more jobs are started.', { type: 'boolean' }),
    column('Active', 'How many jobs are running.', { type: 'integer' }),
    column('Last Schedule', 'How long ago a job was started last.'),
    ageColumn,
    ...containerColumns,
    wideColumn('Selector', 'The labels of the pods that belong to the jobs.'),
  ],
  cells: ({ metadata, spec, status }, nowMs) => [
    metadata.name,
    spec.schedule,
    spec.timeZone ?? '<none>',
    showFlag(spec.suspend),
    (status.active ?? []).length,
    status.lastScheduleTime ? ageOf(status.lastScheduleTime, nowMs) : '<none>',
    ageOf(metadata.creationTimestamp, nowMs),
    ...containerCells(spec.jobTemplate.spec.template.spec),
    showSelector(spec.jobTemplate.spec.selector),
  ],
}
