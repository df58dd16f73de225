/** Keeps pods off nodes whose kubelets do not know what they ask for (KEP-5328). */
import { featuresToRun } from '../../machinery/declared-features.ts'
import type { FilterPlugin } from '../framework.ts'
import { isNodeEvent } from '../queueing-hints.ts'

const rejection = {
  plugin: 'NodeDeclaredFeatures',
  reasons: ["node(s) didn't match Pod's required features"],
  unresolvable: true,
}

export const nodeDeclaredFeatures: FilterPlugin = {
  name: 'NodeDeclaredFeatures',
  onlyNodeObject: true,
  prepare: ({ pod }) => {
    const needed = featuresToRun(pod)
    if (needed.length === 0) return undefined
    return ({ node }) =>
      needed.every(feature => node.status.declaredFeatures?.includes(feature)) ? undefined : rejection
  },
  mayHelp: isNodeEvent,
}
