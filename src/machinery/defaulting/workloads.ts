/** Defaults of what makes pods (upstream: the defaults of apps/v1, batch/v1 and v1.ReplicationController). */
import type { DaemonSet } from '../../api/apps/v1/daemon-set.ts'
import type { Deployment } from '../../api/apps/v1/deployment.ts'
import type { ReplicaSet } from '../../api/apps/v1/replica-set.ts'
import type { StatefulSet } from '../../api/apps/v1/stateful-set.ts'
import type { CronJob } from '../../api/batch/v1/cron-job.ts'
import type { Job } from '../../api/batch/v1/job.ts'
import type { JobSpec } from '../../api/batch/v1/job-spec.ts'
import type { PodTemplate } from '../../api/core/v1/pod-template.ts'
import type { ReplicationController } from '../../api/core/v1/replication-controller.ts'
import { defaultPodSpec } from './pod-spec.ts'
import { defaultClaim } from './volumes.ts'

export function defaultDeployment({ spec }: Deployment): void {
  defaultPodSpec(spec.template.spec)
  spec.replicas ??= 1
  if (spec.strategy) spec.strategy.type ??= 'RollingUpdate'
  if (spec.strategy?.type === 'RollingUpdate') {
    spec.strategy.rollingUpdate ??= {}
    spec.strategy.rollingUpdate.maxUnavailable ??= '25%'
    spec.strategy.rollingUpdate.maxSurge ??= '25%'
  }
  spec.revisionHistoryLimit ??= 10
  spec.progressDeadlineSeconds ??= 600
}

export function defaultReplicaSet({ spec }: ReplicaSet): void {
  defaultPodSpec(spec.template.spec)
  spec.replicas ??= 1
}

export function defaultDaemonSet({ metadata, spec }: DaemonSet): void {
  // Upstream's conversion always shows it; the registry counts it.
  metadata.annotations ??= {}
  metadata.annotations['deprecated.daemonset.template.generation'] ??= '0'
  defaultPodSpec(spec.template.spec)
  spec.updateStrategy.type ??= 'RollingUpdate'
  if (spec.updateStrategy.type === 'RollingUpdate') {
    spec.updateStrategy.rollingUpdate ??= {}
    spec.updateStrategy.rollingUpdate.maxUnavailable ??= 1
    spec.updateStrategy.rollingUpdate.maxSurge ??= 0
  }
  spec.revisionHistoryLimit ??= 10
}

export function defaultStatefulSet({ spec }: StatefulSet): void {
  defaultPodSpec(spec.template.spec)
  spec.podManagementPolicy ??= 'OrderedReady'
  const strategy = spec.updateStrategy
  // A strategy that is named gets no parameters of its own.
  if (strategy.type === undefined) Object.assign(strategy, { type: 'RollingUpdate', rollingUpdate: {}, ...strategy })
  if (strategy.type === 'RollingUpdate' && strategy.rollingUpdate) {
    strategy.rollingUpdate.partition ??= 0
    strategy.rollingUpdate.maxUnavailable ??= 1
  }
  spec.persistentVolumeClaimRetentionPolicy ??= {}
  spec.persistentVolumeClaimRetentionPolicy.whenDeleted ??= 'Retain'
  spec.persistentVolumeClaimRetentionPolicy.whenScaled ??= 'Retain'
  spec.replicas ??= 1
  spec.revisionHistoryLimit ??= 10
  for (const claim of spec.volumeClaimTemplates ?? []) {
    defaultClaim(claim)
  }
  typeClaimTemplates(spec)
}

/** Protobuf does not carry the type of a kind inside of another. */
export function typeClaimTemplates(spec: StatefulSet['spec']): void {
  for (const claim of spec.volumeClaimTemplates ?? [])
    Object.assign(claim, { apiVersion: 'v1', kind: 'PersistentVolumeClaim' })
}

export function defaultJob(job: Job): void {
  const { spec } = job
  defaultPodSpec(spec.template.spec)
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1
  spec.parallelism ??= 1
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : 2147483647
  const labels = spec.template.metadata.labels
  if (labels && Object.keys(job.metadata.labels ?? {}).length === 0) job.metadata.labels = { ...labels }
  spec.completionMode ??= 'NonIndexed'
  spec.suspend ??= false
  spec.podReplacementPolicy ??= spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed'
  spec.manualSelector ??= false
  defaultFailurePolicy(spec)
}

function defaultFailurePolicy(spec: JobSpec): void {
  for (const rule of spec.podFailurePolicy?.rules ?? []) {
    for (const pattern of rule.onPodConditions ?? []) if (pattern.status === '') pattern.status = 'True'
  }
}

export function defaultCronJob({ spec }: CronJob): void {
  defaultPodSpec(spec.jobTemplate.spec.template.spec)
  defaultFailurePolicy(spec.jobTemplate.spec)
  spec.concurrencyPolicy ??= 'Allow'
  spec.suspend ??= false
  spec.successfulJobsHistoryLimit ??= 3
  spec.failedJobsHistoryLimit ??= 1
}

/** Unlike apps/v1, labels and selector come from the template. */
export function defaultReplicationController(controller: ReplicationController): void {
  const { spec } = controller
  const isEmpty = (map: object | undefined) => Object.keys(map ?? {}).length === 0
  const labels = spec.template?.metadata.labels
  if (labels) {
    if (isEmpty(spec.selector)) spec.selector = { ...labels }
    if (isEmpty(controller.metadata.labels)) controller.metadata.labels = { ...labels }
  }
  if (spec.template) defaultPodSpec(spec.template.spec)
}

export function defaultPodTemplate({ template }: PodTemplate): void {
  if (template) defaultPodSpec(template.spec)
}
