/** Labels of nodes that have been replaced (upstream: GetNodeLabelDeprecatedMessage). */
import type { NodeSelectorTerm } from '../../api/core/v1/selectors.ts'
import { labelValueErrors } from '../selectors/label-syntax.ts'

export const deprecatedNodeLabels: Readonly<Record<string, string>> = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region': 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone': 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type': 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
  'app.kubernetes.io/created-by': 'deprecated since v1.9',
  'scheduler.alpha.kubernetes.io/preferAvoidPods': 'deprecated since v1.22; use Taints and Tolerations instead',
  'node-role.kubernetes.io/master': 'use "node-role.kubernetes.io/control-plane" instead',
}

export function nodeTermWarnings(path: string, term: NodeSelectorTerm, checkValues: boolean): string[] {
  const out: string[] = []
  term.matchExpressions?.forEach(({ key, values = [] }, i) => {
    const at = `${path}.matchExpressions[${i}]`
    if (deprecatedNodeLabels[key]) out.push(`${at}.key: ${key} is ${deprecatedNodeLabels[key]}`)
    if (!checkValues) return
    values.forEach((value, j) => {
      for (const message of labelValueErrors(value)) out.push(`${at}.values[${j}]: ${value} is invalid, ${message}`)
    })
  })
  return out
}
