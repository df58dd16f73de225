/** On which nodes a DaemonSet's pods run (documentation: "DaemonSet"). */
import type { DaemonSet } from '../../api/apps/v1/daemon-set.ts'
import type { Toleration } from '../../api/core/v1/affinity.ts'
import type { Node } from '../../api/core/v1/node.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import { requiredNodeAffinityMatches } from '../../machinery/selectors/node-selector.ts'
import { findUntoleratedTaint } from '../../machinery/selectors/tolerations.ts'

const tolerate = (key: string, effect: 'NoExecute' | 'NoSchedule'): Toleration => ({ key, operator: 'Exists', effect })

/** Taints of the node's state do not keep a daemon away. */
export function daemonTolerations(set: DaemonSet): Toleration[] {
  const { tolerations = [], hostNetwork } = set.spec.template.spec
  const added = [
    tolerate('node.kubernetes.io/not-ready', 'NoExecute'),
    tolerate('node.kubernetes.io/unreachable', 'NoExecute'),
    tolerate('node.kubernetes.io/disk-pressure', 'NoSchedule'),
    tolerate('node.kubernetes.io/memory-pressure', 'NoSchedule'),
    tolerate('node.kubernetes.io/pid-pressure', 'NoSchedule'),
    tolerate('node.kubernetes.io/unschedulable', 'NoSchedule'),
    ...(hostNetwork === true ? [tolerate('node.kubernetes.io/network-unavailable', 'NoSchedule')] : []),
  ]
  const known = (one: Toleration) =>
    tolerations.some(
      ({ key, operator, effect }) => key === one.key && operator === one.operator && effect === one.effect,
    )
  return [...tolerations, ...added.filter(one => !known(one))]
}

export interface Placement {
  readonly shouldRun: boolean
  readonly shouldContinue: boolean
}

export function placementOn(set: DaemonSet, node: Node): Placement {
  const { spec } = set.spec.template
  const fits = requiredNodeAffinityMatches(spec, node) && (!spec.nodeName || spec.nodeName === node.metadata.name)
  if (!fits) return { shouldRun: false, shouldContinue: false }
  const tolerations = daemonTolerations(set)
  const barring = findUntoleratedTaint(node.spec.taints, tolerations, ['NoExecute', 'NoSchedule'])
  const evicting = findUntoleratedTaint(node.spec.taints, tolerations, ['NoExecute'])
  return { shouldRun: barring === undefined, shouldContinue: evicting === undefined }
}

/** The affinity that pins a pod to a node, in place of the template's required one, which the node fulfils. */
export function pinnedTo(set: DaemonSet, nodeName: string) {
  const { affinity } = set.spec.template.spec
  const terms = [{ matchFields: [{ key: 'metadata.name', operator: 'In' as const, values: [nodeName] }] }]
  return {
    ...affinity,
    nodeAffinity: {
      ...affinity?.nodeAffinity,
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms },
    },
  }
}

/** The node of a pod, also before it is bound. */
export function nodeNameOf(pod: Pod): string {
  if (pod.spec.nodeName) return pod.spec.nodeName
  const terms = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  for (const { matchFields = [] } of terms) {
    const field = matchFields.find(
      ({ key, operator, values }) => key === 'metadata.name' && operator === 'In' && values?.length === 1,
    )
    if (field) return field.values![0]!
  }
  return ''
}
