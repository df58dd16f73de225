/** Which nodes a node selector picks (documentation: "Assigning Pods to Nodes"; upstream: component-helpers nodeaffinity). */
import type { Affinity } from '../../api/core/v1/affinity.ts'
import type { NodeSelector, NodeSelectorRequirement, NodeSelectorTerm } from '../../api/core/v1/selectors.ts'
import { ownMember } from '../../schema/json-exact.ts'
import type { Draft } from '../../schema/message.ts'
import { type Labels, parseInt64 } from './requirement.ts'

export interface NodeLabels {
  readonly metadata: { readonly name: string; readonly labels?: Labels }
}

function requirementMatches(requirement: Draft<NodeSelectorRequirement>, value: string | undefined): boolean {
  const values = requirement.values ?? []
  switch (requirement.operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return values.length > 0 && (value === undefined || !values.includes(value))
    case 'Exists':
      return value !== undefined && values.length === 0
    case 'DoesNotExist':
      return value === undefined && values.length === 0
    case 'Gt':
    case 'Lt': {
      if (value === undefined || values.length !== 1) return false
      const actual = parseInt64(value)
      const bound = parseInt64(values[0]!)
      if (actual === undefined || bound === undefined) return false
      return requirement.operator === 'Gt' ? actual > bound : actual < bound
    }
    default:
      return false
  }
}

/** The only field is the name, and only `In` and `NotIn` with a single value are allowed on it. */
const fieldMatches = (requirement: Draft<NodeSelectorRequirement>, node: NodeLabels): boolean =>
  requirement.key === 'metadata.name' &&
  (requirement.operator === 'In' || requirement.operator === 'NotIn') &&
  requirement.values?.length === 1 &&
  requirementMatches(requirement, node.metadata.name)

/** A term holds if all of its requirements do; an empty term, and a malformed one, matches no node. */
export function nodeSelectorTermMatches(term: Draft<NodeSelectorTerm>, node: NodeLabels): boolean {
  const expressions = term.matchExpressions ?? []
  const fields = term.matchFields ?? []
  if (expressions.length === 0 && fields.length === 0) return false
  return (
    expressions.every(one => requirementMatches(one, ownMember(node.metadata.labels, one.key ?? ''))) &&
    fields.every(one => fieldMatches(one, node))
  )
}

/** A node selector holds if one of its terms does; one without terms matches no node. */
export const nodeSelectorMatches = (selector: Draft<NodeSelector>, node: NodeLabels): boolean =>
  (selector.nodeSelectorTerms ?? []).some(term => nodeSelectorTermMatches(term, node))

export interface PodNodeConstraints {
  readonly nodeSelector?: Labels
  readonly affinity?: Pick<Affinity, 'nodeAffinity'>
}

/** Whether a node has the labels of a pod's `nodeSelector` and fulfils its required node affinity. */
export function requiredNodeAffinityMatches(spec: PodNodeConstraints, node: NodeLabels): boolean {
  for (const [key, value] of Object.entries(spec.nodeSelector ?? {})) {
    if (ownMember(node.metadata.labels, key) !== value) return false
  }
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  return required === undefined || nodeSelectorMatches(required, node)
}
