/** What may be reported of a job (upstream: ValidateJobStatusUpdate). Rules hold for what an update changes. */
import type { Job } from '../../../api/batch/v1/job.ts'
import { duplicate, invalid, invalidWithoutValue, required } from '../../../schema/field-error.ts'
import { checkNotNegative, type Errors, isSame } from '../checks.ts'
import { indexesFault, overlapOf } from './indexes.ts'

type Status = Job['status']

const isTrue = ({ conditions }: Status, type: string): boolean =>
  conditions?.some(condition => condition.type === type && condition.status === 'True') ?? false

const wrongConditions = (detail: string) => invalidWithoutValue('status.conditions', detail)

export function checkJobStatus(out: Errors, job: Job, old: Job): void {
  const { status } = job
  for (const name of ['active', 'succeeded', 'failed', 'ready', 'terminating'] as const)
    checkNotNegative(out, `status.${name}`, status[name])
  checkUncounted(out, status)
  checkCompletion(out, status, old.status)
  checkFinished(out, status, old.status)
  checkIndexes(out, job, old)
  const changed = (...names: (keyof Status)[]) => names.some(name => !isSame(status[name], old.status[name]))
  if (changed('terminating') && isFinished(status) && (status.terminating ?? 0) > 0)
    out.push(invalid('status.terminating', status.terminating, 'terminating>0 is invalid for finished job'))
  if (changed('ready', 'active') && status.ready !== undefined && status.ready > (status.active ?? 0))
    out.push(invalid('status.ready', status.ready, 'cannot set more ready pods than active'))
  checkCriteria(out, job)
  checkHistory(out, job, old)
}

const isFinished = (status: Status): boolean => isTrue(status, 'Complete') || isTrue(status, 'Failed')

function checkUncounted(out: Errors, { uncountedTerminatedPods }: Status): void {
  const seen = new Set<string>()
  for (const list of ['succeeded', 'failed'] as const)
    uncountedTerminatedPods?.[list]?.forEach((uid, i) => {
      const at = `status.uncountedTerminatedPods.${list}[${i}]`
      if (uid === '') out.push(invalid(at, uid, 'must not be empty'))
      else if (seen.has(uid)) out.push(duplicate(at, uid))
      seen.add(uid)
    })
}

function checkCompletion(out: Errors, status: Status, old: Status): void {
  const turned = (type: string): boolean => isTrue(status, type) !== isTrue(old, type)
  const isComplete = isTrue(status, 'Complete')
  const { completionTime, startTime } = status
  const at = 'status.completionTime'
  if ((turned('Complete') || turned('Failed')) && isComplete && isTrue(status, 'Failed'))
    out.push(wrongConditions('cannot set Complete=True and Failed=true conditions'))
  if ((turned('Complete') || turned('FailureTarget')) && isComplete && isTrue(status, 'FailureTarget'))
    out.push(wrongConditions('cannot set Complete=True and FailureTarget=true conditions'))
  const timeChanged = completionTime !== old.completionTime
  if (turned('Complete') || timeChanged) {
    if (completionTime !== undefined && !isComplete)
      out.push(invalid(at, completionTime, 'cannot set completionTime when there is no Complete=True condition'))
    if (completionTime === undefined && isComplete)
      out.push(required(at, 'completionTime is required for Complete jobs'))
  }
  const isEarly = startTime !== undefined && completionTime !== undefined && completionTime < startTime
  if (isEarly && (timeChanged || startTime !== old.startTime))
    out.push(invalid(at, completionTime, 'must be equal to or after `startTime`'))
}

function checkFinished(out: Errors, status: Status, old: Status): void {
  const turned = (type: string): boolean => isTrue(status, type) !== isTrue(old, type)
  const changed = (name: keyof Status): boolean => !isSame(status[name], old[name])
  const ended = isFinished(status) !== isFinished(old)
  if ((turned('Failed') || changed('failedIndexes')) && isTrue(status, 'Failed') && !isTrue(status, 'FailureTarget'))
    out.push(wrongConditions('cannot set Failed=True condition without the FailureTarget=true condition'))
  if (
    (turned('Complete') || turned('SuccessCriteriaMet')) &&
    isTrue(status, 'Complete') &&
    !isTrue(status, 'SuccessCriteriaMet')
  )
    out.push(wrongConditions('cannot set Complete=True condition without the SuccessCriteriaMet=true condition'))
  if (!isFinished(status)) return
  if ((ended || changed('active')) && (status.active ?? 0) > 0)
    out.push(invalid('status.active', status.active, 'active>0 is invalid for finished job'))
  if ((ended || changed('startTime')) && status.startTime === undefined)
    out.push(required('status.startTime', 'startTime is required for finished job'))
  const uncounted = status.uncountedTerminatedPods
  const count = (uncounted?.failed?.length ?? 0) + (uncounted?.succeeded?.length ?? 0)
  if ((ended || changed('uncountedTerminatedPods')) && count > 0)
    out.push(invalid('status.uncountedTerminatedPods', uncounted, 'must be empty for finished job'))
}

function checkIndexes(out: Errors, { spec, status }: Job, old: Job): void {
  const { completedIndexes = '', failedIndexes } = status
  const completedChanged = completedIndexes !== (old.status.completedIndexes ?? '')
  const failedChanged = failedIndexes !== old.status.failedIndexes
  const { completions } = spec
  const completedAt = 'status.completedIndexes'
  const failedAt = 'status.failedIndexes'
  if (completedChanged && completions !== undefined) {
    const fault = indexesFault(completedIndexes, completions)
    if (fault) out.push(invalid(completedAt, completedIndexes, `error parsing completedIndexes: ${fault}`))
  }
  if (failedChanged && completions !== undefined && spec.backoffLimitPerIndex !== undefined) {
    const fault = indexesFault(failedIndexes ?? '', completions)
    if (fault) out.push(invalid(failedAt, failedIndexes, `error parsing failedIndexes: ${fault}`))
  }
  if (completedChanged && completedIndexes !== '' && spec.completionMode !== 'Indexed') {
    const detail = 'cannot set non-empty completedIndexes when non-indexed completion mode'
    out.push(invalid(completedAt, completedIndexes, detail))
  }
  if (failedChanged && spec.backoffLimitPerIndex === undefined && failedIndexes !== undefined)
    out.push(invalid(failedAt, failedIndexes, 'cannot set non-null failedIndexes when backoffLimitPerIndex is null'))
  if ((failedChanged || completedChanged) && completions !== undefined && failedIndexes !== undefined) {
    const shared = overlapOf(completedIndexes, failedIndexes, completions)
    if (shared !== undefined)
      out.push(invalid(failedAt, failedIndexes, `failedIndexes and completedIndexes overlap at index: ${shared}`))
  }
}

function checkCriteria(out: Errors, { spec, status }: Job): void {
  const isMet = isTrue(status, 'SuccessCriteriaMet')
  if (isMet && isTrue(status, 'Failed'))
    out.push(wrongConditions('cannot set SuccessCriteriaMet=True and Failed=true conditions'))
  if (isMet && isTrue(status, 'FailureTarget'))
    out.push(wrongConditions('cannot set SuccessCriteriaMet=True and FailureTarget=true conditions'))
  if (spec.successPolicy && !isMet && isTrue(status, 'Complete'))
    out.push(wrongConditions('cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True'))
}

function checkHistory(out: Errors, { spec, status }: Job, old: Job): void {
  for (const type of ['Failed', 'Complete', 'FailureTarget'])
    if (isTrue(old.status, type) && !isTrue(status, type))
      out.push(wrongConditions(`cannot disable the terminal ${type}=True condition`))
  const isElastic = spec.completionMode === 'Indexed' && spec.completions === spec.parallelism
  if ((status.failed ?? 0) < (old.status.failed ?? 0))
    out.push(invalid('status.failed', status.failed ?? 0, 'cannot decrease the failed counter'))
  if (!isElastic && (status.succeeded ?? 0) < (old.status.succeeded ?? 0))
    out.push(invalid('status.succeeded', status.succeeded ?? 0, 'cannot decrease the succeeded counter'))
  const { completionTime } = status
  const before = old.status.completionTime
  if (completionTime !== undefined && before !== undefined && completionTime !== before)
    out.push(invalid('status.completionTime', completionTime, 'field is immutable'))
}
