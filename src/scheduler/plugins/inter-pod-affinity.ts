/** Pods that want to be, or not to be, in a domain with other pods (documentation: "Inter-pod affinity and anti-affinity"). */
import type { ClusterState, ReadyNode } from '../cluster-state.ts'
import { type ClusterView, type FilterPlugin, maxNodeScore, type ScorePlugin } from '../framework.ts'
import type { AffinityTerm, PodInfo } from '../pod-info.ts'
import { isPodEvent, nodeLabelsChanged } from '../queueing-hints.ts'
import { TopologyCounts } from './topology-counts.ts'

const name = 'InterPodAffinity'
const rejectionOf = (reason: string, unresolvable: boolean) => ({ plugin: name, reasons: [reason], unresolvable })
const affinityUnmet = rejectionOf("node(s) didn't match pod affinity rules", true)
const antiAffinityUnmet = rejectionOf("node(s) didn't match pod anti-affinity rules", false)
const existingAntiAffinity = rejectionOf("node(s) didn't satisfy existing pods anti-affinity rules", false)

/** What a required affinity of a pod that runs counts for one that it would like to have near (upstream's default). */
const hardPodAffinityWeight = 1

function termMatches(term: AffinityTerm, other: PodInfo, state: ClusterState): boolean {
  const { namespaceSelector } = term
  const inNamespace =
    term.namespaces.has(other.namespace) ||
    namespaceSelector?.matches(state.namespaceLabels.get(other.namespace) ?? {}) === true
  return inNamespace && term.selector.matches(other.labels)
}

const domainOf = (node: ReadyNode, key: string): string | undefined => node.node.metadata.labels?.[key]

/** Domains where a pod that runs there wants no pod like this one. */
function forbiddenDomains(info: PodInfo, state: ClusterState): TopologyCounts {
  const forbidden = new TopologyCounts()
  for (const node of state.nodes()) {
    for (const existing of node.podsWithRequiredAntiAffinity) {
      for (const term of existing.requiredAntiAffinity) {
        const domain = domainOf(node, term.topologyKey)
        if (domain !== undefined && termMatches(term, info, state)) forbidden.add(term.topologyKey, domain, 1)
      }
    }
  }
  return forbidden
}

interface Wanted {
  /** Pods that match all affinity terms, by the domain of each term. */
  readonly near: TopologyCounts
  /** Pods that match an anti-affinity term, by its domain. */
  readonly apart: TopologyCounts
}

function wantedDomains(info: PodInfo, state: ClusterState): Wanted {
  const near = new TopologyCounts()
  const apart = new TopologyCounts()
  const { requiredAffinity, requiredAntiAffinity } = info
  if (requiredAffinity.length === 0 && requiredAntiAffinity.length === 0) return { near, apart }
  for (const node of state.nodes()) {
    for (const other of node.pods.values()) {
      if (requiredAffinity.length > 0 && requiredAffinity.every(term => termMatches(term, other, state))) {
        for (const { topologyKey } of requiredAffinity) {
          const domain = domainOf(node, topologyKey)
          if (domain !== undefined) near.add(topologyKey, domain, 1)
        }
      }
      for (const term of requiredAntiAffinity) {
        const domain = domainOf(node, term.topologyKey)
        if (domain !== undefined && termMatches(term, other, state)) apart.add(term.topologyKey, domain, 1)
      }
    }
  }
  return { near, apart }
}

export const interPodAffinityFilter: FilterPlugin = {
  name,
  prepare: (info, { state }) => {
    const forbidden = forbiddenDomains(info, state)
    const { requiredAffinity, requiredAntiAffinity } = info
    if (forbidden.isEmpty && requiredAffinity.length === 0 && requiredAntiAffinity.length === 0) return undefined
    const { near, apart } = wantedDomains(info, state)
    // The first pod of a group that wants to be together may go anywhere with the right labels.
    const first = near.isEmpty && requiredAffinity.every(term => termMatches(term, info, state))
    return node => {
      for (const { topologyKey } of requiredAffinity) {
        const domain = domainOf(node, topologyKey)
        if (domain === undefined) return affinityUnmet
        if (!first && near.get(topologyKey, domain) === 0) return affinityUnmet
      }
      for (const { topologyKey } of requiredAntiAffinity) {
        const domain = domainOf(node, topologyKey)
        if (domain !== undefined && apart.get(topologyKey, domain) > 0) return antiAffinityUnmet
      }
      return forbidden.sumFor(node.node.metadata.labels) > 0 ? existingAntiAffinity : undefined
    }
  },
  mayHelp: event => isPodEvent(event) || nodeLabelsChanged(event) || event.type === 'namespaceUpdated',
}

function addPreferences(
  weights: TopologyCounts,
  info: PodInfo,
  other: PodInfo,
  node: ReadyNode,
  state: ClusterState,
): void {
  const add = (terms: readonly AffinityTerm[], target: PodInfo, weightOf: (term: AffinityTerm) => number) => {
    for (const term of terms) {
      const domain = domainOf(node, term.topologyKey)
      if (domain !== undefined && termMatches(term, target, state))
        weights.add(term.topologyKey, domain, weightOf(term))
    }
  }
  add(info.preferredAffinity, other, term => term.weight)
  add(info.preferredAntiAffinity, other, term => -term.weight)
  add(other.preferredAffinity, info, term => term.weight)
  add(other.preferredAntiAffinity, info, term => -term.weight)
  add(other.requiredAffinity, info, () => hardPodAffinityWeight)
}

function preferences(info: PodInfo, { state }: ClusterView): TopologyCounts {
  const weights = new TopologyCounts()
  const hasOwn = info.preferredAffinity.length > 0 || info.preferredAntiAffinity.length > 0
  for (const node of state.nodes()) {
    const others = hasOwn ? node.pods.values() : node.podsWithAffinity
    for (const other of others) addPreferences(weights, info, other, node, state)
  }
  return weights
}

export const interPodAffinityScore: ScorePlugin = {
  name,
  weight: 2,
  prepare: (info, cluster) => {
    const weights = preferences(info, cluster)
    if (weights.isEmpty) return undefined
    return {
      score: ({ node }) => weights.sumFor(node.metadata.labels),
      normalise(scores) {
        let min = Number.POSITIVE_INFINITY
        let max = Number.NEGATIVE_INFINITY
        for (const score of scores) {
          min = Math.min(min, score)
          max = Math.max(max, score)
        }
        for (let i = 0; i < scores.length; i++) {
          scores[i] = max === min ? 0 : Math.floor((maxNodeScore * (scores[i]! - min)) / (max - min))
        }
      },
    }
  },
}
