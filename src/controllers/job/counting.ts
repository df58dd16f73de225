/**
 * Counts ended pods exactly once (KEP-2307): a pod's UID is first written into the Job's status, then its finalizer is
 * removed, and when that is seen the UID becomes part of the number. A crash between any two of these loses nothing.
 */
import type { Job, JobStatus } from '../../api/batch/v1/job.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import { judge } from './failure-policy.ts'
import { formatIndexes, parseIndexes } from './indexes.ts'
import { earlierFailures, hasFailed, hasSucceeded, indexOf, isIndexed, isTracked } from './job-pods.ts'

/** UIDs held in the status at a time (upstream's MaxUncountedPods). */
const maxUncounted = 500

export interface Count {
  readonly status: JobStatus
  readonly succeeded: number
  readonly failed: number
  readonly completed: ReadonlySet<number>
  readonly failedIndexes: ReadonlySet<number>
  /** Their end is written in the Job's status as it is stored: the finalizer may go. */
  readonly released: readonly Pod[]
  /** Why a rule of the failure policy ends the Job. */
  readonly failJob: string | undefined
}

export function countPods(job: Job, pods: readonly Pod[]): Count {
  const before = job.status
  const tracked = new Map(pods.filter(isTracked).map(pod => [pod.metadata.uid, pod]))
  const stored = {
    succeeded: before.uncountedTerminatedPods?.succeeded ?? [],
    failed: before.uncountedTerminatedPods?.failed ?? [],
  }
  const left = {
    succeeded: stored.succeeded.filter(uid => tracked.has(uid)),
    failed: stored.failed.filter(uid => tracked.has(uid)),
  }
  let succeeded = (before.succeeded ?? 0) + stored.succeeded.length - left.succeeded.length
  const failed = (before.failed ?? 0) + stored.failed.length - left.failed.length
  const completions = job.spec.completions ?? 0
  const completed = isIndexed(job) ? parseIndexes(before.completedIndexes, completions) : new Set<number>()
  const failedIndexes = isIndexed(job) ? parseIndexes(before.failedIndexes, completions) : new Set<number>()
  const storedCompleted = new Set(completed)
  const released: Pod[] = []
  let failJob: string | undefined
  for (const [uid, pod] of tracked) {
    if (stored.succeeded.includes(uid) || stored.failed.includes(uid)) {
      released.push(pod)
    } else if (hasSucceeded(pod)) {
      if (!isIndexed(job)) add(left.succeeded, uid, left)
      else if (storedCompleted.has(indexOf(pod))) released.push(pod)
      else if (indexOf(pod) >= 0 && indexOf(pod) < completions) completed.add(indexOf(pod))
      else released.push(pod)
    } else if (hasFailed(pod, job)) {
      const { action, message } = judge(pod, job.spec.podFailurePolicy)
      if (action === 'FailJob') failJob ??= message
      if (action === 'Ignore') {
        released.push(pod)
        continue
      }
      const limit = job.spec.backoffLimitPerIndex
      const exceeded = limit !== undefined && earlierFailures(pod) >= limit
      if (limit !== undefined && (action === 'FailIndex' || exceeded)) failedIndexes.add(indexOf(pod))
      add(left.failed, uid, left)
    }
  }
  if (isIndexed(job)) succeeded = completed.size
  const status: JobStatus = {
    ...before,
    uncountedTerminatedPods: {
      ...(left.succeeded.length === 0 ? {} : { succeeded: left.succeeded }),
      ...(left.failed.length === 0 ? {} : { failed: left.failed }),
    },
    ...(succeeded === 0 ? {} : { succeeded }),
    ...(failed === 0 ? {} : { failed }),
    ...(isIndexed(job) ? { completedIndexes: formatIndexes(completed) } : {}),
    ...(job.spec.backoffLimitPerIndex === undefined ? {} : { failedIndexes: formatIndexes(failedIndexes) }),
  }
  const soon = (isIndexed(job) ? 0 : left.succeeded.length) + succeeded
  return { status, succeeded: soon, failed: failed + left.failed.length, completed, failedIndexes, released, failJob }
}

function add(list: string[], uid: string, all: { succeeded: string[]; failed: string[] }): void {
  if (all.succeeded.length + all.failed.length < maxUncounted) list.push(uid)
}
