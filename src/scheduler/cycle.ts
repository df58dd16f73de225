/** One pod, one decision: filter the nodes, score what is left, choose. Pure but for the given randomness and its memory. */
import type { ReadyNode } from './cluster-state.ts'
import type { ClusterView, FilterPlugin, NodeFilter, Rejection, ScorePlugin } from './framework.ts'
import type { PodInfo } from './pod-info.ts'

export interface CycleResult {
  /** The node to go to; undefined if none will do. */
  readonly node: ReadyNode | undefined
  /** Why the others will not, if none will. */
  readonly rejections: ReadonlyMap<string, Rejection>
}

interface Verdict {
  readonly generation: number
  readonly rejection: Rejection | undefined
}

/** Shapes of pods whose verdicts are remembered; the oldest goes first. */
const maxShapes = 128
/** Below it every node is looked at (upstream: minFeasibleNodesToFind, percentageOfNodesToScore's adaptive default). */
const leastFeasible = 100

/** How many nodes that fit are enough to choose from. */
export function enoughFeasible(nodes: number): number {
  if (nodes < leastFeasible) return nodes
  const percent = Math.max(5, 50 - Math.floor(nodes / 125))
  return Math.max(leastFeasible, Math.floor((nodes * percent) / 100))
}

export class SchedulingCycle {
  readonly #filters: readonly FilterPlugin[]
  readonly #scores: readonly ScorePlugin[]
  readonly #cluster: ClusterView
  readonly #random: () => number
  /** Verdicts that rest on the node object alone, by shape, then by node. */
  readonly #verdicts = new Map<string, Map<string, Verdict>>()
  #nextStart = 0

  /** `random` is uniform in [0, 1). */
  constructor(
    plugins: { filters: readonly FilterPlugin[]; scores: readonly ScorePlugin[] },
    cluster: ClusterView,
    random: () => number,
  ) {
    this.#filters = plugins.filters
    this.#scores = plugins.scores
    this.#cluster = cluster
    this.#random = random
  }

  run(info: PodInfo): CycleResult {
    const { feasible, rejections } = this.#feasible(info)
    return { node: this.#best(info, feasible), rejections }
  }

  /** Prepares all filters for a pod against the present state; an answer holds as long as no pod comes or goes. */
  filterFor(info: PodInfo): NodeFilter {
    const prepared: NodeFilter[] = []
    for (const plugin of this.#filters) {
      const filter = plugin.prepare(info, this.#cluster)
      if (filter !== undefined) prepared.push(filter)
    }
    return node => firstRejection(prepared, node)
  }

  /**
   * As the filters say, with the pods of at least its priority that are nominated to the node counted as if they ran there;
   * and without them, since they may go elsewhere and something may depend on them.
   */
  fits(info: PodInfo, node: ReadyNode, filter: NodeFilter): Rejection | undefined {
    const { state } = this.#cluster
    const nominated: PodInfo[] = []
    if (state.hasNominated()) {
      for (const other of state.nominatedOn(node.name)) {
        if (other.priority >= info.priority && other.key !== info.key && !node.pods.has(other.key))
          nominated.push(other)
      }
    }
    if (nominated.length === 0) return filter(node)
    for (const other of nominated) state.attach(other, node)
    const rejection = this.filterFor(info)(node)
    for (const other of nominated) state.detach(other, node)
    return rejection ?? filter(node)
  }

  #feasible(info: PodInfo): { feasible: ReadyNode[]; rejections: Map<string, Rejection> } {
    const nodes = this.#cluster.state.nodes()
    const feasible: ReadyNode[] = []
    const rejections = new Map<string, Rejection>()
    const filter = this.#cachedFilterFor(info)
    // The node that was freed for it is tried first.
    const nominated = this.#cluster.state.node(this.#cluster.state.nominationOf(info.key))
    if (nominated !== undefined && this.fits(info, nominated, filter) === undefined) {
      return { feasible: [nominated], rejections }
    }
    const enough = enoughFeasible(nodes.length)
    let looked = 0
    for (; looked < nodes.length && feasible.length < enough; looked++) {
      const node = nodes[(this.#nextStart + looked) % nodes.length]!
      const rejection = this.fits(info, node, filter)
      if (rejection === undefined) feasible.push(node)
      else rejections.set(node.name, rejection)
    }
    this.#nextStart = nodes.length === 0 ? 0 : (this.#nextStart + looked) % nodes.length
    return { feasible, rejections }
  }

  #cachedFilterFor(info: PodInfo): NodeFilter {
    const onNode: NodeFilter[] = []
    const rest: NodeFilter[] = []
    for (const plugin of this.#filters) {
      const filter = plugin.prepare(info, this.#cluster)
      if (filter !== undefined) (plugin.onlyNodeObject === true ? onNode : rest).push(filter)
    }
    const verdicts = this.#verdictsOf(info.shape)
    return node => {
      let verdict = verdicts.get(node.name)
      if (verdict?.generation !== node.generation) {
        verdict = { generation: node.generation, rejection: firstRejection(onNode, node) }
        verdicts.set(node.name, verdict)
      }
      return verdict.rejection ?? firstRejection(rest, node)
    }
  }

  #verdictsOf(shape: string): Map<string, Verdict> {
    const known = this.#verdicts.get(shape)
    const nodes = this.#cluster.state.nodes().length
    // Nodes that are gone would pile up.
    const verdicts = known !== undefined && known.size <= nodes * 2 + 10 ? known : new Map<string, Verdict>()
    this.#verdicts.delete(shape)
    this.#verdicts.set(shape, verdicts)
    if (this.#verdicts.size > maxShapes) this.#verdicts.delete(this.#verdicts.keys().next().value!)
    return verdicts
  }

  #best(info: PodInfo, feasible: readonly ReadyNode[]): ReadyNode | undefined {
    if (feasible.length <= 1) return feasible[0]
    const totals = new Float64Array(feasible.length)
    const scores = new Float64Array(feasible.length)
    for (const plugin of this.#scores) {
      const scorer = plugin.prepare(info, this.#cluster, feasible)
      if (scorer === undefined) continue
      feasible.forEach((node, i) => {
        scores[i] = scorer.score(node)
      })
      scorer.normalise?.(scores, feasible)
      for (let i = 0; i < totals.length; i++) totals[i]! += scores[i]! * plugin.weight
    }
    return feasible[this.#pick(totals)]
  }

  /** One of the best, each with the same chance. */
  #pick(totals: Float64Array): number {
    let best = 0
    let ties = 1
    for (let i = 1; i < totals.length; i++) {
      if (totals[i]! > totals[best]!) {
        best = i
        ties = 1
      } else if (totals[i] === totals[best]) {
        ties++
        if (this.#random() * ties < 1) best = i
      }
    }
    return best
  }
}

function firstRejection(filters: readonly NodeFilter[], node: ReadyNode): Rejection | undefined {
  for (const filter of filters) {
    const rejection = filter(node)
    if (rejection !== undefined) return rejection
  }
  return undefined
}
