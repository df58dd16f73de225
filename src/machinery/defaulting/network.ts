/** Defaults of services, endpoints and network policies. */
import type { Endpoints } from '../../api/core/v1/endpoints.ts'
import type { Service } from '../../api/core/v1/service.ts'
import type { EndpointSlice } from '../../api/discovery/v1/endpoint-slice.ts'
import type { IngressClass } from '../../api/networking/v1/ingress-class.ts'
import type { NetworkPolicy } from '../../api/networking/v1/network-policy.ts'

/** Upstream: SetDefaults_Service. Addresses and node ports are allocated later, by the registry. */
export function defaultService({ spec, status }: Service): void {
  spec.sessionAffinity ??= 'None'
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig
  else {
    spec.sessionAffinityConfig ??= {}
    spec.sessionAffinityConfig.clientIP ??= {}
    spec.sessionAffinityConfig.clientIP.timeoutSeconds ??= 10800
  }
  spec.type ??= 'ClusterIP'
  for (const port of spec.ports ?? []) {
    if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === '') port.targetPort = port.port
  }
  const opensNodePorts = spec.type === 'NodePort' || spec.type === 'LoadBalancer'
  if (opensNodePorts || (spec.type === 'ClusterIP' && spec.externalIPs?.length))
    spec.externalTrafficPolicy ??= 'Cluster'
  if (spec.type !== 'ExternalName') spec.internalTrafficPolicy ??= 'Cluster'
  if (spec.type !== 'LoadBalancer') return
  spec.allocateLoadBalancerNodePorts ??= true
  for (const ingress of status.loadBalancer.ingress ?? []) if (ingress.ip) ingress.ipMode ??= 'VIP'
}

export function defaultEndpoints({ subsets }: Endpoints): void {
  for (const subset of subsets ?? []) for (const port of subset.ports ?? []) port.protocol ??= 'TCP'
}

export function defaultEndpointSlice({ ports }: EndpointSlice): void {
  for (const port of ports ?? []) {
    port.name ??= ''
    port.protocol ??= 'TCP'
  }
}

export function defaultNetworkPolicy({ spec }: NetworkPolicy): void {
  for (const rule of [...(spec.ingress ?? []), ...(spec.egress ?? [])]) {
    for (const port of rule.ports ?? []) port.protocol ??= 'TCP'
  }
  if (!spec.policyTypes?.length) {
    spec.policyTypes = spec.egress?.length ? ['Ingress', 'Egress'] : ['Ingress']
  }
}

export function defaultIngressClass({ spec }: IngressClass): void {
  if (spec.parameters) spec.parameters.scope ??= 'Cluster'
}
