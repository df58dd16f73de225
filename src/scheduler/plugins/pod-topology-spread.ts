/** Spreads pods over the domains of a topology (KEP-895; documentation: "Pod Topology Spread Constraints"). */
import type { TopologySpreadConstraint } from '../../api/core/v1/affinity.ts'
import { labelSelectorOf } from '../../machinery/selectors/label-selector.ts'
import { requiredNodeAffinityMatches } from '../../machinery/selectors/node-selector.ts'
import { findUntoleratedTaint } from '../../machinery/selectors/tolerations.ts'
import type { ClusterState, ReadyNode } from '../cluster-state.ts'
import {
  type ClusterView,
  type FilterPlugin,
  maxNodeScore,
  type OwnersSelector,
  type ScorePlugin,
} from '../framework.ts'
import { type DomainCounts, eachNode, type PodGroup } from '../pod-groups.ts'
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
  /** The same for constraints that count the same pods. */
  readonly selectorId: string
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
    selectorId: JSON.stringify([one.labelSelector, sameKeys.map(key => [key, labels[key]])]),
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
function defaultConstraints({ id, matches }: OwnersSelector): Constraint[] {
  const common = { selectorId: id, minDomains: 1, matches, honourAffinity: true, honourTaints: false }
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

/** The pods that a constraint counts. Those on their way out do not count. */
const groupOf = ({ selectorId, matches }: Constraint, namespace: string, topologyKey: string): PodGroup => ({
  id: `spread ${JSON.stringify([topologyKey, namespace])} ${selectorId}`,
  namespaces: new Set([namespace]),
  topologyKey,
  matches: ({ pod, labels }) => pod.metadata.deletionTimestamp === undefined && matches(labels),
})

/**
 * Whether no node is left out of the counts: the pod may go to any, as far as that counts here, and all have the labels.
 * Then the counts by domain that are kept up to date are the answer; else every node is looked at.
 */
function countsEverywhere(info: PodInfo, state: ClusterState, constraints: readonly Constraint[]): boolean {
  const { nodeSelector, affinity } = info.pod.spec
  const choosy =
    (nodeSelector !== undefined && Object.keys(nodeSelector).length > 0) ||
    affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution !== undefined
  const nodes = state.nodes().length
  return constraints.every(({ topologyKey, honourAffinity, honourTaints }) => {
    if (honourTaints || (honourAffinity && choosy)) return false
    let labelled = 0
    for (const count of state.domains(topologyKey).values()) labelled += count
    return labelled === nodes
  })
}

/** Matching pods by domain for each constraint, and by which domains there are. */
interface DomainsOfConstraint {
  readonly counts: DomainCounts
  readonly domains: ReadonlySet<string> | ReadonlyMap<string, unknown>
}

function domainsOf(info: PodInfo, state: ClusterState, constraints: readonly Constraint[]): DomainsOfConstraint[] {
  if (countsEverywhere(info, state, constraints)) {
    return constraints.map(constraint => ({
      counts: state.groups.countsOf(groupOf(constraint, info.namespace, constraint.topologyKey)),
      domains: state.domains(constraint.topologyKey),
    }))
  }
  const onNodes = constraints.map(constraint => state.groups.countsOf(groupOf(constraint, info.namespace, eachNode)))
  const perDomain = constraints.map(() => new Map<string, number>())
  for (const node of state.nodes()) {
    if (!hasAll(node, constraints)) continue
    for (const [i, constraint] of constraints.entries()) {
      if (!counts(node, constraint, info)) continue
      const value = node.node.metadata.labels![constraint.topologyKey]!
      perDomain[i]!.set(value, (perDomain[i]!.get(value) ?? 0) + (onNodes[i]!.get(node.name) ?? 0))
    }
  }
  return perDomain.map(domains => ({ counts: domains, domains }))
}

function leastCount({ counts, domains }: DomainsOfConstraint): number {
  // A domain that is not counted has none.
  if (counts.size < domains.size) return 0
  let min = Number.POSITIVE_INFINITY
  for (const count of counts.values()) min = Math.min(min, count)
  return min
}

export const podTopologySpreadFilter: FilterPlugin = {
  name,
  prepare: (info, { state }) => {
    const constraints = constraintsOf(info, 'DoNotSchedule')
    if (constraints.length === 0) return undefined
    const perDomain = domainsOf(info, state, constraints)
    const least = constraints.map(({ minDomains }, i) =>
      perDomain[i]!.domains.size < minDomains ? 0 : leastCount(perDomain[i]!),
    )
    const self = constraints.map(({ matches }) => (matches(info.labels) ? 1 : 0))
    return ({ node }) => {
      for (const [i, { topologyKey, maxSkew }] of constraints.entries()) {
        const value = node.metadata.labels?.[topologyKey]
        if (value === undefined) return labelMissing
        if ((perDomain[i]!.counts.get(value) ?? 0) + self[i]! - least[i]! > maxSkew) return skewed
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
): { domains: TopologyCounts; onNodes: readonly DomainCounts[]; sizes: number[] } {
  const domains = new TopologyCounts()
  const known = constraints.map(() => new Set<string>())
  for (const node of scored) {
    constraints.forEach(({ topologyKey }, i) => {
      const value = node.node.metadata.labels?.[topologyKey]
      if (value !== undefined) known[i]!.add(value)
    })
  }
  const onNodes = constraints.map(constraint => state.groups.countsOf(groupOf(constraint, info.namespace, eachNode)))
  const zonal = constraints.filter(({ topologyKey }) => topologyKey !== hostnameLabel)
  if (countsEverywhere(info, state, requireAll ? constraints : zonal)) {
    constraints.forEach((constraint, i) => {
      if (constraint.topologyKey === hostnameLabel) return
      const all = state.groups.countsOf(groupOf(constraint, info.namespace, constraint.topologyKey))
      for (const value of known[i]!) domains.add(String(i), value, all.get(value) ?? 0)
    })
  } else {
    for (const node of state.nodes()) {
      if (requireAll && !hasAll(node, constraints)) continue
      constraints.forEach((constraint, i) => {
        const value = node.node.metadata.labels?.[constraint.topologyKey]
        if (constraint.topologyKey === hostnameLabel || value === undefined) return
        if (!known[i]!.has(value) || !counts(node, constraint, info)) return
        domains.add(String(i), value, onNodes[i]!.get(node.name) ?? 0)
      })
    }
  }
  const sizes = constraints.map(({ topologyKey }, i) =>
    topologyKey === hostnameLabel ? scored.length : known[i]!.size,
  )
  return { domains, onNodes, sizes }
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
    const { domains, onNodes, sizes } = softCounts(info, cluster, constraints, scored, own)
    const weights = sizes.map(size => Math.log(size + 2))
    return {
      score(node) {
        if (ignored.has(node)) return 0
        let score = 0
        constraints.forEach((constraint, i) => {
          const value = node.node.metadata.labels?.[constraint.topologyKey]
          if (value === undefined) return
          const count =
            constraint.topologyKey === hostnameLabel ? (onNodes[i]!.get(node.name) ?? 0) : domains.get(String(i), value)
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
