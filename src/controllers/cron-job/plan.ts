/** CronJobs: a Job at each time of a schedule (documentation: "CronJob"). */
import { CronJob, type CronJobStatus } from '../../api/batch/v1/cron-job.ts'
import { Job } from '../../api/batch/v1/job.ts'
import { referenceTo } from '../../client/event-recorder.ts'
import { epochMsOf, timeOf } from '../../client/timestamps.ts'
import { type Action, create, type Plan, remove, updateStatus } from '../runtime/action.ts'
import { controllerReference } from '../runtime/owners.ts'
import { same } from '../runtime/same.ts'
import { dueAt, parseSchedule, type Schedule } from './schedule.ts'

export interface CronState {
  readonly cron: CronJob
  readonly jobs: readonly Job[]
  readonly nowMs: number
}

const endOf = (job: Job): 'Complete' | 'Failed' | undefined => {
  const end = job.status.conditions?.find(
    ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
  )
  return end?.type as 'Complete' | 'Failed' | undefined
}

export function planCron(state: CronState): Plan {
  const { cron, jobs, nowMs } = state
  if (cron.metadata.deletionTimestamp !== undefined) return { steps: [] }
  const active = jobs.filter(job => endOf(job) === undefined)
  const status = statusOf(cron, jobs, active)
  const seen = finishedEvents(cron, jobs)
  const history = surplusJobs(cron, jobs)
  const finish = (next: CronJobStatus): Action[] =>
    same(next, cron.status) ? [] : [updateStatus(CronJob, { ...cron, status: next })]
  const rest: Plan = { steps: [seen, history], after: () => finish(status) }
  if (cron.spec.suspend === true) return rest
  let schedule: Schedule
  try {
    schedule = parseSchedule(cron.spec.schedule, cron.spec.timeZone)
  } catch (error) {
    const message = `unparseable schedule: ${cron.spec.schedule} : ${(error as Error).message}`
    return { ...rest, steps: [seen, history, [tell(cron, 'Warning', 'UnparseableSchedule', message)]] }
  }
  const deadlineMs =
    cron.spec.startingDeadlineSeconds === undefined ? undefined : cron.spec.startingDeadlineSeconds * 1000
  const lastMs = epochMsOf(cron.status.lastScheduleTime) || epochMsOf(cron.metadata.creationTimestamp)
  const sinceMs = deadlineMs === undefined ? lastMs : Math.max(lastMs, nowMs - deadlineMs)
  const { atMs, missed, nextMs } = dueAt(schedule, sinceMs, nowMs)
  const wait = nextMs === undefined ? {} : { requeueAfterMs: nextMs - nowMs + 100 }
  if (atMs === undefined) return { ...rest, ...wait }
  const start = startOf(cron, active, atMs, missed)
  return {
    steps: [seen, history, ...start.steps],
    after: failure =>
      finish(failure === undefined && start.counts ? { ...status, lastScheduleTime: timeOf(atMs) } : status),
    ...wait,
  }
}

const tell = (on: CronJob, type: 'Normal' | 'Warning', reason: string, message: string): Action => ({
  do: 'event',
  on,
  type,
  reason,
  message,
})

function startOf(
  cron: CronJob,
  active: readonly Job[],
  atMs: number,
  missed: number,
): { steps: Action[][]; counts: boolean } {
  const warnings =
    missed > 100
      ? [
          tell(
            cron,
            'Warning',
            'TooManyMissedTimes',
            'too many missed start times: set or decrease .spec.startingDeadlineSeconds or check clock skew',
          ),
        ]
      : []
  if (cron.spec.concurrencyPolicy === 'Forbid' && active.length > 0) {
    const message = 'Not starting job because prior execution is running and concurrency policy is Forbid'
    return { steps: [[...warnings, tell(cron, 'Normal', 'JobAlreadyActive', message)]], counts: false }
  }
  const replaced = cron.spec.concurrencyPolicy === 'Replace' ? active : []
  const deletions = replaced.map(job =>
    remove(
      Job,
      job,
      { propagationPolicy: 'Background' },
      {
        on: cron,
        success: ['SuccessfulDelete', 'Deleted job {name}'],
        failure: ['FailedDelete', 'Deleted job: {error}'],
      },
    ),
  )
  return { steps: [warnings, deletions, [creation(cron, atMs)]], counts: true }
}

/** The name holds the minute, so that no time starts two Jobs. */
function creation(cron: CronJob, atMs: number): Action {
  const { jobTemplate, timeZone } = cron.spec
  const { namespace, name } = cron.metadata
  const object = {
    metadata: {
      name: `${name}-${Math.floor(atMs / 60_000)}`,
      namespace,
      ...(jobTemplate.metadata.labels === undefined ? {} : { labels: jobTemplate.metadata.labels }),
      annotations: {
        ...jobTemplate.metadata.annotations,
        'batch.kubernetes.io/cronjob-scheduled-timestamp': zonedTime(atMs, timeZone),
      },
      ownerReferences: [controllerReference(CronJob, cron)],
    },
    spec: jobTemplate.spec,
  }
  const reports = {
    on: cron,
    success: ['SuccessfulCreate', 'Created job {name}'],
    failure: ['FailedCreate', 'Error creating job: {error}'],
  } as const
  return { ...create(Job, namespace, object, reports), mayExist: true } as Action
}

/** RFC 3339 with the zone's offset. */
export function zonedTime(epochMs: number, timeZone: string | undefined): string {
  if (timeZone === undefined) return timeOf(epochMs)
  const parts = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' }).formatToParts(epochMs)
  const offset = parts.find(({ type }) => type === 'timeZoneName')?.value.replace('GMT', '') ?? ''
  if (offset === '') return timeOf(epochMs)
  const [, sign, hours, minutes] = /^([+-])(\d\d):(\d\d)/.exec(offset) ?? []
  const shiftMs = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000
  return timeOf(epochMs + shiftMs).replace('Z', offset.slice(0, 6))
}

function statusOf(cron: CronJob, jobs: readonly Job[], active: readonly Job[]): CronJobStatus {
  const { lastScheduleTime, lastSuccessfulTime } = cron.status
  const successes = jobs.filter(job => endOf(job) === 'Complete').map(job => job.status.completionTime ?? '')
  const newest = [lastSuccessfulTime ?? '', ...successes].sort().at(-1)
  return {
    ...(active.length === 0 ? {} : { active: active.map(job => referenceTo(job)) }),
    ...(lastScheduleTime === undefined ? {} : { lastScheduleTime }),
    ...(newest ? { lastSuccessfulTime: newest } : {}),
  }
}

function finishedEvents(cron: CronJob, jobs: readonly Job[]): Action[] {
  const wasActive = new Set((cron.status.active ?? []).map(({ uid }) => uid))
  const ended = jobs.filter(job => wasActive.has(job.metadata.uid) && endOf(job) !== undefined)
  const known = new Set(jobs.map(({ metadata }) => metadata.uid))
  const missing = (cron.status.active ?? []).filter(({ uid }) => !known.has(uid ?? ''))
  return [
    ...ended.map(job =>
      tell(cron, 'Normal', 'SawCompletedJob', `Saw completed job: ${job.metadata.name}, condition: ${endOf(job)}`),
    ),
    ...missing.map(({ name }) => tell(cron, 'Normal', 'MissingJob', `Active job went missing: ${name}`)),
  ]
}

function surplusJobs(cron: CronJob, jobs: readonly Job[]): Action[] {
  const surplus = (end: 'Complete' | 'Failed', limit: number): Job[] => {
    const ended = jobs.filter(job => endOf(job) === end && job.metadata.deletionTimestamp === undefined)
    const byStart = ended.toSorted((a, b) => epochMsOf(a.status.startTime) - epochMsOf(b.status.startTime))
    return byStart.slice(0, Math.max(0, byStart.length - limit))
  }
  const gone = [
    ...surplus('Complete', cron.spec.successfulJobsHistoryLimit ?? 3),
    ...surplus('Failed', cron.spec.failedJobsHistoryLimit ?? 1),
  ]
  return gone.map(job =>
    remove(
      Job,
      job,
      { propagationPolicy: 'Background' },
      {
        on: cron,
        success: ['SuccessfulDelete', 'Deleted job {name}'],
        failure: ['FailedDelete', 'Deleted job: {error}'],
      },
    ),
  )
}
