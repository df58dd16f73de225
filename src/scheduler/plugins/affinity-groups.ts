/** Affinity terms as groups of pods that are counted by domain. */
import type { ClusterState } from '../cluster-state.ts'
import type { PodGroup } from '../pod-groups.ts'
import type { AffinityTerm, PodInfo } from '../pod-info.ts'

export function termMatches(term: AffinityTerm, other: PodInfo, state: ClusterState): boolean {
  const { namespaceSelector } = term
  const inNamespace =
    term.namespaces.has(other.namespace) ||
    namespaceSelector?.matches(state.namespaceLabels.get(other.namespace) ?? {}) === true
  return inNamespace && term.selector.matches(other.labels)
}

/** Pods that match all of the terms, by the domains of a topology. */
export function groupOfTerms(terms: readonly AffinityTerm[], topologyKey: string, state: ClusterState): PodGroup {
  const [first] = terms
  const anyNamespace = first === undefined || terms.some(term => term.namespaceSelector !== undefined)
  return {
    id: `affinity ${JSON.stringify([topologyKey, terms.map(({ id }) => id)])}`,
    // Whoever matches all terms is in the namespaces of the first.
    namespaces: anyNamespace ? undefined : first.namespaces,
    topologyKey,
    matches: info => terms.every(term => termMatches(term, info, state)),
  }
}
