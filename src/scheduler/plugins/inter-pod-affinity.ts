/** Pods that want to be, or not to be, in a domain with other pods (documentation: "Inter-pod affinity and anti-affinity"). */
import type { ClusterState, ReadyNode } from '../cluster-state.ts'
import { type ClusterView, type FilterPlugin, maxNodeScore, type ScorePlugin } from '../framework.ts'
import type { DomainCounts, TermKind } from '../pod-groups.ts'
import type { AffinityTerm, PodInfo } from '../pod-info.ts'
import { isPodEvent, nodeLabelsChanged } from '../queueing-hints.ts'
import { groupOfTerms, termMatches } from './affinity-groups.ts'

const name = 'InterPodAffinity'
const rejectionOf = (reason: string, unresolvable: boolean) => ({ plugin: name, reasons: [reason], unresolvable })
const affinityUnmet = rejectionOf("node(s) didn't match pod affinity rules", true)
const antiAffinityUnmet = rejectionOf("node(s) didn't match pod anti-affinity rules", false)
const existingAntiAffinity = rejectionOf("node(s) didn't satisfy existing pods anti-affinity rules", false)

/** What a required affinity of a pod that runs counts for one that it would like to have near (upstream's default). */
const hardPodAffinityWeight = 1

const domainOf = (node: ReadyNode, key: string): string | undefined => node.node.metadata.labels?.[key]

/** Pods in each domain of a topology, with what each of them counts. */
interface Weighted {
  readonly topologyKey: string
  readonly domains: DomainCounts
  readonly weight: number
}

const countAt = ({ topologyKey, domains }: Omit<Weighted, 'weight'>, node: ReadyNode): number => {
  const domain = domainOf(node, topologyKey)
  return domain === undefined ? 0 : (domains.get(domain) ?? 0)
}

/** Where a pod that runs there wants no pod like this one. */
const forbiddenDomains = (info: PodInfo, state: ClusterState) =>
  [...state.groups.terms('requiredAntiAffinity')]
    .filter(({ term }) => termMatches(term, info, state))
    .map(({ term, domains }) => ({ topologyKey: term.topologyKey, domains }))

/** The pods that match all affinity terms, by the domains of each. */
const wantedNear = ({ requiredAffinity }: PodInfo, state: ClusterState) =>
  requiredAffinity.map(({ topologyKey }) => ({
    topologyKey,
    domains: state.groups.countsOf(groupOfTerms(requiredAffinity, topologyKey, state)),
  }))

const wantedApart = ({ requiredAntiAffinity }: PodInfo, state: ClusterState) =>
  requiredAntiAffinity.map(term => ({
    topologyKey: term.topologyKey,
    domains: state.groups.countsOf(groupOfTerms([term], term.topologyKey, state)),
  }))

export const interPodAffinityFilter: FilterPlugin = {
  name,
  prepare: (info, { state }) => {
    const forbidden = forbiddenDomains(info, state)
    const { requiredAffinity, requiredAntiAffinity } = info
    if (forbidden.length === 0 && requiredAffinity.length === 0 && requiredAntiAffinity.length === 0) return undefined
    const near = wantedNear(info, state)
    const apart = wantedApart(info, state)
    // The first pod of a group that wants to be together may go anywhere with the right labels.
    const first =
      near.every(({ domains }) => domains.size === 0) && requiredAffinity.every(term => termMatches(term, info, state))
    return node => {
      for (const wanted of near) {
        if (domainOf(node, wanted.topologyKey) === undefined) return affinityUnmet
        if (!first && countAt(wanted, node) === 0) return affinityUnmet
      }
      for (const unwanted of apart) if (countAt(unwanted, node) > 0) return antiAffinityUnmet
      for (const unwanted of forbidden) if (countAt(unwanted, node) > 0) return existingAntiAffinity
      return undefined
    }
  },
  mayHelp: event => isPodEvent(event) || nodeLabelsChanged(event) || event.type === 'namespaceUpdated',
}

/** What the pod would like to have near or not, and what pods that run would like of it. */
function preferences(info: PodInfo, { state }: ClusterView): Weighted[] {
  const own = (terms: readonly AffinityTerm[], sign: 1 | -1): Weighted[] =>
    terms.map(term => ({
      topologyKey: term.topologyKey,
      domains: state.groups.countsOf(groupOfTerms([term], term.topologyKey, state)),
      weight: sign * term.weight,
    }))
  const ofOthers = (kind: TermKind, weightOf: (term: AffinityTerm) => number): Weighted[] =>
    [...state.groups.terms(kind)]
      .filter(({ term }) => termMatches(term, info, state))
      .map(({ term, domains }) => ({ topologyKey: term.topologyKey, domains, weight: weightOf(term) }))
  return [
    ...own(info.preferredAffinity, 1),
    ...own(info.preferredAntiAffinity, -1),
    ...ofOthers('preferredAffinity', term => term.weight),
    ...ofOthers('preferredAntiAffinity', term => -term.weight),
    ...ofOthers('requiredAffinity', () => hardPodAffinityWeight),
  ].filter(({ domains }) => domains.size > 0)
}

export const interPodAffinityScore: ScorePlugin = {
  name,
  weight: 2,
  prepare: (info, cluster) => {
    const weights = preferences(info, cluster)
    if (weights.length === 0) return undefined
    return {
      score: node => weights.reduce((sum, one) => sum + one.weight * countAt(one, node), 0),
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
