/**
 * How many pods of a group are in each domain of a topology, and which affinity terms the pods of a domain have: counted once
 * and kept up to date while pods come and go, so that a decision costs no look at all nodes and all pods. No I/O and no clock.
 */
import type { NodeState } from './cluster-state.ts'
import type { AffinityTerm, PodInfo } from './pod-info.ts'

/** Numbers above 0 by the value of the topology's label. */
export type DomainCounts = ReadonlyMap<string, number>

export interface PodGroup {
  /** The same for the same pods and topology. */
  readonly id: string
  /** Pods of others never match; undefined: those of any may. */
  readonly namespaces: ReadonlySet<string> | undefined
  /** A node label, or `eachNode`. */
  readonly topologyKey: string
  matches(info: PodInfo): boolean
}

/** Counts by the name of the node. */
export const eachNode = ''

/** Groups that are kept up to date; the one that was asked for longest ago goes first. */
const maxGroups = 4096

interface CountedGroup {
  readonly group: PodGroup
  readonly domains: Map<string, number>
}

export type TermKind = 'requiredAffinity' | 'requiredAntiAffinity' | 'preferredAffinity' | 'preferredAntiAffinity'

const termKinds: readonly TermKind[] = [
  'requiredAffinity',
  'requiredAntiAffinity',
  'preferredAffinity',
  'preferredAntiAffinity',
]

export interface CountedTerm {
  readonly term: AffinityTerm
  /** Pods that have the term, by their domain. */
  readonly domains: DomainCounts
}

const domainOf = (state: NodeState, topologyKey: string): string | undefined => {
  if (state.node === undefined) return undefined
  return topologyKey === eachNode ? state.name : state.node.metadata.labels?.[topologyKey]
}

function change(domains: Map<string, number>, domain: string, by: number): void {
  const count = (domains.get(domain) ?? 0) + by
  if (count === 0) domains.delete(domain)
  else domains.set(domain, count)
}

export class PodGroups {
  /** Where each pod is, by namespace. */
  readonly #pods = new Map<string, Map<PodInfo, NodeState>>()
  readonly #groups = new Map<string, CountedGroup>()
  /** By the namespaces whose pods may match; those of groups of any namespace under undefined. */
  readonly #groupsOf = new Map<string | undefined, Set<CountedGroup>>()
  readonly #terms: Record<TermKind, Map<string, { term: AffinityTerm; domains: Map<string, number> }>> = {
    requiredAffinity: new Map(),
    requiredAntiAffinity: new Map(),
    preferredAffinity: new Map(),
    preferredAntiAffinity: new Map(),
  }

  add(info: PodInfo, state: NodeState): void {
    let pods = this.#pods.get(info.namespace)
    if (pods === undefined) {
      pods = new Map()
      this.#pods.set(info.namespace, pods)
    }
    pods.set(info, state)
    this.#count(info, state, 1)
  }

  remove(info: PodInfo, state: NodeState): void {
    const pods = this.#pods.get(info.namespace)
    pods?.delete(info)
    if (pods?.size === 0) this.#pods.delete(info.namespace)
    this.#count(info, state, -1)
  }

  #count(info: PodInfo, state: NodeState, by: 1 | -1): void {
    for (const namespace of [info.namespace, undefined]) {
      for (const { group, domains } of this.#groupsOf.get(namespace) ?? []) {
        const domain = domainOf(state, group.topologyKey)
        if (domain !== undefined && group.matches(info)) change(domains, domain, by)
      }
    }
    this.#countTerms(info, state, by)
  }

  #countTerms(info: PodInfo, state: NodeState, by: 1 | -1): void {
    for (const kind of termKinds) {
      for (const term of info[kind]) {
        const domain = domainOf(state, term.topologyKey)
        if (domain === undefined) continue
        const terms = this.#terms[kind]
        let counted = terms.get(term.id)
        if (counted === undefined) {
          counted = { term, domains: new Map() }
          terms.set(term.id, counted)
        }
        change(counted.domains, domain, by)
        if (counted.domains.size === 0) terms.delete(term.id)
      }
    }
  }

  /** The answer changes with the pods: it holds for one decision. */
  countsOf(group: PodGroup): DomainCounts {
    const known = this.#groups.get(group.id)
    if (known !== undefined) {
      this.#groups.delete(group.id)
      this.#groups.set(group.id, known)
      return known.domains
    }
    const made: CountedGroup = { group, domains: new Map() }
    for (const namespace of group.namespaces ?? this.#pods.keys()) {
      for (const [info, state] of this.#pods.get(namespace) ?? []) {
        const domain = domainOf(state, group.topologyKey)
        if (domain !== undefined && group.matches(info)) change(made.domains, domain, 1)
      }
    }
    this.#groups.set(group.id, made)
    for (const namespace of group.namespaces ?? [undefined]) {
      const groups = this.#groupsOf.get(namespace) ?? new Set()
      this.#groupsOf.set(namespace, groups.add(made))
    }
    if (this.#groups.size > maxGroups) this.#forget(this.#groups.values().next().value!)
    return made.domains
  }

  #forget(oldest: CountedGroup): void {
    this.#groups.delete(oldest.group.id)
    for (const namespace of oldest.group.namespaces ?? [undefined]) {
      const groups = this.#groupsOf.get(namespace)
      groups?.delete(oldest)
      if (groups?.size === 0) this.#groupsOf.delete(namespace)
    }
  }

  /** Every different term of a kind that some pod has. */
  terms(kind: TermKind): Iterable<CountedTerm> {
    return this.#terms[kind].values()
  }

  /** What selects namespaces by their labels is counted anew. */
  namespaceLabelsChanged(): void {
    for (const counted of [...(this.#groupsOf.get(undefined) ?? [])]) this.#forget(counted)
  }

  /** Runs a change of a node's labels or of whether it is there, with its pods counted before it and after it. */
  aroundNodeChange(state: NodeState, apply: () => void): void {
    for (const info of state.pods.values()) this.#count(info, state, -1)
    apply()
    for (const info of state.pods.values()) this.#count(info, state, 1)
  }
}
