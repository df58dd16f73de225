/** StatefulSets: numbered pods, made and ended in order (documentation: "StatefulSets"; upstream's stateful_set_control). */
import type { ControllerRevision } from '../../api/apps/v1/controller-revision.ts'
import { StatefulSet, type StatefulSetStatus } from '../../api/apps/v1/stateful-set.ts'
import { PersistentVolumeClaim } from '../../api/core/v1/persistent-volume-claim.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import type { PodTemplateSpec } from '../../api/core/v1/pod-spec.ts'
import { type Action, create, type Plan, remove, update, updateStatus } from '../runtime/action.ts'
import { historyOf, revisionLabel, surplusRevisions, templateOf } from '../runtime/history.ts'
import { resolveIntOrPercent } from '../runtime/int-or-percent.ts'
import { isAvailable, isFinished, isReady, isTerminating, untilAvailableMs } from '../runtime/pods.ts'
import { same } from '../runtime/same.ts'
import { claimOwners } from './claim-owners.ts'
import { claimsOf, newPod, ordinalOf, podName } from './identity.ts'

export interface StatefulState {
  readonly set: StatefulSet
  readonly pods: readonly Pod[]
  readonly revisions: readonly ControllerRevision[]
  readonly claimOf: (name: string) => PersistentVolumeClaim | undefined
  readonly claims: readonly Action[]
  readonly nowMs: number
}

interface Revisions {
  readonly current: string
  readonly update: string
  readonly templateOf: (revision: string) => PodTemplateSpec
}

const isRunning = (pod: Pod): boolean => pod.status.phase === 'Running' && isReady(pod)
const isHealthy = (pod: Pod): boolean => isRunning(pod) && !isTerminating(pod)
const revisionOf = (pod: Pod): string => pod.metadata.labels?.[revisionLabel] ?? ''

export function planStateful(state: StatefulState): Plan {
  const { set, pods, revisions, claims, nowMs } = state
  const history = historyOf(StatefulSet, set, set.spec.template, revisions, set.status.collisionCount ?? 0)
  const newest = history.current.name
  const current = set.status.currentRevision || newest
  const known: Revisions = {
    current,
    update: newest,
    templateOf: name => {
      const found = revisions.find(({ metadata }) => metadata.name === name)
      return found && name !== newest ? templateOf(found) : set.spec.template
    },
  }
  const deleting = set.metadata.deletionTimestamp !== undefined
  const used = new Set([current, newest, ...pods.map(revisionOf)])
  const surplus = deleting ? [] : surplusRevisions(revisions, used, set.spec.revisionHistoryLimit ?? 10)
  const changes = deleting ? [] : changesOf(state, known)
  const retention = deleting ? [] : retain(state)
  const status = statusOf(state, known)
  const requeueAfterMs = untilAvailableMs(pods, set.spec.minReadySeconds ?? 0, nowMs)
  return {
    steps: [claims, deleting ? [] : history.actions, retention, ...changes, surplus],
    after: () => (same(status, set.status) ? [] : [updateStatus(StatefulSet, { ...set, status })]),
    ...(requeueAfterMs === undefined ? {} : { requeueAfterMs }),
  }
}

const rangeOf = (set: StatefulSet): { first: number; end: number } => {
  const first = set.spec.ordinals?.start ?? 0
  return { first, end: first + (set.spec.replicas ?? 1) }
}

/** From the lowest number up: what is missing is made; then what is too much ends, then what is old, from the highest down. */
function changesOf(state: StatefulState, revisions: Revisions): Action[][] {
  const { set, pods, nowMs } = state
  const ordered = set.spec.podManagementPolicy !== 'Parallel'
  const { first, end } = rangeOf(set)
  const byOrdinal = new Map(pods.map(pod => [ordinalOf(set, pod), pod]))
  const available = (pod: Pod): boolean => isRunning(pod) && isAvailable(pod, set.spec.minReadySeconds ?? 0, nowMs)
  const made: Action[][] = []
  for (let ordinal = first; ordinal < end; ordinal++) {
    const pod = byOrdinal.get(ordinal)
    const change = !pod
      ? creation(state, ordinal, revisions)
      : isFinished(pod) && !isTerminating(pod)
        ? [[deletion(set, pod)]]
        : []
    if (change.length > 0) {
      if (ordered) return change
      made.push(...change)
    } else if (ordered && pod && (isTerminating(pod) || !available(pod))) return []
  }
  const condemned = pods.filter(pod => ordinalOf(set, pod) < first || ordinalOf(set, pod) >= end)
  condemned.sort((a, b) => ordinalOf(set, b) - ordinalOf(set, a))
  const lowestUnavailable = condemned.findLast(pod => isTerminating(pod) || !available(pod))
  for (const pod of condemned) {
    if (isTerminating(pod)) {
      if (ordered) return made
      continue
    }
    // In order, a pod that is not available holds up the scaling down, unless all those below it are.
    if (ordered && !available(pod) && pod !== lowestUnavailable) return made
    made.push([deletion(set, pod)])
    if (ordered) return made
  }
  if (made.length > 0 || set.spec.updateStrategy.type === 'OnDelete') return made
  return [replacements(set, byOrdinal, revisions, available)]
}

/** Pods of an old revision, the highest first, as many as may be unavailable at a time. */
function replacements(
  set: StatefulSet,
  byOrdinal: ReadonlyMap<number, Pod>,
  revisions: Revisions,
  available: (pod: Pod) => boolean,
): Action[] {
  const { first, end } = rangeOf(set)
  const { partition = 0, maxUnavailable } = set.spec.updateStrategy.rollingUpdate ?? {}
  const allowed = Math.max(1, resolveIntOrPercent(maxUnavailable ?? 1, end - first, 'up'))
  let unavailable = 0
  for (let ordinal = first; ordinal < end; ordinal++) {
    const pod = byOrdinal.get(ordinal)
    if (!pod || isTerminating(pod) || !available(pod)) unavailable++
  }
  const actions: Action[] = []
  for (let ordinal = end - 1; ordinal >= Math.max(first, partition); ordinal--) {
    const pod = byOrdinal.get(ordinal)
    if (!pod || isTerminating(pod)) continue
    const old = revisionOf(pod) !== revisions.update
    // A pod that is broken already may be replaced without making things worse.
    if (old && (unavailable < allowed || !isHealthy(pod))) {
      actions.push(deletion(set, pod))
      if (available(pod)) unavailable++
      if (actions.length >= allowed) break
    } else if (!isHealthy(pod) || !available(pod)) {
      if (allowed === 1) break
    }
  }
  return actions
}

function creation(state: StatefulState, ordinal: number, revisions: Revisions): Action[][] {
  const { set } = state
  const { first } = rangeOf(set)
  const { type, rollingUpdate } = set.spec.updateStrategy
  const bound = rollingUpdate === undefined ? first + (set.status.currentReplicas ?? 0) : (rollingUpdate.partition ?? 0)
  const keepsOld = type !== 'OnDelete' && revisions.current !== revisions.update && ordinal < bound
  const revision = keepsOld ? revisions.current : revisions.update
  const name = podName(set, ordinal)
  const reports = {
    on: set,
    success: ['SuccessfulCreate', `create Pod ${name} in StatefulSet ${set.metadata.name} successful`],
    failure: ['FailedCreate', `create Pod ${name} in StatefulSet ${set.metadata.name} failed error: {error}`],
  } as const
  const { namespace } = set.metadata
  const missing = claimsOf(set, ordinal).filter(claim => state.claimOf(claim.metadata?.name ?? '') === undefined)
  const claims = missing.map(claim => {
    const text = `create Claim ${claim.metadata?.name} Pod ${name} in StatefulSet ${set.metadata.name}`
    return create(PersistentVolumeClaim, namespace, claim, {
      on: set,
      success: ['SuccessfulCreate', `${text} success`],
      failure: ['FailedCreate', `${text} failed error: {error}`],
    })
  })
  return [claims, [create(Pod, namespace, newPod(set, ordinal, revisions.templateOf(revision), revision), reports)]]
}

function deletion(set: StatefulSet, pod: Pod): Action {
  const text = `delete Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name}`
  return remove(Pod, pod, undefined, {
    on: set,
    success: ['SuccessfulDelete', `${text} successful`],
    failure: ['FailedDelete', `${text} failed error: {error}`],
  })
}

/** Claims belong to the set, or to a pod that is too much, where the retention policy says Delete (KEP-1847). */
function retain({ set, pods, claimOf }: StatefulState): Action[] {
  const { first, end } = rangeOf(set)
  return pods.flatMap(pod => {
    const ordinal = ordinalOf(set, pod)
    const isSurplus = ordinal < first || ordinal >= end
    return claimsOf(set, ordinal).flatMap(({ metadata }) => {
      const claim = claimOf(metadata?.name ?? '')
      if (!claim || claim.metadata.deletionTimestamp !== undefined) return []
      const before = claim.metadata.ownerReferences ?? []
      const ownerReferences = [...claimOwners(before, set, pod, isSurplus)]
      if (same(before, ownerReferences)) return []
      return [update(PersistentVolumeClaim, { ...claim, metadata: { ...claim.metadata, ownerReferences } })]
    })
  })
}

function statusOf({ set, pods, nowMs }: StatefulState, revisions: Revisions): StatefulSetStatus {
  const living = pods.filter(pod => !isTerminating(pod) && !isFinished(pod))
  const replicas = pods.filter(pod => !isFinished(pod)).length
  const ready = pods.filter(isRunning).length
  const available = pods.filter(pod => isRunning(pod) && isAvailable(pod, set.spec.minReadySeconds ?? 0, nowMs)).length
  const updated = living.filter(pod => revisionOf(pod) === revisions.update).length
  const ofCurrent = living.filter(pod => revisionOf(pod) === revisions.current).length
  const wanted = set.spec.replicas ?? 1
  const rolled =
    set.spec.updateStrategy.type !== 'OnDelete' && updated === wanted && replicas === wanted && ready === wanted
  const currentReplicas = rolled ? updated : ofCurrent
  const { collisionCount, conditions } = set.status
  return {
    replicas,
    availableReplicas: available,
    ...(ready === 0 ? {} : { readyReplicas: ready }),
    ...(currentReplicas === 0 ? {} : { currentReplicas }),
    ...(updated === 0 ? {} : { updatedReplicas: updated }),
    currentRevision: rolled ? revisions.update : revisions.current,
    updateRevision: revisions.update,
    collisionCount: collisionCount ?? 0,
    ...(set.metadata.generation === undefined ? {} : { observedGeneration: set.metadata.generation }),
    ...(conditions === undefined ? {} : { conditions }),
  }
}
