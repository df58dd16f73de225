/** Spreads pods over the domains of a topology (KEP-895; documentation: "Pod Topology Spread Constraints"). */
import type { TopologySpreadConstraint } from '../../api/core/v1/affinity.ts'
import { labelSelectorOf } from '../../machinery/selectors/label-selector.ts'
import { requiredNodeAffinityMatches } from '../../machinery/selectors/node-selector.ts'
import { findUntoleratedTaint } from '../../machinery/selectors/tolerations.ts'
import type { ReadyNode } from '../cluster-state.ts'
import { type ClusterView, type FilterPlugin, maxNodeScore, type ScorePlugin } from '../framework.ts'
import type { PodInfo } from '../pod-info.ts'
import { isPodEvent } from '../queueing-hints.ts'
import { TopologyCounts } from './topology-counts.ts'

const name = 'PodTopologySpread'
const message = "node(s) didn't match pod topology spread constraints"
const skewed = { plugin: name, reasons: [message], unresolvable: false }
const labelMissing = { plugin: name, reasons: [`${message} (missing required label)`], unresolvable: true }
const hostnameLabel = 'kubernetes.io/hostname'
const zoneLabel = 'topology.kubernetes.io/zone'

type LabelMatcher = (labels: Readonly<Record<string, string>>) => boolean

interface Constraint {
  readonly maxSkew: number
  readonly topologyKey: string
  readonly minDomains: number
  readonly matches: LabelMatcher
  readonly honourAffinity: boolean
  readonly honourTaints: boolean
}

function constraintOf(one: TopologySpreadConstraint, labels: Readonly<Record<string, string>>): Constraint {
  const selector = labelSelectorOf(one.labelSelector)
  const sameKeys = (one.matchLabelKeys ?? []).filter(key => labels[key] !== undefined)
  return {
    maxSkew: one.maxSkew,
    topologyKey: one.topologyKey,
    minDomains: one.minDomains ?? 1,
    matches: other => selector.matches(other) && sameKeys.every(key => other[key] === labels[key]),
    honourAffinity: one.nodeAffinityPolicy !== 'Ignore',
    honourTaints: one.nodeTaintsPolicy === 'Honor',
  }
}

const constraintsOf = (info: PodInfo, when: TopologySpreadConstraint['whenUnsatisfiable']): Constraint[] =>
  (info.pod.spec.topologySpreadConstraints ?? [])
    .filter(one => one.whenUnsatisfiable === when)
    .map(one => constraintOf(one, info.labels))

/** The system's defaults for pods without constraints: lenient spreading over hosts and zones of what belongs together. */
function defaultConstraints(matches: LabelMatcher): Constraint[] {
  const common = { minDomains: 1, matches, honourAffinity: true, honourTaints: false }
  return [
    { ...common, maxSkew: 3, topologyKey: hostnameLabel },
    { ...common, maxSkew: 5, topologyKey: zoneLabel },
  ]
}

function counts(node: ReadyNode, constraint: Constraint, info: PodInfo): boolean {
  if (constraint.honourAffinity && !requiredNodeAffinityMatches(info.pod.spec, node.node)) return false
  if (!constraint.honourTaints) return true
  return (
    findUntoleratedTaint(node.node.spec.taints, info.pod.spec.tolerations, ['NoSchedule', 'NoExecute']) === undefined
  )
}

const hasAll = (node: ReadyNode, constraints: readonly Constraint[]): boolean =>
  constraints.every(({ topologyKey }) => node.node.metadata.labels?.[topologyKey] !== undefined)

/** Pods on their way out do not count. */
function matchingPods(node: ReadyNode, { matches }: Constraint, namespace: string): number {
  let matching = 0
  for (const pod of node.pods.values()) {
    if (pod.namespace === namespace && pod.pod.metadata.deletionTimestamp === undefined && matches(pod.labels))
      matching++
  }
  return matching
}

export const podTopologySpreadFilter: FilterPlugin = {
  name,
  prepare: (info, { state }) => {
    const constraints = constraintsOf(info, 'DoNotSchedule')
    if (constraints.length === 0) return undefined
    const perDomain = constraints.map(() => new Map<string, number>())
    for (const node of state.nodes()) {
      if (!hasAll(node, constraints)) continue
      constraints.forEach((constraint, i) => {
        if (!counts(node, constraint, info)) return
        const value = node.node.metadata.labels![constraint.topologyKey]!
        perDomain[i]!.set(value, (perDomain[i]!.get(value) ?? 0) + matchingPods(node, constraint, info.namespace))
      })
    }
    const least = constraints.map(({ minDomains }, i) => {
      const domains = perDomain[i]!
      if (domains.size < minDomains) return 0
      let min = Number.POSITIVE_INFINITY
      for (const count of domains.values()) min = Math.min(min, count)
      return min
    })
    const self = constraints.map(({ matches }) => (matches(info.labels) ? 1 : 0))
    return ({ node }) => {
      for (const [i, { topologyKey, maxSkew }] of constraints.entries()) {
        const value = node.metadata.labels?.[topologyKey]
        if (value === undefined) return labelMissing
        if ((perDomain[i]!.get(value) ?? 0) + self[i]! - least[i]! > maxSkew) return skewed
      }
      return undefined
    }
  },
  mayHelp: (event, info) => {
    if (isPodEvent(event)) return event.pod.namespace === info.namespace
    if (event.type === 'nodeUpdated') return event.labels || event.taints
    return event.type === 'nodeAdded' || event.type === 'nodeDeleted'
  },
}

/** Counts per domain other than hosts, over the nodes that may count. */
function softCounts(
  info: PodInfo,
  { state }: ClusterView,
  constraints: readonly Constraint[],
  scored: readonly ReadyNode[],
  requireAll: boolean,
): { domains: TopologyCounts; sizes: number[] } {
  const domains = new TopologyCounts()
  const known = constraints.map(() => new Set<string>())
  for (const node of scored) {
    constraints.forEach(({ topologyKey }, i) => {
      const value = node.node.metadata.labels?.[topologyKey]
      if (value !== undefined) known[i]!.add(value)
    })
  }
  for (const node of state.nodes()) {
    if (requireAll && !hasAll(node, constraints)) continue
    constraints.forEach((constraint, i) => {
      const value = node.node.metadata.labels?.[constraint.topologyKey]
      if (constraint.topologyKey === hostnameLabel || value === undefined) return
      if (!known[i]!.has(value) || !counts(node, constraint, info)) return
      domains.add(String(i), value, matchingPods(node, constraint, info.namespace))
    })
  }
  const sizes = constraints.map(({ topologyKey }, i) =>
    topologyKey === hostnameLabel ? scored.length : known[i]!.size,
  )
  return { domains, sizes }
}

export const podTopologySpreadScore: ScorePlugin = {
  name,
  weight: 2,
  prepare: (info, cluster, feasible) => {
    const own = (info.pod.spec.topologySpreadConstraints ?? []).length > 0
    const owners = own ? undefined : cluster.selectorOfOwners(info)
    const constraints = own
      ? constraintsOf(info, 'ScheduleAnyway')
      : owners === undefined
        ? []
        : defaultConstraints(owners)
    if (constraints.length === 0) return undefined
    const ignored = new Set(own ? feasible.filter(node => !hasAll(node, constraints)) : [])
    const scored = feasible.filter(node => !ignored.has(node))
    const { domains, sizes } = softCounts(info, cluster, constraints, scored, own)
    const weights = sizes.map(size => Math.log(size + 2))
    return {
      score(node) {
        if (ignored.has(node)) return 0
        let score = 0
        constraints.forEach((constraint, i) => {
          const value = node.node.metadata.labels?.[constraint.topologyKey]
          if (value === undefined) return
          const count =
            constraint.topologyKey === hostnameLabel
              ? matchingPods(node, constraint, info.namespace)
              : domains.get(String(i), value)
          score += count * weights[i]! + (constraint.maxSkew - 1)
        })
        return Math.round(score)
      },
      normalise(scores, nodes) {
        let min = Number.POSITIVE_INFINITY
        let max = 0
        nodes.forEach((node, i) => {
          if (ignored.has(node)) return
          min = Math.min(min, scores[i]!)
          max = Math.max(max, scores[i]!)
        })
        nodes.forEach((node, i) => {
          if (ignored.has(node)) scores[i] = 0
          else scores[i] = max === 0 ? maxNodeScore : Math.floor((maxNodeScore * (max + min - scores[i]!)) / max)
        })
      },
    }
  },
}
