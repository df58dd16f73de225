/** Host ports are used once a node. */
import { portTaken } from '../cluster-state.ts'
import type { FilterPlugin } from '../framework.ts'

const rejection = {
  plugin: 'NodePorts',
  reasons: ["node(s) didn't have free ports for the requested pod ports"],
  unresolvable: false,
}

export const nodePorts: FilterPlugin = {
  name: 'NodePorts',
  prepare: ({ hostPorts }) =>
    hostPorts.length === 0
      ? undefined
      : node =>
          hostPorts.some(port => portTaken(node, port.protocol, port.hostPort!, port.hostIP)) ? rejection : undefined,
  mayHelp: (event, { hostPorts }) =>
    event.type === 'nodeAdded' ||
    (event.type === 'podDeleted' &&
      event.pod.hostPorts.some(freed => hostPorts.some(port => port.hostPort === freed.hostPort))),
}
