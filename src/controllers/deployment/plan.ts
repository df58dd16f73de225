/**
 * Deployments: a ReplicaSet for each template, rolled from the old ones to the new (documentation: "Deployments"). One
 * plan takes one step of a rollout; the change of the ReplicaSets' status brings the next.
 */
import { Deployment, type DeploymentStatus } from '../../api/apps/v1/deployment.ts'
import { ReplicaSet } from '../../api/apps/v1/replica-set.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import { epochMsOf } from '../../client/timestamps.ts'
import { isAlreadyExists } from '../../machinery/api-error.ts'
import { type Action, create, type Plan, remove, update, updateStatus } from '../runtime/action.ts'
import { controllerReference } from '../runtime/owners.ts'
import { isFinished } from '../runtime/pods.ts'
import { same } from '../runtime/same.ts'
import { templateHash } from '../runtime/template-hash.ts'
import { countsOf, hasDeadline, type Observed, rolloutStatusOf, setCondition, untilDeadlineMs } from './conditions.ts'
import {
  comparable,
  conditionOf,
  copiedAnnotations,
  desiredAnnotation,
  hashLabel,
  highestRevision,
  historyAnnotation,
  isComplete,
  isRolling,
  newSetOf,
  revisionAnnotation,
  revisionOf,
  sizeAnnotations,
  sizeOf,
  totalSize,
  wantedOf,
} from './deployments.ts'
import { newSetSize, oldSetSizes, type Sizes, scaledSizes } from './scaling.ts'

export interface DeploymentState {
  readonly deployment: Deployment
  readonly sets: readonly ReplicaSet[]
  readonly claims: readonly Action[]
  /** Pods of the ReplicaSets; looked at only when recreating. */
  readonly podsOf: (set: ReplicaSet) => readonly Pod[]
  readonly nowMs: number
}

export function planDeployment(state: DeploymentState): Plan {
  const { deployment, sets, claims, nowMs } = state
  const newSet = newSetOf(deployment, sets)
  const observed: Observed = { deployment, sets, newSet, conditions: deployment.status.conditions ?? [], nowMs }
  if (deployment.metadata.deletionTimestamp !== undefined) {
    return { steps: [claims], after: () => writeStatus(deployment, countsOf(observed)) }
  }
  const paused = pauseConditions(observed)
  if (paused !== observed.conditions) {
    const status = { ...deployment.status, conditions: [...paused] }
    return { steps: [claims], after: () => writeStatus(deployment, status) }
  }
  if (deployment.spec.paused === true || isScaling(deployment, sets)) {
    const sizes = scaledSizes(deployment, sets, newSet)
    const resizing = resize(state, sizes)
    const history = deployment.spec.paused === true ? surplusHistory(state, newSet) : []
    return {
      steps: [claims, resizing, history],
      after: () => writeStatus(deployment, countsOf(observed)),
    }
  }
  return planRollout(state, observed)
}

function planRollout(state: DeploymentState, observed: Observed): Plan {
  const { deployment, sets, claims, nowMs } = state
  const { newSet } = observed
  if (!isRolling(deployment)) {
    const old = sets.filter(set => set !== newSet)
    const downs = new Map(old.filter(set => sizeOf(set) > 0).map(set => [set.metadata.name, 0]))
    const busy = downs.size > 0 || old.some(set => state.podsOf(set).some(pod => !isFinished(pod)))
    if (busy) {
      return finish(observed, [claims, resize(state, downs)], nowMs)
    }
  }
  if (!newSet) return planNewSet(state, observed)
  const conditions = progressKnown(observed)
    ? observed.conditions
    : withProgress(observed, 'FoundNewReplicaSet', `Found new replica set "${newSet.metadata.name}"`)
  const seen = { ...observed, conditions }
  const annotated = annotateNewSet(state, newSet)
  if (annotated.length > 0) return finish(seen, [claims, annotated], nowMs)
  const size = newSetSize(deployment, sets, sizeOf(newSet))
  if (size !== sizeOf(newSet))
    return finish(seen, [claims, resize(state, new Map([[newSet.metadata.name, size]]))], nowMs)
  const downs = isRolling(deployment) ? oldSetSizes(deployment, sets, newSet) : new Map<string, number>()
  if (downs.size > 0) return finish(seen, [claims, resize(state, downs)], nowMs)
  const complete = isComplete(deployment, countsOf(observed))
  return finish(seen, [claims, complete ? surplusHistory(state, newSet) : []], nowMs)
}

function finish(observed: Observed, steps: readonly (readonly Action[])[], nowMs: number): Plan {
  const status = rolloutStatusOf(observed)
  const requeueAfterMs = untilDeadlineMs(observed.deployment, status, nowMs)
  // A step that writes the Deployment moves its resource version on; the plan after it writes the status.
  const rewritten = steps.flat().some(action => action.do === 'updateStatus' && action.kind.name === Deployment.name)
  return {
    steps,
    after: () => (rewritten ? [] : writeStatus(observed.deployment, status)),
    ...(requeueAfterMs === undefined ? {} : { requeueAfterMs }),
  }
}

const progressKnown = ({ deployment, conditions }: Observed): boolean =>
  !hasDeadline(deployment) || conditionOf(conditions, 'Progressing') !== undefined

const withProgress = ({ conditions, nowMs }: Observed, reason: string, message: string) =>
  setCondition(conditions, 'Progressing', 'True', reason, message, nowMs)

function writeStatus(deployment: Deployment, status: DeploymentStatus): Action[] {
  return same(status, deployment.status) ? [] : [updateStatus(Deployment, { ...deployment, status })]
}

function pauseConditions({ deployment, conditions, nowMs }: Observed) {
  if (!hasDeadline(deployment)) return conditions
  const current = conditionOf(conditions, 'Progressing')
  if (current?.reason === 'ProgressDeadlineExceeded') return conditions
  const pausedBefore = current?.reason === 'DeploymentPaused'
  if (deployment.spec.paused === true && !pausedBefore) {
    return setCondition(conditions, 'Progressing', 'Unknown', 'DeploymentPaused', 'Deployment is paused', nowMs)
  }
  if (deployment.spec.paused !== true && pausedBefore) {
    return setCondition(conditions, 'Progressing', 'Unknown', 'DeploymentResumed', 'Deployment is resumed', nowMs)
  }
  return conditions
}

/** Whether the wanted number changed since the ReplicaSets were last sized. */
const isScaling = (deployment: Deployment, sets: readonly ReplicaSet[]): boolean =>
  sets.some(set => {
    const desired = set.metadata.annotations?.[desiredAnnotation]
    return sizeOf(set) > 0 && desired !== undefined && desired !== String(wantedOf(deployment))
  })

function planNewSet(state: DeploymentState, observed: Observed): Plan {
  const { deployment, sets, claims } = state
  const { template, selector, minReadySeconds } = deployment.spec
  const { creationTimestamp: _, ...templateMetadata } = template.metadata
  const hash = templateHash(comparable(template), deployment.status.collisionCount ?? 0)
  const labels = { ...template.metadata.labels, [hashLabel]: hash }
  const { namespace } = deployment.metadata
  const name = `${deployment.metadata.name}-${hash}`
  const revision = String(highestRevision(sets) + 1n)
  const size = newSetSize(deployment, sets, 0)
  const object = {
    metadata: {
      name,
      namespace,
      labels,
      annotations: { ...copiedAnnotations(deployment), [revisionAnnotation]: revision, ...sizeAnnotations(deployment) },
      ownerReferences: [controllerReference(Deployment, deployment)],
    },
    spec: {
      replicas: size,
      ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [hashLabel]: hash } },
      template: { ...template, metadata: { ...templateMetadata, labels } },
    },
  }
  const message = `Scaled up replica set {name} from 0 to ${size}`
  const reports = { on: deployment, ...(size > 0 ? { success: ['ScalingReplicaSet', message] as const } : {}) }
  const made = withProgress(observed, 'NewReplicaSetCreated', `Created new replica set "${name}"`)
  const conditions = hasDeadline(deployment) ? made : observed.conditions
  return {
    steps: [claims, [create(ReplicaSet, namespace, object, reports)], annotateDeployment(deployment, revision)],
    after: failure => {
      if (failure === undefined) {
        // The annotation was written above, which moved the resource version on.
        return annotateDeployment(deployment, revision).length > 0
          ? []
          : writeStatus(deployment, { ...deployment.status, conditions: [...conditions] })
      }
      return writeStatus(deployment, failedStatus(observed, failure))
    },
    ...(hasDeadline(deployment)
      ? { requeueAfterMs: (deployment.spec.progressDeadlineSeconds ?? 0) * 1000 + 1000 }
      : {}),
  }
}

/** Another object has the name: the next attempt takes another hash. Any other failure is told. */
function failedStatus({ deployment, conditions, nowMs }: Observed, failure: Error): DeploymentStatus {
  if (isAlreadyExists(failure))
    return { ...deployment.status, collisionCount: (deployment.status.collisionCount ?? 0) + 1 }
  if (!hasDeadline(deployment)) return deployment.status
  const told = setCondition(conditions, 'Progressing', 'False', 'ReplicaSetCreateError', failure.message, nowMs)
  return { ...deployment.status, conditions: [...told] }
}

function annotateDeployment(deployment: Deployment, revision: string): Action[] {
  if (deployment.metadata.annotations?.[revisionAnnotation] === revision) return []
  const annotations = { ...deployment.metadata.annotations, [revisionAnnotation]: revision }
  // Through the status: an update of the annotations themselves counts as a new generation.
  return [updateStatus(Deployment, { ...deployment, metadata: { ...deployment.metadata, annotations } })]
}

/** The new ReplicaSet has the highest revision: one that is rolled back to gets a new one and remembers the old. */
function annotateNewSet({ deployment, sets }: DeploymentState, newSet: ReplicaSet | undefined): Action[] {
  if (!newSet) return []
  const highest = highestRevision(sets.filter(set => set !== newSet)) + 1n
  const current = revisionOf(newSet)
  const revision = String(highest > current ? highest : current)
  const old = newSet.metadata.annotations ?? {}
  const history = [...(old[historyAnnotation] ?? '').split(','), String(current)].filter(text => text !== '')
  const annotations = {
    ...old,
    ...copiedAnnotations(deployment),
    [revisionAnnotation]: revision,
    ...(current > 0n && current < highest ? { [historyAnnotation]: history.join(',') } : {}),
  }
  const minReadySeconds = deployment.spec.minReadySeconds ?? 0
  const changed = !same(annotations, old) || minReadySeconds !== (newSet.spec.minReadySeconds ?? 0)
  const metadata = { ...newSet.metadata, annotations }
  return [
    ...(changed ? [update(ReplicaSet, { ...newSet, metadata, spec: { ...newSet.spec, minReadySeconds } })] : []),
    ...annotateDeployment(deployment, revision),
  ]
}

function resize({ deployment, sets }: DeploymentState, sizes: Sizes): Action[] {
  const actions: Action[] = []
  for (const set of sets) {
    const before = sizeOf(set)
    const replicas = sizes.get(set.metadata.name) ?? before
    const annotations = { ...set.metadata.annotations, ...sizeAnnotations(deployment) }
    if (replicas === before && (before === 0 || same(annotations, set.metadata.annotations))) continue
    const way = replicas > before ? 'up' : 'down'
    const message = `Scaled ${way} replica set ${set.metadata.name} from ${before} to ${replicas}`
    const reports = {
      on: deployment,
      ...(replicas === before ? {} : { success: ['ScalingReplicaSet', message] as const }),
    }
    actions.push(
      update(
        ReplicaSet,
        { ...set, metadata: { ...set.metadata, annotations }, spec: { ...set.spec, replicas } },
        reports,
      ),
    )
  }
  return actions
}

/** Old, empty ReplicaSets beyond the history limit, the lowest revisions first. */
function surplusHistory({ deployment, sets }: DeploymentState, newSet: ReplicaSet | undefined): Action[] {
  const limit = deployment.spec.revisionHistoryLimit
  if (limit === undefined || limit === 2 ** 31 - 1) return []
  const old = sets.filter(set => set !== newSet && set.metadata.deletionTimestamp === undefined)
  const surplus = old.length - limit
  if (surplus <= 0) return []
  const sorted = old.toSorted(
    (a, b) =>
      Number(revisionOf(a) - revisionOf(b)) ||
      epochMsOf(a.metadata.creationTimestamp) - epochMsOf(b.metadata.creationTimestamp),
  )
  const idle = (set: ReplicaSet): boolean =>
    totalSize([set]) === 0 &&
    set.status.replicas === 0 &&
    (set.status.observedGeneration ?? 0) >= (set.metadata.generation ?? 0)
  return sorted
    .slice(0, surplus)
    .filter(idle)
    .map(set => remove(ReplicaSet, set))
}
