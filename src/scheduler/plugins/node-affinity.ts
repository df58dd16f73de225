/** The labels that a pod's node must have, and those that it would like (documentation: "Assigning Pods to Nodes"). */
import type { Pod } from '../../api/core/v1/pod.ts'
import { nodeSelectorTermMatches, requiredNodeAffinityMatches } from '../../machinery/selectors/node-selector.ts'
import { type FilterPlugin, normaliseToMax, type ScorePlugin } from '../framework.ts'
import { nodeLabelsChanged } from '../queueing-hints.ts'

const name = 'NodeAffinity'
const mismatch = { plugin: name, reasons: ["node(s) didn't match Pod's node affinity/selector"], unresolvable: true }
const otherName = { plugin: name, reasons: ["node(s) didn't satisfy plugin(s) [NodeAffinity]"], unresolvable: true }

/** The only nodes that can match, if every term names its node, as those of a DaemonSet's pods do. */
function namedNodes(pod: Pod): ReadonlySet<string> | undefined {
  const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  const terms = required?.nodeSelectorTerms ?? []
  if (terms.length === 0) return undefined
  const names = new Set<string>()
  for (const term of terms) {
    const fields = (term.matchFields ?? []).filter(({ key, operator }) => key === 'metadata.name' && operator === 'In')
    if (fields.length === 0) return undefined
    for (const value of fields[0]!.values ?? []) {
      if (fields.every(field => field.values?.includes(value))) names.add(value)
    }
  }
  return names
}

export const nodeAffinityFilter: FilterPlugin = {
  name,
  onlyNodeObject: true,
  prepare: ({ pod }) => {
    const { nodeSelector, affinity } = pod.spec
    if (!nodeSelector && !affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution) return undefined
    const named = namedNodes(pod)
    return ({ node }) => {
      if (named !== undefined && !named.has(node.metadata.name)) return otherName
      return requiredNodeAffinityMatches(pod.spec, node) ? undefined : mismatch
    }
  },
  mayHelp: (event, { pod }) => nodeLabelsChanged(event) && requiredNodeAffinityMatches(pod.spec, event.node),
}

export const nodeAffinityScore: ScorePlugin = {
  name,
  weight: 2,
  prepare: ({ pod }) => {
    const preferred = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
    if (preferred.length === 0) return undefined
    return {
      score: ({ node }) => {
        let sum = 0
        for (const { weight, preference } of preferred) if (nodeSelectorTermMatches(preference, node)) sum += weight
        return sum
      },
      normalise: scores => normaliseToMax(scores, false),
    }
  },
}
