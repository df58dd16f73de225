/** Which pods stand behind a Service, and on which ports (documentation: "Service", "EndpointSlices"). */
import type { Pod } from '../../api/core/v1/pod.ts'
import type { Service, ServicePort } from '../../api/core/v1/service.ts'
import { isFinished } from '../runtime/pods.ts'

export interface TargetPort {
  readonly name: string
  readonly port: number
  readonly protocol: 'SCTP' | 'TCP' | 'UDP'
  readonly appProtocol?: string
}

export const isHeadless = (service: Service): boolean => service.spec.clusterIP === 'None'

/** Services without a selector have their endpoints from elsewhere, ExternalName ones have none. */
export const selectsPods = (service: Service): boolean =>
  service.spec.type !== 'ExternalName' && Object.keys(service.spec.selector ?? {}).length > 0

export const addressesOf = (pod: Pod): readonly string[] =>
  pod.status.podIPs?.map(({ ip }) => ip) ?? (pod.status.podIP ? [pod.status.podIP] : [])

export const isMember = (pod: Pod): boolean => addressesOf(pod).length > 0 && !isFinished(pod)

export const familyOf = (address: string): 'IPv4' | 'IPv6' => (address.includes(':') ? 'IPv6' : 'IPv4')

/** The port of a pod behind a Service's port; a named one is looked up among its containers. */
function targetPort(pod: Pod, port: ServicePort): number | undefined {
  const target = port.targetPort ?? port.port
  if (typeof target === 'number') return target === 0 ? port.port : target
  const restartable = (pod.spec.initContainers ?? []).filter(container => container.restartPolicy === 'Always')
  for (const container of [...pod.spec.containers, ...restartable]) {
    const found = container.ports?.find(
      ({ name, protocol }) => name === target && (protocol ?? 'TCP') === port.protocol,
    )
    if (found) return found.containerPort
  }
  return undefined
}

/** A pod that lacks a named port has no entry for it. */
export function targetPortsOf(pod: Pod, service: Service): TargetPort[] {
  return (service.spec.ports ?? []).flatMap(port => {
    const number = targetPort(pod, port)
    if (number === undefined) return []
    const { name = '', protocol, appProtocol } = port
    return [{ name, port: number, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) }]
  })
}

export const hostnameOf = (pod: Pod, service: Service): string | undefined =>
  pod.spec.hostname && pod.spec.subdomain === service.metadata.name ? pod.spec.hostname : undefined

export const referenceToPod = (pod: Pod) => ({
  kind: 'Pod',
  namespace: pod.metadata.namespace,
  name: pod.metadata.name,
  uid: pod.metadata.uid,
})
