import { f } from '../../../schema/field.ts'
import { bool, int32, intOrString, list, map, oneOf, str, type TypeOf } from '../../../schema/type.ts'
import { Condition } from '../../meta/v1/condition.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { LoadBalancerStatus } from './load-balancer.ts'
import { kind, message } from './package.ts'

export const ClientIPConfig = message('ClientIPConfig', {
  timeoutSeconds: f(1, int32).explicit(),
})
export type ClientIPConfig = TypeOf<typeof ClientIPConfig>

export const ServicePort = message('ServicePort', {
  name: f(1, str),
  protocol: f(2, oneOf('SCTP', 'TCP', 'UDP')).default('TCP'),
  port: f(3, int32).required().always(),
  targetPort: f(4, intOrString),
  nodePort: f(5, int32),
  appProtocol: f(6, str).explicit(),
})
export type ServicePort = TypeOf<typeof ServicePort>

export const SessionAffinityConfig = message('SessionAffinityConfig', {
  clientIP: f(1, ClientIPConfig),
})
export type SessionAffinityConfig = TypeOf<typeof SessionAffinityConfig>

export const ServiceSpec = message('ServiceSpec', {
  ports: f(1, list(ServicePort)).listOf('map', 'port', 'protocol').patch('merge', 'port'),
  selector: f(2, map(str)).atomic(),
  clusterIP: f(3, str),
  type: f(4, oneOf('ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort')),
  externalIPs: f(5, list(str)).listOf('atomic'),
  sessionAffinity: f(7, oneOf('ClientIP', 'None')),
  loadBalancerIP: f(8, str),
  loadBalancerSourceRanges: f(9, list(str)).listOf('atomic'),
  externalName: f(10, str),
  externalTrafficPolicy: f(11, oneOf('Cluster', 'Local')),
  healthCheckNodePort: f(12, int32),
  publishNotReadyAddresses: f(13, bool),
  sessionAffinityConfig: f(14, SessionAffinityConfig),
  ipFamilyPolicy: f(17, oneOf('PreferDualStack', 'RequireDualStack', 'SingleStack')).explicit(),
  clusterIPs: f(18, list(str)).listOf('atomic'),
  ipFamilies: f(19, list(oneOf('IPv4', 'IPv6'))).listOf('atomic'),
  allocateLoadBalancerNodePorts: f(20, bool).explicit(),
  loadBalancerClass: f(21, str).explicit(),
  internalTrafficPolicy: f(22, oneOf('Cluster', 'Local')).explicit(),
  trafficDistribution: f(23, str).explicit(),
})
export type ServiceSpec = TypeOf<typeof ServiceSpec>

export const ServiceStatus = message('ServiceStatus', {
  loadBalancer: f(1, LoadBalancerStatus).always(),
  conditions: f(2, list(Condition)).listOf('map', 'type').patch('merge', 'type'),
})
export type ServiceStatus = TypeOf<typeof ServiceStatus>

export const Service = kind(
  'Service',
  {
    metadata: f(1, ObjectMeta).always(),
    spec: f(2, ServiceSpec).always(),
    status: f(3, ServiceStatus).always(),
  },
  {
    resource: {
      plural: 'services',
      singular: 'service',
      shortNames: ['svc'],
      categories: ['all'],
      namespaced: true,
      verbs: allVerbs,
      subresources: {
        proxy: {
          verbs: ['create', 'delete', 'get', 'patch', 'update'],
          kind: { group: '', version: 'v1', kind: 'ServiceProxyOptions' },
        },
        status: { verbs: ['get', 'patch', 'update'] },
      },
    },
  },
)
export type Service = TypeOf<typeof Service>
