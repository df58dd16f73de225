/** Keeps pods off nodes that are cordoned. */
import { toleratedBy } from '../../machinery/selectors/tolerations.ts'
import type { FilterPlugin } from '../framework.ts'
import { nodeTaintsChanged } from '../queueing-hints.ts'

const unschedulableTaint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' } as const
const rejection = { plugin: 'NodeUnschedulable', reasons: ['node(s) were unschedulable'], unresolvable: true }

export const nodeUnschedulable: FilterPlugin = {
  name: 'NodeUnschedulable',
  onlyNodeObject: true,
  prepare: ({ pod }) => {
    const tolerated = toleratedBy(unschedulableTaint, pod.spec.tolerations)
    return tolerated ? undefined : ({ node }) => (node.spec.unschedulable === true ? rejection : undefined)
  },
  mayHelp: event => nodeTaintsChanged(event) && event.node.spec.unschedulable !== true,
}
