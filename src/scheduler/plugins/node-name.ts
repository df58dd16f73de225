/** Honours a node that the pod names itself. */
import type { FilterPlugin } from '../framework.ts'

const rejection = {
  plugin: 'NodeName',
  reasons: ["node(s) didn't match the requested node name"],
  unresolvable: true,
}

export const nodeName: FilterPlugin = {
  name: 'NodeName',
  prepare: ({ pod }) => {
    const wanted = pod.spec.nodeName
    return wanted ? ({ name }) => (name === wanted ? undefined : rejection) : undefined
  },
  mayHelp: (event, { pod }) => event.type === 'nodeAdded' && event.node.metadata.name === pod.spec.nodeName,
}
