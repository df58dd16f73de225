/** The status of a Deployment, with upstream's reasons and messages. */
import type { Deployment, DeploymentCondition, DeploymentStatus } from '../../api/apps/v1/deployment.ts'
import type { ReplicaSet } from '../../api/apps/v1/replica-set.ts'
import { epochMsOf, timeOf } from '../../client/timestamps.ts'
import { conditionOf, isComplete, maxUnavailableOf, totalOf, wantedOf } from './deployments.ts'

type Conditions = readonly DeploymentCondition[]

/** Replaces the condition of the same type, unless status and reason are the same. */
export function setCondition(
  conditions: Conditions,
  type: string,
  status: string,
  reason: string,
  message: string,
  nowMs: number,
): Conditions {
  const known = conditionOf(conditions, type)
  if (known?.status === status && known.reason === reason) return conditions
  const now = timeOf(nowMs)
  const lastTransitionTime = known?.status === status ? (known.lastTransitionTime ?? now) : now
  const made = { type, status, reason, message, lastUpdateTime: now, lastTransitionTime }
  return [...conditions.filter(condition => condition.type !== type), made]
}

const withoutCondition = (conditions: Conditions, type: string): Conditions =>
  conditions.filter(condition => condition.type !== type)

/** 2^31-1 seconds mean no deadline. */
export const hasDeadline = (deployment: Deployment): boolean =>
  deployment.spec.progressDeadlineSeconds !== undefined && deployment.spec.progressDeadlineSeconds !== 2 ** 31 - 1

export interface Observed {
  readonly deployment: Deployment
  readonly sets: readonly ReplicaSet[]
  readonly newSet: ReplicaSet | undefined
  readonly conditions: Conditions
  readonly nowMs: number
}

/** Counts and the Available condition. */
export function countsOf({ deployment, sets, newSet, conditions, nowMs }: Observed): DeploymentStatus {
  const available = totalOf(sets, 'availableReplicas')
  const enough = available >= wantedOf(deployment) - maxUnavailableOf(deployment)
  const updated = enough
    ? setCondition(
        conditions,
        'Available',
        'True',
        'MinimumReplicasAvailable',
        'Deployment has minimum availability.',
        nowMs,
      )
    : setCondition(
        conditions,
        'Available',
        'False',
        'MinimumReplicasUnavailable',
        'Deployment does not have minimum availability.',
        nowMs,
      )
  const total = totalOf(sets, 'replicas')
  const counts = {
    replicas: total,
    updatedReplicas: newSet?.status.replicas ?? 0,
    readyReplicas: totalOf(sets, 'readyReplicas'),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, total - available),
  }
  const { collisionCount } = deployment.status
  return {
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
    terminatingReplicas: totalOf(sets, 'terminatingReplicas'),
    ...(deployment.metadata.generation === undefined ? {} : { observedGeneration: deployment.metadata.generation }),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    conditions: [...updated],
  }
}

/** Counts and all conditions of a rollout under way. */
export function rolloutStatusOf(observed: Observed): DeploymentStatus {
  const status = countsOf(observed)
  const progress = progressing(observed, status)
  return { ...status, conditions: [...replicaFailure(observed, progress)] }
}

function progressing({ deployment, newSet, nowMs }: Observed, status: DeploymentStatus): Conditions {
  const conditions = status.conditions ?? []
  if (!hasDeadline(deployment)) return withoutCondition(conditions, 'Progressing')
  const current = conditionOf(conditions, 'Progressing')
  const settled =
    (status.replicas ?? 0) === (status.updatedReplicas ?? 0) && current?.reason === 'NewReplicaSetAvailable'
  if (settled) return conditions
  const subject = newSet ? `ReplicaSet "${newSet.metadata.name}"` : `Deployment "${deployment.metadata.name}"`
  if (isComplete(deployment, status)) {
    return setCondition(
      conditions,
      'Progressing',
      'True',
      'NewReplicaSetAvailable',
      `${subject} has successfully progressed.`,
      nowMs,
    )
  }
  if (hasProgressed(deployment.status, status)) {
    const now = timeOf(nowMs)
    const lastTransitionTime = current?.status === 'True' ? (current.lastTransitionTime ?? now) : now
    const message = `${subject} is progressing.`
    const made = {
      type: 'Progressing',
      status: 'True',
      reason: 'ReplicaSetUpdated',
      message,
      lastUpdateTime: now,
      lastTransitionTime,
    }
    return [...withoutCondition(conditions, 'Progressing'), made]
  }
  if (hasTimedOut(deployment, current, nowMs)) {
    return setCondition(
      conditions,
      'Progressing',
      'False',
      'ProgressDeadlineExceeded',
      `${subject} has timed out progressing.`,
      nowMs,
    )
  }
  return conditions
}

function hasProgressed(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const old = (status: DeploymentStatus) => (status.replicas ?? 0) - (status.updatedReplicas ?? 0)
  return (
    (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(after) < old(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  )
}

function hasTimedOut(deployment: Deployment, condition: DeploymentCondition | undefined, nowMs: number): boolean {
  if (!condition || condition.reason === 'NewReplicaSetAvailable') return false
  if (condition.reason === 'ProgressDeadlineExceeded') return true
  return deadlineMs(deployment, condition) < nowMs
}

const deadlineMs = (deployment: Deployment, condition: DeploymentCondition): number =>
  epochMsOf(condition.lastUpdateTime) + (deployment.spec.progressDeadlineSeconds ?? 0) * 1000

/** When the progress deadline has to be looked at again; undefined while nothing is under way. */
export function untilDeadlineMs(deployment: Deployment, status: DeploymentStatus, nowMs: number): number | undefined {
  const condition = conditionOf(status.conditions, 'Progressing')
  if (!condition || !hasDeadline(deployment) || deployment.spec.paused === true || isComplete(deployment, status))
    return undefined
  if (condition.reason === 'NewReplicaSetAvailable' || condition.reason === 'ProgressDeadlineExceeded') return undefined
  return Math.max(deadlineMs(deployment, condition) - nowMs, 0) + 1000
}

function replicaFailure({ sets, newSet }: Observed, conditions: Conditions): Conditions {
  const others = withoutCondition(conditions, 'ReplicaFailure')
  const failing = newSet?.status.conditions?.find(condition => condition.type === 'ReplicaFailure')
  const found =
    failing ?? sets.flatMap(set => set.status.conditions ?? []).find(condition => condition.type === 'ReplicaFailure')
  if (!found) return others
  const { type, status, reason = '', message = '', lastTransitionTime = '' } = found
  return [...others, { type, status, reason, message, lastTransitionTime, lastUpdateTime: lastTransitionTime }]
}
