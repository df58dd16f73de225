/** Jobs: pods until enough of them succeeded (documentation: "Jobs"). */
import { Job, type JobCondition, type JobStatus } from '../../api/batch/v1/job.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import { epochMsOf, timeOf } from '../../client/timestamps.ts'
import { type Action, create, mergePatch, type Plan, remove, updateStatus } from '../runtime/action.ts'
import { isActive, isFinished, isReady, isTerminating } from '../runtime/pods.ts'
import { same } from '../runtime/same.ts'
import { type Count, countPods } from './counting.ts'
import {
  earlierFailures,
  finishedAtMs,
  hasFailed,
  hasSucceeded,
  indexOf,
  isIndexed,
  isTracked,
  newPod,
  trackingFinalizer,
} from './job-pods.ts'
import { type End, endOf, isEnded } from './verdict.ts'

export interface JobState {
  readonly job: Job
  readonly pods: readonly Pod[]
  readonly claims: readonly Action[]
  readonly nowMs: number
}

/** Back-off between failures of pods (upstream's DefaultJobPodFailureBackOff and MaxJobPodFailureBackOff). */
const firstBackoffMs = 10_000
const longestBackoffMs = 600_000
/** Pods made or deleted by one plan. */
const maxBurst = 500

const release = (pod: Pod): Action =>
  mergePatch(Pod, pod, {
    metadata: {
      uid: pod.metadata.uid,
      resourceVersion: pod.metadata.resourceVersion,
      finalizers: (pod.metadata.finalizers ?? []).filter(name => name !== trackingFinalizer),
    },
  })

export function planJob(state: JobState): Plan {
  const { job, pods, claims, nowMs } = state
  if (isEnded(job) || job.metadata.deletionTimestamp !== undefined) {
    return { steps: [claims, pods.filter(isTracked).map(release)] }
  }
  const count = countPods(job, pods)
  const active = pods.filter(isActive)
  const end = endOf(job, count, active, nowMs)
  const { changes, waitMs } = end
    ? { changes: deletions(job, active), waitMs: undefined }
    : balance(state, count, active)
  const status = statusOf(state, count, active, end)
  const events = eventsOf(job, status, end)
  // What has ended waits for its pods, whose going wakes this.
  const deadlineMs = end ? undefined : untilDeadlineMs(job, status, nowMs)
  const waits = [waitMs, deadlineMs].filter(ms => ms !== undefined)
  return {
    // Ends are in the stored status before their finalizers go; those not yet stored follow in the next plan.
    steps: [claims, count.released.map(release), ...changes],
    after: () => (same(status, job.status) ? [] : [updateStatus(Job, { ...job, status }), ...events]),
    ...(waits.length === 0 ? {} : { requeueAfterMs: Math.min(...waits) }),
  }
}

/** A pod that the Job itself ends is not a failure: its finalizer goes first. */
function deletions(job: Job, pods: readonly Pod[]): Action[][] {
  const chosen = pods.slice(0, maxBurst)
  const reports = {
    on: job,
    success: ['SuccessfulDelete', 'Deleted pod: {name}'],
    failure: ['FailedDelete', 'Error deleting: {error}'],
  } as const
  return [chosen.filter(isTracked).map(release), chosen.map(pod => remove(Pod, pod, undefined, reports))]
}

interface Balance {
  readonly changes: Action[][]
  readonly waitMs: number | undefined
}

function balance(state: JobState, count: Count, active: readonly Pod[]): Balance {
  const { job, pods, nowMs } = state
  if (job.spec.suspend === true) return { changes: deletions(job, active), waitMs: undefined }
  const parallelism = job.spec.parallelism ?? 1
  const { completions } = job.spec
  const ended = count.succeeded + (job.spec.backoffLimitPerIndex === undefined ? 0 : count.failedIndexes.size)
  const open =
    completions === undefined ? (count.succeeded > 0 ? active.length : parallelism) : Math.max(0, completions - ended)
  const wanted = Math.min(parallelism, open)
  if (active.length > wanted) {
    const ranked = active.toSorted((a, b) => Number(isReady(a)) - Number(isReady(b)) || indexOf(b) - indexOf(a))
    return { changes: deletions(job, ranked.slice(0, active.length - wanted)), waitMs: undefined }
  }
  // Where a pod is replaced only once it has ended, those on their way out still count.
  const busy = job.spec.podReplacementPolicy === 'Failed' ? pods.filter(pod => !isFinished(pod)) : active
  const missing = Math.min(wanted - busy.length, maxBurst)
  if (missing <= 0) return { changes: [], waitMs: undefined }
  const waitMs = backoffMs(job, pods, nowMs)
  if (waitMs > 0) return { changes: [], waitMs }
  return { changes: [creations(job, pods, busy, count, missing)], waitMs: undefined }
}

function creations(job: Job, pods: readonly Pod[], busy: readonly Pod[], count: Count, missing: number): Action[] {
  const reports = {
    on: job,
    success: ['SuccessfulCreate', 'Created pod: {name}'],
    failure: ['FailedCreate', 'Error creating: {error}'],
  } as const
  const make = (index?: number, failures = 0) =>
    create(Pod, job.metadata.namespace, newPod(job, index, failures) as object, reports)
  if (!isIndexed(job)) return Array.from({ length: missing }, () => make())
  const taken = new Set([...busy.map(indexOf), ...count.completed, ...count.failedIndexes])
  const actions: Action[] = []
  for (let index = 0; index < (job.spec.completions ?? 0) && actions.length < missing; index++) {
    if (taken.has(index)) continue
    const failures = pods
      .filter(pod => indexOf(pod) === index && hasFailed(pod, job))
      .map(pod => earlierFailures(pod) + 1)
    actions.push(make(index, Math.max(0, ...failures)))
  }
  return actions
}

/** How long to wait for the next pod: 10 s after the first failure, doubled by each since the last success. */
function backoffMs(job: Job, pods: readonly Pod[], nowMs: number): number {
  const lastSuccessMs = Math.max(0, ...pods.filter(hasSucceeded).map(finishedAtMs))
  const failures = pods
    .filter(pod => hasFailed(pod, job))
    .map(finishedAtMs)
    .filter(atMs => atMs >= lastSuccessMs)
  if (failures.length === 0) return 0
  const delayMs = Math.min(firstBackoffMs * 2 ** (failures.length - 1), longestBackoffMs)
  return Math.max(0, Math.min(Math.max(...failures), nowMs) + delayMs - nowMs)
}

function setCondition(
  conditions: readonly JobCondition[],
  type: string,
  status: string,
  reason: string,
  message: string,
  nowMs: number,
): JobCondition[] {
  const known = conditions.find(condition => condition.type === type)
  if (known?.status === status && known.reason === reason) return [...conditions]
  const now = timeOf(nowMs)
  return [
    ...conditions.filter(condition => condition.type !== type),
    { type, status, lastProbeTime: now, lastTransitionTime: now, reason, message },
  ]
}

function statusOf(
  { job, pods, nowMs }: JobState,
  count: Count,
  active: readonly Pod[],
  end: End | undefined,
): JobStatus {
  const suspended = job.spec.suspend === true
  const left = end || suspended ? 0 : active.length
  const terminating =
    pods.filter(pod => isTerminating(pod) && !isFinished(pod)).length + (end || suspended ? active.length : 0)
  let conditions = job.status.conditions ?? []
  let { startTime } = job.status
  if (suspended && !end)
    conditions = setCondition(conditions, 'Suspended', 'True', 'JobSuspended', 'Job suspended', nowMs)
  else if (!suspended && conditions.some(({ type, status }) => type === 'Suspended' && status === 'True')) {
    conditions = setCondition(conditions, 'Suspended', 'False', 'JobResumed', 'Job resumed', nowMs)
    startTime = timeOf(nowMs)
  }
  if (!suspended && startTime === undefined) startTime = timeOf(nowMs)
  const uncounted = count.status.uncountedTerminatedPods
  const settled =
    active.length + terminating + (uncounted?.succeeded?.length ?? 0) + (uncounted?.failed?.length ?? 0) === 0
  // An index counted just now is only written by this update; its pod's finalizer goes after it.
  const allReleased = pods.filter(isTracked).every(pod => count.released.includes(pod))
  if (end) {
    const intent = end.type === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget'
    conditions = setCondition(conditions, intent, 'True', end.reason, end.message, nowMs)
    if (settled && allReleased) conditions = setCondition(conditions, end.type, 'True', end.reason, end.message, nowMs)
  }
  const complete = end?.type === 'Complete' && settled && allReleased
  const { active: _, ...counted } = count.status
  return {
    ...counted,
    ...(conditions.length === 0 ? {} : { conditions: [...conditions] }),
    ...(startTime === undefined ? {} : { startTime }),
    ...(complete ? { completionTime: timeOf(nowMs) } : {}),
    ...(left === 0 ? {} : { active: left }),
    ready: active.filter(isReady).length,
    terminating,
  }
}

function eventsOf(job: Job, status: JobStatus, end: End | undefined): Action[] {
  const isNew = (type: string, value: string): boolean => {
    const has = (conditions: readonly JobCondition[] | undefined) =>
      conditions?.some(one => one.type === type && one.status === value) === true
    return has(status.conditions) && !has(job.status.conditions)
  }
  const tell = (type: 'Normal' | 'Warning', reason: string, message: string): Action => ({
    do: 'event',
    on: job,
    type,
    reason,
    message,
  })
  if (end && isNew('Complete', 'True')) return [tell('Normal', 'Completed', 'Job completed')]
  if (end && isNew('Failed', 'True')) return [tell('Warning', end.reason, end.message)]
  if (isNew('Suspended', 'True')) return [tell('Normal', 'Suspended', 'Job suspended')]
  if (isNew('Suspended', 'False')) return [tell('Normal', 'Resumed', 'Job resumed')]
  return []
}

function untilDeadlineMs(job: Job, status: JobStatus, nowMs: number): number | undefined {
  const { activeDeadlineSeconds, suspend } = job.spec
  if (activeDeadlineSeconds === undefined || suspend === true || status.startTime === undefined) return undefined
  return Math.max(0, epochMsOf(status.startTime) + activeDeadlineSeconds * 1000 - nowMs)
}
