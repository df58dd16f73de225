/** The runtime's configuration of a pod's sandbox. */
import { join } from 'node:path'
import type { Pod } from '../../api/core/v1/pod.ts'
import { Protocol } from '../cri/enums.ts'
import type { PodSandboxConfig } from '../cri/runtime-client.ts'
import type { PortMapping } from '../cri/sandbox-messages.ts'
import { criLabel } from '../pods/pod-runtime.ts'
import { type DnsFacts, podResolver } from './dns.ts'
import { podHostName } from './host-names.ts'
import { sandboxSecurity } from './security.ts'

export interface SandboxFacts {
  readonly dns: DnsFacts
  readonly logsDirectory: string
  readonly cgroupParent: string
}

/** As `/var/log/pods/NAMESPACE_NAME_UID`. */
export const podLogDirectory = (logsDirectory: string, pod: Pod): string =>
  join(logsDirectory, `${pod.metadata.namespace}_${pod.metadata.name}_${pod.metadata.uid}`)

function portMappings(pod: Pod): PortMapping[] {
  if (pod.spec.hostNetwork === true) return []
  return [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
    .flatMap(container => container.ports ?? [])
    .filter(port => (port.hostPort ?? 0) > 0)
    .map(port => ({
      protocol: Protocol[port.protocol ?? 'TCP'],
      containerPort: port.containerPort,
      hostPort: port.hostPort ?? 0,
      hostIp: port.hostIP ?? '',
    }))
}

export function sandboxConfig(pod: Pod, attempt: number, facts: SandboxFacts): PodSandboxConfig {
  const { metadata, spec } = pod
  if (spec.hostUsers === false) throw new Error('user namespaces (hostUsers: false) are not supported by this node')
  if (spec.resourceClaims?.length) throw new Error('resourceClaims are not supported by this node')
  const resolver = podResolver(pod, facts.dns)
  const sysctls = Object.fromEntries((spec.securityContext?.sysctls ?? []).map(({ name, value }) => [name, value]))
  return {
    metadata: { name: metadata.name, namespace: metadata.namespace, uid: metadata.uid, attempt },
    ...(spec.hostNetwork === true ? {} : { hostname: podHostName(pod, facts.dns.clusterDomain).hostname }),
    logDirectory: podLogDirectory(facts.logsDirectory, pod),
    dnsConfig: resolver,
    portMappings: portMappings(pod),
    labels: {
      ...metadata.labels,
      [criLabel.podName]: metadata.name,
      [criLabel.podNamespace]: metadata.namespace,
      [criLabel.podUid]: metadata.uid,
    },
    annotations: { ...metadata.annotations },
    linux: { cgroupParent: facts.cgroupParent, securityContext: sandboxSecurity(pod), sysctls },
  }
}
