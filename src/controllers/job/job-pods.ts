/** The pods of a Job: how they are made, and what state each is in. */
import { Job } from '../../api/batch/v1/job.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import { epochMsOf } from '../../client/timestamps.ts'
import { isTerminating, podOf } from '../runtime/pods.ts'

export const trackingFinalizer = 'batch.kubernetes.io/job-tracking'
const indexKey = 'batch.kubernetes.io/job-completion-index'
const failuresKey = 'batch.kubernetes.io/job-index-failure-count'

export const isIndexed = (job: Job): boolean => job.spec.completionMode === 'Indexed'
export const isTracked = (pod: Pod): boolean => (pod.metadata.finalizers ?? []).includes(trackingFinalizer)
export const hasSucceeded = (pod: Pod): boolean => pod.status.phase === 'Succeeded'

/** A pod on its way out has failed too, unless the Job waits for the end of each pod before it replaces it. */
export const hasFailed = (pod: Pod, job: Job): boolean =>
  pod.status.phase === 'Failed' ||
  (job.spec.podReplacementPolicy !== 'Failed' && isTerminating(pod) && !hasSucceeded(pod))

export function indexOf(pod: Pod): number {
  const text = pod.metadata.annotations?.[indexKey] ?? ''
  return /^\d+$/.test(text) ? Number(text) : -1
}

/** Failures of the index before this pod's own. */
export const earlierFailures = (pod: Pod): number => Number(pod.metadata.annotations?.[failuresKey] ?? 0) || 0

export function finishedAtMs(pod: Pod): number {
  const ends = (pod.status.containerStatuses ?? []).map(({ state }) => epochMsOf(state.terminated?.finishedAt))
  const latest = Math.max(0, ...ends)
  return latest || epochMsOf(pod.metadata.deletionTimestamp) || epochMsOf(pod.metadata.creationTimestamp)
}

/** A new pod; `index` only where the Job is indexed. */
export function newPod(job: Job, index: number | undefined, failures: number) {
  const pod = podOf(job.spec.template, Job, job)
  const finalizers = [...(job.spec.template.metadata.finalizers ?? []), trackingFinalizer]
  const { name } = job.metadata
  if (index === undefined) return { ...pod, metadata: { ...pod.metadata, generateName: `${name}-`, finalizers } }
  const text = String(index)
  const counted = job.spec.backoffLimitPerIndex === undefined ? {} : { [failuresKey]: String(failures) }
  const variable = {
    name: 'JOB_COMPLETION_INDEX',
    valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: `metadata.labels['${indexKey}']` } },
  }
  const withIndex = <C extends { env?: { name: string }[] }>(container: C) =>
    container.env?.some(one => one.name === variable.name)
      ? container
      : { ...container, env: [...(container.env ?? []), variable] }
  const { spec } = job.spec.template
  return {
    metadata: {
      ...pod.metadata,
      generateName: `${name}-${text}-`,
      finalizers,
      labels: { ...pod.metadata.labels, [indexKey]: text },
      annotations: { ...pod.metadata.annotations, [indexKey]: text, ...counted },
    },
    spec: {
      ...spec,
      hostname: `${name}-${text}`,
      containers: spec.containers.map(withIndex),
      ...(spec.initContainers === undefined ? {} : { initContainers: spec.initContainers.map(withIndex) }),
    },
  }
}
