/** DaemonSets: one pod on each fitting node (documentation: "DaemonSet", "Perform a Rolling Update on a DaemonSet"). */
import type { ControllerRevision } from '../../api/apps/v1/controller-revision.ts'
import { DaemonSet, type DaemonSetStatus } from '../../api/apps/v1/daemon-set.ts'
import type { Node } from '../../api/core/v1/node.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import { epochMsOf } from '../../client/timestamps.ts'
import { type Action, create, type Plan, remove, updateStatus } from '../runtime/action.ts'
import { historyOf, revisionLabel, surplusRevisions } from '../runtime/history.ts'
import { resolveIntOrPercent } from '../runtime/int-or-percent.ts'
import { isActive, isAvailable, isFinished, isReady, isTerminating, podOf, untilAvailableMs } from '../runtime/pods.ts'
import { same } from '../runtime/same.ts'
import { daemonTolerations, nodeNameOf, pinnedTo, placementOn } from './placement.ts'

export interface DaemonState {
  readonly set: DaemonSet
  readonly pods: readonly Pod[]
  readonly nodes: readonly Node[]
  readonly revisions: readonly ControllerRevision[]
  readonly claims: readonly Action[]
  readonly nowMs: number
}

/** Pods made or deleted by one plan (upstream's BurstReplicas). */
const maxBurst = 250

interface Wanted {
  readonly creations: readonly string[]
  readonly deletions: readonly Pod[]
}

export function planDaemons(state: DaemonState): Plan {
  const { set, pods, claims, nowMs, revisions } = state
  const collisions = set.status.collisionCount ?? 0
  const history = historyOf(DaemonSet, set, set.spec.template, revisions, collisions)
  const { hash } = history.current
  const byNode = new Map<string, Pod[]>()
  for (const pod of pods) byNode.set(nodeNameOf(pod), [...(byNode.get(nodeNameOf(pod)) ?? []), pod])
  const deleting = set.metadata.deletionTimestamp !== undefined
  const presence = deleting ? { creations: [], deletions: [] } : presenceOf(state, byNode, hash)
  const settled = presence.creations.length + presence.deletions.length === 0
  const rolled = deleting || !settled ? { creations: [], deletions: [] } : rollout(state, byNode, hash)
  const used = new Set(pods.map(pod => pod.metadata.labels?.[revisionLabel] ?? '').concat(hash))
  const surplus = deleting ? [] : surplusRevisions(revisions, used, set.spec.revisionHistoryLimit ?? 10)
  const requeueAfterMs = untilAvailableMs(pods, set.spec.minReadySeconds ?? 0, nowMs)
  const creations = [...presence.creations, ...rolled.creations].slice(0, maxBurst)
  const deletions = [...presence.deletions, ...rolled.deletions].slice(0, maxBurst)
  return {
    steps: [
      claims,
      deleting ? [] : history.actions,
      [...deletions.map(pod => deletion(set, pod)), ...creations.map(node => creation(set, node, hash))],
      surplus,
    ],
    after: () => {
      const status = statusOf(state, byNode, hash)
      return same(status, set.status) ? [] : [updateStatus(DaemonSet, { ...set, status })]
    },
    ...(requeueAfterMs === undefined ? {} : { requeueAfterMs }),
  }
}

/** Which nodes lack a pod, and which pods are too many, misplaced or ended. */
function presenceOf(state: DaemonState, byNode: ReadonlyMap<string, readonly Pod[]>, hash: string): Wanted {
  const { set, nodes } = state
  const creations: string[] = []
  const deletions: Pod[] = []
  const known = new Set(nodes.map(({ metadata }) => metadata.name))
  for (const [name, pods] of byNode)
    if (!known.has(name)) deletions.push(...pods.filter(pod => !isTerminating(pod) && !pod.spec.nodeName))
  for (const node of nodes) {
    const { shouldRun, shouldContinue } = placementOn(set, node)
    const pods = (byNode.get(node.metadata.name) ?? []).filter(pod => !isTerminating(pod))
    const terminating = (byNode.get(node.metadata.name)?.length ?? 0) > pods.length
    const ended = pods.filter(isFinished)
    const running = pods.filter(pod => !isFinished(pod))
    deletions.push(...ended)
    if (!shouldContinue) deletions.push(...running)
    else if (shouldRun && pods.length === 0 && !terminating) creations.push(node.metadata.name)
    else if (running.length > 1) deletions.push(...surplusOf(running, set, hash, state.nowMs))
  }
  return { creations, deletions }
}

/** While a pod of the new template starts beside the old one, both may stay. */
function surplusOf(running: readonly Pod[], set: DaemonSet, hash: string, nowMs: number): Pod[] {
  const isNew = (pod: Pod): boolean => pod.metadata.labels?.[revisionLabel] === hash
  const age = (a: Pod, b: Pod): number =>
    epochMsOf(a.metadata.creationTimestamp) - epochMsOf(b.metadata.creationTimestamp)
  const ranked = running.toSorted(
    (a, b) => Number(Boolean(b.spec.nodeName)) - Number(Boolean(a.spec.nodeName)) || age(a, b),
  )
  const news = ranked.filter(isNew)
  const olds = ranked.filter(pod => !isNew(pod))
  if (limitsOf(set, 1).surge === 0 || news.length === 0 || olds.length === 0) return ranked.slice(1)
  const ready = isAvailable(news[0]!, set.spec.minReadySeconds ?? 0, nowMs)
  return [...news.slice(1), ...(ready || !isReady(olds[0]!) ? olds : olds.slice(1))]
}

function limitsOf(set: DaemonSet, wanted: number): { surge: number; unavailable: number } {
  const { rollingUpdate } = set.spec.updateStrategy
  const surge = resolveIntOrPercent(rollingUpdate?.maxSurge ?? 0, wanted, 'up')
  const unavailable = resolveIntOrPercent(rollingUpdate?.maxUnavailable ?? (surge > 0 ? 0 : 1), wanted, 'up')
  return surge === 0 && unavailable === 0 ? { surge, unavailable: 1 } : { surge, unavailable }
}

/** Old pods go as far as enough stay available, or new ones come beside them as far as the surge allows. */
function rollout(state: DaemonState, byNode: ReadonlyMap<string, readonly Pod[]>, hash: string): Wanted {
  const { set, nodes, nowMs } = state
  if (set.spec.updateStrategy.type === 'OnDelete') return { creations: [], deletions: [] }
  const running = nodes.filter(node => placementOn(set, node).shouldRun)
  const { surge, unavailable } = limitsOf(set, running.length)
  const available = (pod: Pod) => !isTerminating(pod) && isAvailable(pod, set.spec.minReadySeconds ?? 0, nowMs)
  const isNew = (pod: Pod): boolean => pod.metadata.labels?.[revisionLabel] === hash
  const candidates: { node: string; pod: Pod }[] = []
  const unavailableOld: Pod[] = []
  let missing = 0
  let surging = 0
  for (const node of running) {
    const pods = byNode.get(node.metadata.name) ?? []
    const old = pods.find(pod => !isNew(pod) && isActive(pod))
    const fresh = pods.find(pod => isNew(pod) && isActive(pod))
    if (!pods.some(available)) missing++
    if (!old) continue
    if (fresh) surging++
    else if (available(old)) candidates.push({ node: node.metadata.name, pod: old })
    else unavailableOld.push(old)
  }
  if (surge > 0) {
    const room = Math.max(0, surge - surging)
    return { creations: candidates.slice(0, room).map(({ node }) => node), deletions: unavailableOld }
  }
  const room = Math.max(0, unavailable - missing)
  return { creations: [], deletions: [...unavailableOld, ...candidates.slice(0, room).map(({ pod }) => pod)] }
}

function creation(set: DaemonSet, nodeName: string, hash: string): Action {
  const pod = podOf(set.spec.template, DaemonSet, set)
  const labels = { ...pod.metadata.labels, [revisionLabel]: hash }
  const generation = set.metadata.generation
  const marked = generation === undefined ? labels : { ...labels, 'pod-template-generation': String(generation) }
  const spec = { ...set.spec.template.spec, affinity: pinnedTo(set, nodeName), tolerations: daemonTolerations(set) }
  const object = { metadata: { ...pod.metadata, labels: marked, generateName: `${set.metadata.name}-` }, spec }
  return create(Pod, set.metadata.namespace, object, {
    on: set,
    success: ['SuccessfulCreate', 'Created pod: {name}'],
    failure: ['FailedCreate', 'Error creating: {error}'],
  })
}

const deletion = (set: DaemonSet, pod: Pod): Action =>
  remove(Pod, pod, undefined, {
    on: set,
    success: ['SuccessfulDelete', 'Deleted pod: {name}'],
    failure: ['FailedDelete', 'Error deleting: {error}'],
  })

function statusOf(
  { set, nodes, nowMs }: DaemonState,
  byNode: ReadonlyMap<string, readonly Pod[]>,
  hash: string,
): DaemonSetStatus {
  const count = { desired: 0, current: 0, misscheduled: 0, ready: 0, updated: 0, available: 0 }
  for (const node of nodes) {
    const { shouldRun } = placementOn(set, node)
    const pods = (byNode.get(node.metadata.name) ?? []).filter(pod => !isFinished(pod))
    if (!shouldRun) {
      if (pods.length > 0) count.misscheduled++
      continue
    }
    count.desired++
    if (pods.length === 0) continue
    count.current++
    const isNew = (pod: Pod): boolean => pod.metadata.labels?.[revisionLabel] === hash
    if (pods.some(isReady)) count.ready++
    if (pods.some(pod => isAvailable(pod, set.spec.minReadySeconds ?? 0, nowMs))) count.available++
    if (pods.some(isNew)) count.updated++
  }
  const unavailable = count.desired - count.available
  const { collisionCount, conditions } = set.status
  return {
    currentNumberScheduled: count.current,
    numberMisscheduled: count.misscheduled,
    desiredNumberScheduled: count.desired,
    numberReady: count.ready,
    ...(count.updated === 0 ? {} : { updatedNumberScheduled: count.updated }),
    ...(count.available === 0 ? {} : { numberAvailable: count.available }),
    ...(unavailable === 0 ? {} : { numberUnavailable: unavailable }),
    ...(set.metadata.generation === undefined ? {} : { observedGeneration: set.metadata.generation }),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    ...(conditions === undefined ? {} : { conditions }),
  }
}
