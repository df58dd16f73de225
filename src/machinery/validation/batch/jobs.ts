/** Jobs and cron jobs (upstream: ValidateJob, ValidateJobUpdate, ValidateCronJobCreate). */
import type { CronJob } from '../../../api/batch/v1/cron-job.ts'
import type { Job } from '../../../api/batch/v1/job.ts'
import type { JobSpec } from '../../../api/batch/v1/job-spec.ts'
import type { PodTemplateSpec } from '../../../api/core/v1/pod-spec.ts'
import {
  duplicate,
  invalid,
  invalidWithoutValue,
  notSupported,
  required,
  tooLong,
  tooMany,
} from '../../../schema/field-error.ts'
import { dns1123LabelErrors } from '../../../schema/formats.ts'
import { labelSelectorOf } from '../../selectors/label-selector.ts'
import { labelKeyErrors } from '../../selectors/label-syntax.ts'
import {
  checkImmutable,
  checkLabelSelector,
  checkNotNegative,
  checkOneOf,
  checkPrefixedPath,
  comparisons,
  type Errors,
  isSame,
  pushInvalid,
} from '../checks.ts'
import { checkPodTemplate } from '../core/pod-spec.ts'
import { cronFault } from './cron-schedule.ts'
import { indexesFault } from './indexes.ts'

const maxIndexedParallelism = 100_000
const maxCronJobNameLength = 52

export function checkJob(out: Errors, job: Job): void {
  const { spec, metadata } = job
  checkGeneratedSelector(out, job)
  checkJobSpec(out, 'spec', spec)
  if (spec.completionMode === 'Indexed' && (spec.completions ?? 0) > 0 && metadata.name) {
    const podName = `${metadata.name}-${spec.completions! - 1}`
    pushInvalid(
      out,
      'metadata.name',
      metadata.name,
      dns1123LabelErrors(podName)
        .map(message => `will not able to create pod with invalid DNS label: ${podName}: ${message}`)
        .slice(0, 1),
    )
  }
}

/** The selector that the server makes must be the one it would make. */
function checkGeneratedSelector(out: Errors, job: Job): void {
  const { spec, metadata } = job
  if (!spec.selector) {
    out.push(required('spec.selector'))
    return
  }
  const before = out.length
  checkLabelSelector(out, 'spec.selector', spec.selector)
  const labels = spec.template.metadata.labels ?? {}
  if (!spec.manualSelector && metadata.uid) {
    const expected = labels['batch.kubernetes.io/controller-uid'] ?? labels['controller-uid']
    if (expected !== metadata.uid) {
      out.push(invalid('spec.template.metadata.labels', labels, `must be '${metadata.uid}'`))
    }
  }
  if (out.length === before) checkMatches(out, job)
}

function checkSelector(out: Errors, job: Job): void {
  const { selector } = job.spec
  const before = out.length
  if (selector) checkLabelSelector(out, 'spec.selector', selector)
  else out.push(required('spec.selector'))
  if (!selector || out.length === before) checkMatches(out, job)
}

/** No selector matches nothing. */
function checkMatches(out: Errors, { spec: { selector, template } }: Job): void {
  const { labels } = template.metadata
  if (!selector || !labelSelectorOf(selector).matches(labels))
    out.push(invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'))
}

export function checkJobSpec(out: Errors, path: string, spec: JobSpec): void {
  for (const name of [
    'parallelism',
    'completions',
    'activeDeadlineSeconds',
    'backoffLimit',
    'ttlSecondsAfterFinished',
    'backoffLimitPerIndex',
    'maxFailedIndexes',
  ] as const) {
    checkNotNegative(out, `${path}.${name}`, spec[name])
  }
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined)
    out.push(required(`${path}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified'))
  if (spec.managedBy !== undefined) {
    checkPrefixedPath(out, `${path}.managedBy`, spec.managedBy)
    if (spec.managedBy.length > 63) {
      out.push(tooLong(`${path}.managedBy`, 63))
    }
  }
  checkIndexed(out, path, spec)
  checkFailurePolicy(out, path, spec)
  checkSuccessPolicy(out, path, spec)
  checkPodTemplate(out, `${path}.template`, spec.template)
  const policy = spec.template.spec.restartPolicy
  if (policy === 'Always') {
    out.push(required(`${path}.template.spec.restartPolicy`, 'valid values: "OnFailure", "Never"'))
  } else if (policy !== 'OnFailure' && policy !== 'Never') {
    out.push(notSupported(`${path}.template.spec.restartPolicy`, policy, ['OnFailure', 'Never']))
  } else if (spec.podFailurePolicy && policy !== 'Never') {
    out.push(
      invalid(
        `${path}.template.spec.restartPolicy`,
        policy,
        'only "Never" is supported when podFailurePolicy is specified',
      ),
    )
  }
  if (spec.podFailurePolicy && spec.podReplacementPolicy !== undefined && spec.podReplacementPolicy !== 'Failed') {
    out.push(notSupported(`${path}.podReplacementPolicy`, spec.podReplacementPolicy, ['Failed']))
  }
}

const completionModes = ['NonIndexed', 'Indexed']

function checkIndexed(out: Errors, path: string, spec: JobSpec): void {
  const mode: string | undefined = spec.completionMode
  if (mode !== undefined) checkOneOf(out, `${path}.completionMode`, mode, completionModes)
  if (mode === 'Indexed') checkIndexes(out, path, spec)
  if (mode !== undefined && mode !== 'NonIndexed') return
  for (const name of ['backoffLimitPerIndex', 'maxFailedIndexes'] as const)
    if (spec[name] !== undefined) out.push(invalid(`${path}.${name}`, spec[name], 'requires indexed completion mode'))
}

function checkIndexes(out: Errors, path: string, spec: JobSpec): void {
  if (spec.completions === undefined) out.push(required(`${path}.completions`, 'when completion mode is Indexed'))
  if ((spec.parallelism ?? 0) > maxIndexedParallelism) {
    out.push(
      invalid(
        `${path}.parallelism`,
        spec.parallelism,
        `must be less than or equal to ${maxIndexedParallelism} when completion mode is Indexed`,
      ),
    )
  }
  const most = spec.maxFailedIndexes
  if (most !== undefined && spec.completions !== undefined && most > spec.completions)
    out.push(invalid(`${path}.maxFailedIndexes`, most, 'must be less than or equal to completions'))
}

const maxRules = 20
const maxExitCodes = 255

function checkFailurePolicy(out: Errors, path: string, spec: JobSpec): void {
  const rules = spec.podFailurePolicy?.rules ?? []
  const at = `${path}.podFailurePolicy.rules`
  if (rules.length > maxRules) out.push(tooMany(at, rules.length, maxRules))
  const containers = [...(spec.template.spec.containers ?? []), ...(spec.template.spec.initContainers ?? [])]
  const names = new Set(containers.map(container => container.name))
  rules.forEach((rule, i) => {
    const here = `${at}[${i}]`
    if ((rule.action as string) === '') {
      out.push(required(`${here}.action`, 'valid values: ["Count" "FailIndex" "FailJob" "Ignore"]'))
    } else checkOneOf(out, `${here}.action`, rule.action, ['Count', 'FailIndex', 'FailJob', 'Ignore'])
    if (rule.action === 'FailIndex' && spec.backoffLimitPerIndex === undefined) {
      out.push(invalid(`${here}.action`, rule.action, 'requires the backoffLimitPerIndex to be set'))
    }
    if (rule.onExitCodes && rule.onPodConditions?.length) {
      out.push(invalidWithoutValue(here, 'specifying both OnExitCodes and OnPodConditions is not supported'))
    }
    if (!rule.onExitCodes && !rule.onPodConditions?.length) {
      out.push(invalidWithoutValue(here, 'specifying one of OnExitCodes and OnPodConditions is required'))
    }
    if (rule.onExitCodes) checkExitCodes(out, `${here}.onExitCodes`, rule.onExitCodes, names)
    rule.onPodConditions?.forEach((pattern, j) => {
      const where = `${here}.onPodConditions[${j}]`
      pushInvalid(out, `${where}.type`, pattern.type, labelKeyErrors(pattern.type))
      if (!['False', 'True', 'Unknown'].includes(pattern.status)) {
        out.push(notSupported(`${where}.status`, pattern.status, ['False', 'True', 'Unknown']))
      }
    })
  })
}

interface ExitCodes {
  readonly containerName?: string
  readonly operator: string
  readonly values: readonly number[]
}

function checkExitCodes(out: Errors, path: string, codes: ExitCodes, names: ReadonlySet<string>): void {
  if (codes.containerName !== undefined && !names.has(codes.containerName)) {
    out.push(
      invalid(
        `${path}.containerName`,
        codes.containerName,
        'must be one of the container or initContainer names in the pod template',
      ),
    )
  }
  if (codes.operator === '') out.push(required(`${path}.operator`, 'valid values: ["In" "NotIn"]'))
  const values = codes.values ?? []
  const at = `${path}.values`
  if (values.length === 0) out.push(invalid(at, codes.values ?? null, 'at least one value is required'))
  if (values.length > maxExitCodes) out.push(tooMany(at, values.length, maxExitCodes))
  if (values.some((value, i) => i > 0 && value <= values[i - 1]!)) {
    const isUnique = new Set(values).size === values.length
    if (isUnique) out.push(invalid(at, values, 'must be ordered'))
    else
      values.forEach((value, i) => {
        if (values.indexOf(value) < i) out.push(duplicate(`${at}[${i}]`, value))
      })
  }
  values.forEach((value, i) => {
    if (codes.operator === 'In' && value === 0)
      out.push(invalid(`${at}[${i}]`, value, 'must not be 0 for the In operator'))
  })
}

function checkSuccessPolicy(out: Errors, path: string, spec: JobSpec): void {
  if (!spec.successPolicy) return
  const at = `${path}.successPolicy`
  if (spec.completionMode !== 'Indexed') {
    out.push(invalid(at, spec.successPolicy, 'requires indexed completion mode'))
    return
  }
  const rules = spec.successPolicy.rules ?? []
  if (rules.length === 0)
    out.push(required(`${at}.rules`, 'at least one rules must be specified when the successPolicy is specified'))
  if (rules.length > maxRules) out.push(tooMany(`${at}.rules`, rules.length, maxRules))
  rules.forEach((rule, i) => {
    const here = `${at}.rules[${i}]`
    if (rule.succeededCount === undefined && rule.succeededIndexes === undefined) {
      out.push(required(here, 'at least one of succeededCount or succeededIndexes must be specified'))
    }
    const fault = indexesFault(rule.succeededIndexes ?? '', spec.completions ?? 0)
    if (fault)
      out.push(invalid(`${here}.succeededIndexes`, rule.succeededIndexes, `error parsing succeededIndexes: ${fault}`))
    if (rule.succeededCount !== undefined) {
      if (rule.succeededCount < 0) checkNotNegative(out, `${here}.succeededCount`, rule.succeededCount)
      else if (spec.completions !== undefined && rule.succeededCount > spec.completions) {
        out.push(
          invalid(
            `${here}.succeededCount`,
            rule.succeededCount,
            `must be less than or equal to ${spec.completions} (the number of specified completions)`,
          ),
        )
      }
    }
  })
}

export function checkJobUpdate(out: Errors, job: Job, old: Job): void {
  checkJobSpec(out, 'spec', job.spec)
  checkSelector(out, job)
  out.push(comparisons)
  checkCompletions(out, job.spec, old.spec)
  checkImmutable(out, 'spec.selector', job.spec.selector, old.spec.selector)
  checkTemplate(out, job, old)
  for (const name of [
    'completionMode',
    'podFailurePolicy',
    'backoffLimitPerIndex',
    'managedBy',
    'successPolicy',
  ] as const) {
    checkImmutable(out, `spec.${name}`, job.spec[name], old.spec[name])
  }
}

/** KEP-3715: an indexed job may grow and shrink, together with its parallelism. */
function checkCompletions(out: Errors, spec: JobSpec, old: JobSpec): void {
  if (isSame(spec.completions, old.completions)) return
  const isElastic = spec.completionMode === 'Indexed' && spec.completions !== undefined && old.completions !== undefined
  if (!isElastic) {
    checkImmutable(out, 'spec.completions', spec.completions, old.completions)
  } else if (spec.completions !== spec.parallelism) {
    out.push(
      invalid(
        'spec.completions',
        spec.completions,
        `can only be modified in tandem with ${spec.parallelism ?? 0} (parallelism)`,
      ),
    )
  }
}

/** KEP-2926, KEP-5440: where its pods may run and what they get can change while a job is suspended and has no pods. */
function checkTemplate(out: Errors, job: Job, old: Job): void {
  const { conditions = [], startTime, active = 0 } = old.status
  const isSuspended = conditions.some(({ type, status }) => type === 'Suspended' && status === 'True')
  const isWaiting = old.spec.suspend === true && (startTime === undefined || isSuspended) && active === 0
  const [template, before] = [job.spec.template, old.spec.template]
  if (isWaiting) checkImmutable(out, 'spec.template.spec', template.spec, withChangeable(before.spec, template.spec))
  else checkImmutable(out, 'spec.template', template, before)
}

type PodSpec = PodTemplateSpec['spec']

/** The old spec with what may be changed as the new one has it. */
function withChangeable(old: PodSpec, spec: PodSpec): PodSpec {
  const { nodeSelector, tolerations, schedulingGates, affinity } = spec
  const changed = {
    ...old,
    nodeSelector,
    tolerations,
    schedulingGates,
    affinity: withNodeAffinity(old.affinity, affinity),
    containers: withResources(old.containers, spec.containers),
    initContainers: withResources(old.initContainers, spec.initContainers),
  }
  return changed as PodSpec
}

function withNodeAffinity(old: PodSpec['affinity'], affinity: PodSpec['affinity']): PodSpec['affinity'] {
  const { nodeAffinity: _, ...others } = old ?? {}
  if (affinity === undefined) return Object.keys(others).length === 0 ? undefined : (others as PodSpec['affinity'])
  const { nodeAffinity } = affinity
  return { ...others, ...(nodeAffinity ? { nodeAffinity } : {}) }
}

function withResources(old: PodSpec['containers'] | undefined, containers: PodSpec['containers'] | undefined) {
  if (old?.length !== containers?.length) return old
  return old?.map((container, i) => {
    const changed = containers?.[i]
    return changed?.name === container.name ? { ...container, resources: changed.resources } : container
  })
}

export function checkCronJob(out: Errors, job: CronJob): void {
  checkCronJobSpec(out, job, undefined)
  if ((job.metadata.name ?? '').length > maxCronJobNameLength) {
    out.push(invalid('metadata.name', job.metadata.name, `must be no more than ${maxCronJobNameLength} characters`))
  }
}

export function checkCronJobUpdate(out: Errors, job: CronJob, old: CronJob): void {
  checkCronJobSpec(out, job, old)
}

function checkCronJobSpec(out: Errors, { spec }: CronJob, old: CronJob | undefined): void {
  if (spec.schedule !== '') checkSchedule(out, spec.schedule, spec.timeZone, old?.spec.schedule)
  if (spec.timeZone !== undefined && spec.timeZone !== old?.spec.timeZone) checkTimeZone(out, spec.timeZone)
  for (const name of ['startingDeadlineSeconds', 'successfulJobsHistoryLimit', 'failedJobsHistoryLimit'] as const) {
    checkNotNegative(out, `spec.${name}`, spec[name])
  }
  const template = spec.jobTemplate.spec
  checkJobSpec(out, 'spec.jobTemplate.spec', template)
  if (template.selector)
    out.push(invalid('spec.jobTemplate.spec.selector', template.selector, '`selector` will be auto-generated'))
  if (template.manualSelector) {
    out.push(notSupported('spec.jobTemplate.spec.manualSelector', true, ['nil', 'false']))
  }
}

function checkSchedule(out: Errors, schedule: string, timeZone: string | undefined, old: string | undefined): void {
  if (schedule.includes('TZ')) {
    if (timeZone !== undefined) {
      out.push(invalid('spec.schedule', schedule, 'cannot use both timeZone field and TZ or CRON_TZ in schedule'))
    } else if (schedule !== old) {
      out.push(invalid('spec.schedule', schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'))
    }
    return
  }
  const fault = cronFault(schedule)
  if (fault) out.push(invalid('spec.schedule', schedule, fault))
}

function checkTimeZone(out: Errors, timeZone: string): void {
  const at = 'spec.timeZone'
  if (timeZone === '') out.push(invalid(at, timeZone, 'timeZone must be nil or non-empty string'))
  else if (timeZone.toLowerCase() === 'local') {
    out.push(
      invalid(at, timeZone, 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones'),
    )
  } else if (!isTimeZone(timeZone)) out.push(invalid(at, timeZone, `unknown time zone ${timeZone}`))
}

function isTimeZone(name: string): boolean {
  if (/^[+-]/.test(name)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
