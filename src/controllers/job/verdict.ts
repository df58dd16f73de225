/** Whether a Job has ended, and why (documentation: "Jobs"). */
import type { Job, JobCondition } from '../../api/batch/v1/job.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import { epochMsOf } from '../../client/timestamps.ts'
import { restartsOf } from '../runtime/pods.ts'
import type { Count } from './counting.ts'
import { parseIndexes } from './indexes.ts'

export interface End {
  readonly type: 'Complete' | 'Failed'
  readonly reason: string
  readonly message: string
}

export const conditionOf = (job: Job, type: string): JobCondition | undefined =>
  job.status.conditions?.find(condition => condition.type === type && condition.status === 'True')

export const isEnded = (job: Job): boolean =>
  conditionOf(job, 'Complete') !== undefined || conditionOf(job, 'Failed') !== undefined

const failed = (reason: string, message: string): End => ({ type: 'Failed', reason, message })

/** An end that was decided before stays: first the intent is written, the end itself when the last pod is gone. */
export function endOf(job: Job, count: Count, active: readonly Pod[], nowMs: number): End | undefined {
  const failing = conditionOf(job, 'FailureTarget')
  if (failing) return failed(failing.reason ?? '', failing.message ?? '')
  const meeting = conditionOf(job, 'SuccessCriteriaMet')
  if (meeting) return { type: 'Complete', reason: meeting.reason ?? '', message: meeting.message ?? '' }
  return failureOf(job, count, active, nowMs) ?? successOf(job, count, active)
}

function failureOf(job: Job, count: Count, active: readonly Pod[], nowMs: number): End | undefined {
  const { spec, status } = job
  if (count.failJob !== undefined) return failed('PodFailurePolicy', count.failJob)
  const limit = spec.backoffLimit ?? 6
  const restarts = active.reduce((sum, pod) => sum + restartsOf(pod), 0)
  const tooManyRestarts =
    spec.template.spec.restartPolicy === 'OnFailure' && (limit === 0 ? restarts > 0 : restarts >= limit)
  if (count.failed > limit || tooManyRestarts)
    return failed('BackoffLimitExceeded', 'Job has reached the specified backoff limit')
  const { activeDeadlineSeconds } = spec
  if (activeDeadlineSeconds !== undefined && status.startTime !== undefined && spec.suspend !== true) {
    if (epochMsOf(status.startTime) + activeDeadlineSeconds * 1000 <= nowMs) {
      return failed('DeadlineExceeded', 'Job was active longer than specified deadline')
    }
  }
  if (spec.backoffLimitPerIndex === undefined) return undefined
  if (spec.maxFailedIndexes !== undefined && count.failedIndexes.size > spec.maxFailedIndexes) {
    return failed('MaxFailedIndexesExceeded', 'Job has exceeded the specified maximal number of failed indexes')
  }
  const settled = count.failedIndexes.size + count.completed.size >= (spec.completions ?? 0)
  return count.failedIndexes.size > 0 && settled ? failed('FailedIndexes', 'Job has failed indexes') : undefined
}

function successOf(job: Job, count: Count, active: readonly Pod[]): End | undefined {
  const { completions, successPolicy } = job.spec
  for (const [at, rule] of (successPolicy?.rules ?? []).entries()) {
    const wanted =
      rule.succeededIndexes === undefined ? undefined : parseIndexes(rule.succeededIndexes, completions ?? 0)
    const met =
      wanted === undefined ? count.completed.size : [...wanted].filter(index => count.completed.has(index)).length
    const needed = rule.succeededCount ?? wanted?.size ?? 0
    if (needed > 0 && met >= needed)
      return { type: 'Complete', reason: 'SuccessPolicy', message: `Matched rules at index ${at}` }
  }
  const reached =
    completions === undefined ? count.succeeded > 0 && active.length === 0 : count.succeeded >= completions
  return reached
    ? { type: 'Complete', reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' }
    : undefined
}
