/** What is probed of a pod: its running containers, sidecars among them. */
import type { Pod } from '../../api/core/v1/pod.ts'
import type { ProbeTarget } from '../probes/probe-manager.ts'
import { latestOf, type PodRuntime } from './pod-runtime.ts'
import { isSidecar } from './restart-policy.ts'

export function probeTargets(pod: Pod, runtime: PodRuntime, hostIp: string): ProbeTarget[] {
  const sandbox = runtime.sandboxes[0]
  const podIp = sandbox?.ips[0] ?? hostIp
  return [...(pod.spec.initContainers ?? []).filter(isSidecar), ...pod.spec.containers].flatMap(container => {
    const record = latestOf(runtime, container.name, sandbox?.id)
    return record?.state === 'running' ? [{ pod, container, record, podIp }] : []
  })
}
