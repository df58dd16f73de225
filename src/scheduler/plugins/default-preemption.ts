/** Which pods of lower priority to remove, and from which node, so that a pod fits (documentation: "Pod Priority and Preemption"). */
import type { PodDisruptionBudget } from '../../api/policy/v1/pod-disruption-budget.ts'
import { labelSelectorOf } from '../../machinery/selectors/label-selector.ts'
import type { ReadyNode } from '../cluster-state.ts'
import type { SchedulingCycle } from '../cycle.ts'
import { fitMessage } from '../fit-message.ts'
import type { ClusterView, Rejection } from '../framework.ts'
import type { PodInfo } from '../pod-info.ts'

/** Candidates to compare: a tenth of the nodes, but at least so many (upstream's defaults). */
const leastCandidates = 100
const candidatePercent = 10

const notHelpful = 'Preemption is not helpful for scheduling'
const noVictims = 'No preemption victims found for incoming pod'
export const preemptionCondition = 'DisruptionTarget'
export const preemptionReason = 'PreemptionByScheduler'

export interface PreemptionPlan {
  readonly node: string
  /** Most important first; at least one. */
  readonly victims: readonly PodInfo[]
  /** Pods of lower priority that were to get the same node. */
  readonly demoted: readonly PodInfo[]
}

interface Candidate {
  readonly node: ReadyNode
  readonly victims: readonly PodInfo[]
  /** Of the victims, how many a disruption budget would have protected. */
  readonly violations: number
}

/** Milliseconds; a pod that has not started counts as starting last. */
const startOf = (info: PodInfo): number => {
  const start = info.pod.status.startTime
  return start ? Date.parse(start) : Number.POSITIVE_INFINITY
}

/** Higher priority first, then the one that runs longer. */
const byImportance = (a: PodInfo, b: PodInfo): number =>
  b.priority - a.priority || (startOf(a) === startOf(b) ? 0 : startOf(a) - startOf(b))

export const isBeingPreempted = ({ pod }: PodInfo): boolean =>
  pod.metadata.deletionTimestamp !== undefined &&
  (pod.status.conditions ?? []).some(
    ({ type, status, reason }) => type === preemptionCondition && status === 'True' && reason === preemptionReason,
  )

/** Why the pod may not preempt now; undefined if it may. */
function ineligible(
  info: PodInfo,
  { state }: ClusterView,
  rejections: ReadonlyMap<string, Rejection>,
): string | undefined {
  if (info.pod.spec.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.'
  const nominated = state.node(state.nominationOf(info.key))
  if (nominated === undefined || rejections.get(nominated.name)?.unresolvable === true) return undefined
  for (const other of nominated.pods.values()) {
    if (other.priority < info.priority && isBeingPreempted(other)) {
      return 'not eligible due to a terminating pod on the nominated node.'
    }
  }
  return undefined
}

/** Splits into the pods whose eviction a budget forbids, counting those before them, and the others. */
function byBudget(pods: readonly PodInfo[], budgets: readonly PodDisruptionBudget[]): [PodInfo[], PodInfo[]] {
  const left = budgets.map(({ status }) => status.disruptionsAllowed)
  const selectors = budgets.map(({ spec }) => labelSelectorOf(spec.selector))
  const violating: PodInfo[] = []
  const free: PodInfo[] = []
  for (const info of pods) {
    let violates = false
    budgets.forEach((budget, i) => {
      const covers =
        budget.metadata.namespace === info.namespace &&
        Object.keys(info.labels).length > 0 &&
        selectors[i]!.requirements.length > 0 &&
        selectors[i]!.matches(info.labels)
      if (!covers || budget.status.disruptedPods?.[info.name] !== undefined) return
      left[i]!--
      if (left[i]! < 0) violates = true
    })
    if (violates) violating.push(info)
    else free.push(info)
  }
  return [violating, free]
}

export class Preemption {
  readonly #cycle: SchedulingCycle
  readonly #cluster: ClusterView
  readonly #random: () => number

  constructor(cycle: SchedulingCycle, cluster: ClusterView, random: () => number) {
    this.#cycle = cycle
    this.#cluster = cluster
    this.#random = random
  }

  /** A plan, or why there is none, as it ends the message of a pod that found no node. */
  plan(
    info: PodInfo,
    rejections: ReadonlyMap<string, Rejection>,
    budgets: readonly PodDisruptionBudget[],
  ): { readonly plan: PreemptionPlan } | { readonly message: string } {
    const why = ineligible(info, this.#cluster, rejections)
    if (why !== undefined) return { message: `preemption: ${why}` }
    const nodes = this.#cluster.state.nodes()
    const hopeful = nodes.filter(node => rejections.get(node.name)?.unresolvable === false)
    const reasons = new Map<string, readonly string[]>()
    const candidates = this.#candidates(info, hopeful, nodes.length, budgets, reasons)
    if (candidates.length === 0) {
      const lists = nodes.map(node => reasons.get(node.name) ?? [notHelpful])
      return { message: `preemption: ${fitMessage(nodes.length, lists)}` }
    }
    const { node, victims } = candidates.reduce((best, one) => (better(one, best) ? one : best))
    const demoted = [...this.#cluster.state.nominatedOn(node.name)].filter(other => other.priority < info.priority)
    return { plan: { node: node.name, victims, demoted } }
  }

  #candidates(
    info: PodInfo,
    hopeful: readonly ReadyNode[],
    nodes: number,
    budgets: readonly PodDisruptionBudget[],
    reasons: Map<string, readonly string[]>,
  ): Candidate[] {
    const wanted = Math.max(leastCandidates, Math.floor((nodes * candidatePercent) / 100))
    const offset = Math.floor(this.#random() * hopeful.length)
    const candidates: Candidate[] = []
    for (let i = 0; i < hopeful.length && candidates.length < wanted; i++) {
      const node = hopeful[(offset + i) % hopeful.length]!
      const found = this.#victimsOn(info, node, budgets)
      if ('victims' in found) candidates.push(found)
      else reasons.set(node.name, found.reasons)
    }
    return candidates
  }

  /** Takes all pods of lower priority away, then puts back as many as can stay, the most important and protected first. */
  #victimsOn(
    info: PodInfo,
    node: ReadyNode,
    budgets: readonly PodDisruptionBudget[],
  ): Candidate | { readonly reasons: readonly string[] } {
    const { state } = this.#cluster
    const lower = [...node.pods.values()].filter(other => other.priority < info.priority)
    if (lower.length === 0) return { reasons: [noVictims] }
    for (const other of lower) state.detach(other, node)
    const fits = () => this.#cycle.fits(info, node, this.#cycle.filterFor(info))
    const victims: PodInfo[] = []
    let violations = 0
    const rejection = fits()
    if (rejection === undefined) {
      const [violating, free] = byBudget(lower.sort(byImportance), budgets)
      for (const other of [...violating, ...free]) {
        state.attach(other, node)
        if (fits() === undefined) continue
        state.detach(other, node)
        victims.push(other)
        if (violating.includes(other)) violations++
      }
    }
    for (const other of rejection === undefined ? victims : lower) state.attach(other, node)
    if (rejection !== undefined) return { reasons: rejection.reasons }
    return { node, victims: victims.sort(byImportance), violations }
  }
}

/**
 * Fewer violated budgets; a less important first victim; a lower sum of priorities; fewer victims; a first victim that
 * started later.
 */
function better(a: Candidate, b: Candidate): boolean {
  const first = ({ victims }: Candidate) => victims[0]?.priority ?? Number.NEGATIVE_INFINITY
  // Shifted so that many victims of negative priority do not look cheap.
  const sum = ({ victims }: Candidate) => victims.reduce((total, { priority }) => total + priority + 2 ** 31, 0)
  const started = ({ victims }: Candidate) =>
    Math.min(...victims.filter(({ priority }) => priority === victims[0]?.priority).map(startOf))
  const differences = [
    a.violations - b.violations,
    first(a) - first(b),
    sum(a) - sum(b),
    a.victims.length - b.victims.length,
    started(b) === started(a) ? 0 : started(b) - started(a),
  ]
  return (differences.find(difference => difference !== 0) ?? 0) < 0
}
