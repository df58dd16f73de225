/** Services and EndpointSlices, indexed as the DNS asks for them. */
import type { Service } from '../api/core/v1/service.ts'
import type { EndpointSlice } from '../api/discovery/v1/endpoint-slice.ts'
import type { Informer } from '../client/informer.ts'
import type { ClusterNames } from './records.ts'

const sliceService = 'dns-service'
const sliceAddress = 'dns-address'
const serviceAddress = 'dns-cluster-address'
const serviceNamespace = 'dns-namespace'

/** Adds its indexes: call it before the informers start. */
export function clusterNames(
  domain: string,
  services: Informer<Service>,
  slices: Informer<EndpointSlice>,
): ClusterNames {
  services.addIndex(serviceAddress, service =>
    (service.spec.clusterIPs ?? []).filter(address => address !== 'None' && address !== ''),
  )
  services.addIndex(serviceNamespace, service => [service.metadata.namespace])
  slices.addIndex(sliceService, slice => {
    const service = slice.metadata.labels?.['kubernetes.io/service-name']
    return service === undefined ? [] : [`${slice.metadata.namespace}/${service}`]
  })
  slices.addIndex(sliceAddress, slice => (slice.endpoints ?? []).flatMap(endpoint => endpoint.addresses))
  return {
    domain: domain.toLowerCase(),
    service: (namespace, name) => services.get(namespace, name),
    slices: (namespace, service) => slices.byIndex(sliceService, `${namespace}/${service}`),
    hasNamespace: namespace => services.byIndex(serviceNamespace, namespace).length > 0,
    serviceByAddress: address => services.byIndex(serviceAddress, address)[0],
    slicesByAddress: address => slices.byIndex(sliceAddress, address),
  }
}
