/** Nodes (upstream: `printNode`). */
import type { Node } from '../../api/core/v1/node.ts'
import { ageOf } from './human-duration.ts'
import { ageColumn, column, nameColumn, type Printer, wideColumn } from './printer.ts'

const rolePrefix = 'node-role.kubernetes.io/'
const roleLabel = 'kubernetes.io/role'

function rolesOf(node: Node): string {
  const roles = new Set<string>()
  for (const [key, value] of Object.entries(node.metadata.labels ?? {})) {
    if (key.startsWith(rolePrefix) && key !== rolePrefix) roles.add(key.slice(rolePrefix.length))
    else if (key === roleLabel && value !== '') roles.add(value)
  }
  return roles.size === 0 ? '<none>' : [...roles].sort().join(',')
}

function statusOf(node: Node): string {
  const ready = (node.status.conditions ?? []).find(condition => condition.type === 'Ready')
  const status = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady'
  return node.spec.unschedulable ? `${status},SchedulingDisabled` : status
}

const addressOf = (node: Node, type: string): string =>
  (node.status.addresses ?? []).find(address => address.type === type)?.address ?? '<none>'

export const nodePrinter: Printer<Node> = {
  columns: [
    nameColumn,
    column('Status', 'Whether the node is ready, and takes pods.'),
    column('Roles', 'The roles that its labels give it.'),
    ageColumn,
    column('Version', "The version of the node's kubelet."),
    wideColumn('Internal-IP', 'The address within the cluster.'),
    wideColumn('External-IP', 'The address reachable from outside.'),
    wideColumn('OS-Image', 'The operating system that it runs.'),
    wideColumn('Kernel-Version', 'The version of its kernel.'),
    wideColumn('Container-Runtime', 'The container runtime and its version.'),
  ],
  cells: (node, nowMs) => [
    node.metadata.name,
    statusOf(node),
    rolesOf(node),
    ageOf(node.metadata.creationTimestamp, nowMs),
    node.status.nodeInfo?.kubeletVersion ?? '',
    addressOf(node, 'InternalIP'),
    addressOf(node, 'ExternalIP'),
    node.status.nodeInfo?.osImage || '<unknown>',
    node.status.nodeInfo?.kernelVersion || '<unknown>',
    node.status.nodeInfo?.containerRuntimeVersion || '<unknown>',
  ],
}
