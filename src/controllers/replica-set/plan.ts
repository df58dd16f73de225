/** ReplicaSets and ReplicationControllers: as many pods as wanted (documentation: "ReplicaSet"). */
import type { ReplicaSetCondition, ReplicaSetStatus } from '../../api/apps/v1/replica-set.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import type { PodTemplateSpec } from '../../api/core/v1/pod-spec.ts'
import { timeOf } from '../../client/timestamps.ts'
import type { Kind } from '../../schema/kind.ts'
import { type Action, create, type Plan, remove, updateStatus } from '../runtime/action.ts'
import type { Owned } from '../runtime/owners.ts'
import { isActive, isAvailable, isFinished, isReady, podOf, untilAvailableMs } from '../runtime/pods.ts'
import { same } from '../runtime/same.ts'
import { victimsOf } from './victims.ts'

/** What ReplicaSets and ReplicationControllers have in common. */
export interface ReplicaOwner extends Owned {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: Owned['metadata'] & { readonly generation?: number }
  readonly spec: { readonly replicas?: number; readonly minReadySeconds?: number; readonly template?: PodTemplateSpec }
  readonly status: ReplicaSetStatus
}

export interface ReplicaState {
  readonly kind: Kind
  readonly owner: ReplicaOwner
  readonly owned: readonly Pod[]
  /** Adoptions and releases to do first. */
  readonly claims: readonly Action[]
  /** Pods of sibling ReplicaSets too, for spreading deletions over nodes. */
  readonly related: readonly Pod[]
  readonly nowMs: number
}

/** Pods made or deleted by one plan (upstream's BurstReplicas). */
const maxBurst = 500

export function planReplicas(state: ReplicaState): Plan {
  const { owner, owned, claims, nowMs } = state
  const active = owned.filter(isActive)
  const missing = (owner.spec.replicas ?? 1) - active.length
  const deleting = owner.metadata.deletionTimestamp !== undefined
  const changes =
    deleting || missing === 0 ? [] : missing > 0 ? creations(state, missing) : deletions(state, active, -missing)
  const minReadySeconds = owner.spec.minReadySeconds ?? 0
  const requeueAfterMs = untilAvailableMs(active, minReadySeconds, nowMs)
  return {
    steps: [claims, changes],
    after: failure => {
      const status = statusOf(state, active, failure)
      return same(status, owner.status) ? [] : [updateStatus(state.kind, { ...owner, status })]
    },
    ...(requeueAfterMs === undefined ? {} : { requeueAfterMs }),
  }
}

function creations({ kind, owner }: ReplicaState, missing: number): Action[] {
  const template = owner.spec.template
  if (!template) return []
  const pod = podOf(template, kind, owner)
  const made = { ...pod, metadata: { ...pod.metadata, generateName: `${owner.metadata.name}-` } }
  const reports = {
    on: owner,
    success: ['SuccessfulCreate', 'Created pod: {name}'],
    failure: ['FailedCreate', 'Error creating: {error}'],
  } as const
  return Array.from({ length: Math.min(missing, maxBurst) }, () =>
    create(Pod, owner.metadata.namespace ?? '', made, reports),
  )
}

function deletions({ owner, related, nowMs }: ReplicaState, active: readonly Pod[], surplus: number): Action[] {
  const reports = {
    on: owner,
    success: ['SuccessfulDelete', 'Deleted pod: {name}'],
    failure: ['FailedDelete', 'Error deleting: {error}'],
  } as const
  return victimsOf(active, related, Math.min(surplus, maxBurst), nowMs).map(pod => remove(Pod, pod, undefined, reports))
}

function statusOf(state: ReplicaState, active: readonly Pod[], failure: Error | undefined): ReplicaSetStatus {
  const { owner, owned, nowMs } = state
  const labels = Object.entries(owner.spec.template?.metadata.labels ?? {})
  const fullyLabeled = active.filter(pod => labels.every(([key, value]) => pod.metadata.labels?.[key] === value))
  const terminating = owned.filter(pod => pod.metadata.deletionTimestamp !== undefined && !isFinished(pod)).length
  const conditions = conditionsOf(owner, active.length, failure, nowMs)
  return {
    replicas: active.length,
    ...positive('fullyLabeledReplicas', fullyLabeled.length),
    ...positive('readyReplicas', active.filter(isReady).length),
    ...positive(
      'availableReplicas',
      active.filter(pod => isAvailable(pod, owner.spec.minReadySeconds ?? 0, nowMs)).length,
    ),
    ...(owner.kind === 'ReplicaSet' ? { terminatingReplicas: terminating } : {}),
    ...(owner.metadata.generation === undefined ? {} : { observedGeneration: owner.metadata.generation }),
    ...(conditions.length === 0 ? {} : { conditions }),
  }
}

/** Zero is left out of these fields, as they are omitempty upstream. */
const positive = (name: string, count: number): Record<string, number> => (count === 0 ? {} : { [name]: count })

function conditionsOf(
  owner: ReplicaOwner,
  active: number,
  failure: Error | undefined,
  nowMs: number,
): ReplicaSetCondition[] {
  const before = owner.status.conditions ?? []
  const others = before.filter(condition => condition.type !== 'ReplicaFailure')
  if (failure === undefined) return others
  const reason = active < (owner.spec.replicas ?? 1) ? 'FailedCreate' : 'FailedDelete'
  const known = before.find(condition => condition.type === 'ReplicaFailure')
  if (known?.status === 'True' && known.reason === reason) return before
  const condition = {
    type: 'ReplicaFailure',
    status: 'True',
    lastTransitionTime: timeOf(nowMs),
    reason,
    message: failure.message,
  }
  return [...others, condition]
}
