/** Warnings about services (upstream: GetWarningsForService). */
import type { Service } from '../../api/core/v1/service.ts'
import { addressWarnings, cidrWarnings } from './addresses.ts'

const hints = 'service.kubernetes.io/topology-aware-hints'

export function serviceWarnings({ annotations }: Service['metadata'], spec: Service['spec']): string[] {
  const { type, clusterIP, externalIPs = [], loadBalancerIP = '', externalName = '' } = spec
  const isHeadless = type === 'ClusterIP' && clusterIP === 'None'
  const isExternal = type === 'ExternalName'
  const out: string[] = []
  if (annotations?.[hints] !== undefined)
    out.push(`annotation ${hints} is deprecated, please use service.kubernetes.io/topology-mode instead`)
  if (clusterIP && clusterIP !== 'None')
    spec.clusterIPs?.forEach((address, i) => {
      out.push(...addressWarnings(`spec.clusterIPs[${i}]`, address))
    })
  if (isHeadless) {
    if (loadBalancerIP !== '') out.push('spec.loadBalancerIP is ignored for headless services')
    if (externalIPs.length > 0) out.push('spec.externalIPs is ignored for headless services')
    if (spec.sessionAffinity !== 'None') out.push('spec.SessionAffinity is ignored for headless services')
  }
  externalIPs.forEach((address, i) => {
    out.push(...addressWarnings(`spec.externalIPs[${i}]`, address))
  })
  if (externalIPs.length > 0 && !isHeadless && !isExternal)
    out.push('spec.externalIPs is deprecated and may no longer be implemented in some clusters')
  if (loadBalancerIP !== '') out.push(...addressWarnings('spec.loadBalancerIP', loadBalancerIP))
  spec.loadBalancerSourceRanges?.forEach((cidr, i) => {
    out.push(...cidrWarnings(`spec.loadBalancerSourceRanges[${i}]`, cidr))
  })
  if (isExternal && externalIPs.length > 0) out.push('spec.externalIPs is ignored when spec.type is "ExternalName"')
  if (!isExternal && externalName !== '') out.push('spec.externalName is ignored when spec.type is not "ExternalName"')
  if (spec.trafficDistribution === 'PreferClose')
    out.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"')
  return out
}
