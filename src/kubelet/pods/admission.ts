/** Whether a pod may run on this node: what the scheduler checked, checked again where it counts. */
import type { Node } from '../../api/core/v1/node.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import { requiredNodeAffinityMatches } from '../../machinery/selectors/node-selector.ts'
import { findUntoleratedTaint } from '../../machinery/selectors/tolerations.ts'
import { milliOf, unitsOf } from '../resources/amounts.ts'
import { podAmount } from '../resources/linux-resources.ts'

export interface Rejection {
  readonly reason: string
  readonly message: string
}

const rejected = (reason: string, message: string): Rejection => ({ reason, message })

const hostPorts = (pod: Pod): string[] =>
  [...pod.spec.containers, ...(pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always')]
    .flatMap(container => container.ports ?? [])
    .filter(port => (port.hostPort ?? 0) > 0)
    .map(port => `${port.protocol ?? 'TCP'}/${port.hostPort}/${port.hostIP ?? ''}`)

function portsClash(a: string, b: string): boolean {
  const [protocolA, portA, ipA = ''] = a.split('/')
  const [protocolB, portB, ipB = ''] = b.split('/')
  const any = (ip: string) => ip === '' || ip === '0.0.0.0' || ip === '::'
  return protocolA === protocolB && portA === portB && (ipA === ipB || any(ipA) || any(ipB))
}

/** Namespaced, and without effect on other pods or the node; no flag allows more. */
const safeSysctls = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_wmem',
])

function sysctlProblem({ spec }: Pod): string | undefined {
  for (const { name } of spec.securityContext?.sysctls ?? []) {
    const key = name.replaceAll('/', '.')
    if (!safeSysctls.has(key)) return `forbidden sysctl: "${name}" not allowlisted`
    const host = key.startsWith('net.') ? spec.hostNetwork === true && 'net' : spec.hostIPC === true && 'ipc'
    if (host) return `forbidden sysctl: "${name}" not allowed with host ${host} enabled`
  }
  return undefined
}

/** `others` are the pods that run here already. undefined: welcome. */
export function admissionProblem(
  pod: Pod,
  others: readonly Pod[],
  node: Node,
  isStatic: boolean,
): Rejection | undefined {
  const os = pod.spec.os?.name
  if (os !== undefined && os !== 'linux')
    return rejected('PodOSNotSupported', "Failed to admit pod as the OS field doesn't match node OS")
  const sysctl = sysctlProblem(pod)
  if (sysctl !== undefined) return rejected('SysctlForbidden', sysctl)
  const allocatable = node.status.allocatable ?? {}
  const maxPods = unitsOf(allocatable.pods)
  if (allocatable.pods !== undefined && others.length + 1 > maxPods)
    return rejected('OutOfpods', shortage('pods', 1, others.length, maxPods))
  for (const name of ['cpu', 'memory', 'ephemeral-storage']) {
    const requested = podAmount(pod, 'requests', name)
    if (requested === 0) continue
    const used = others.reduce((sum, other) => sum + podAmount(other, 'requests', name), 0)
    const capacity = name === 'cpu' ? milliOf(allocatable[name]) : unitsOf(allocatable[name])
    if (used + requested > capacity) return rejected(`OutOf${name}`, shortage(name, requested, used, capacity))
  }
  if (!requiredNodeAffinityMatches(pod.spec, node))
    return rejected('NodeAffinity', "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector")
  const taken = others.flatMap(hostPorts)
  if (hostPorts(pod).some(port => taken.some(other => portsClash(port, other))))
    return rejected(
      'NodePorts',
      "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
    )
  if (!isStatic && findUntoleratedTaint(node.spec.taints, pod.spec.tolerations, ['NoExecute']))
    return rejected(
      'TaintToleration',
      "Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate",
    )
  return undefined
}

const shortage = (name: string, requested: number, used: number, capacity: number): string =>
  `Node didn't have enough resource: ${name}, requested: ${requested}, used: ${used}, capacity: ${capacity}`
