import { f } from '../../../schema/field.ts'
import { bool, int32, intOrString, list, map, oneOf, showing, str, type TypeOf } from '../../../schema/type.ts'
import { dnsLabel, portNumber } from '../../../schema/validators.ts'
import { Condition } from '../../meta/v1/condition.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { LoadBalancerStatus } from './load-balancer.ts'
import { kind, message } from './package.ts'

export const ClientIPConfig = message(
  'ClientIPConfig',
  {
    timeoutSeconds: f(1, int32)
      .explicit()
      .doc('Seconds a client stays with its endpoint; 10800 by default, at most 86400.'),
  },
  { doc: 'Settings of client IP affinity.' },
)
export type ClientIPConfig = TypeOf<typeof ClientIPConfig>

export const ServicePort = message(
  'ServicePort',
  {
    name: f(1, str).validate(dnsLabel).doc('Name of the port; needed if there is more than one.'),
    protocol: f(2, oneOf('SCTP', 'TCP', 'UDP'))
      .go('v1.Protocol')
      .default('TCP')
      .doc('Transport protocol, `TCP` by default.'),
    port: f(3, int32).required().always().validate(portNumber).doc('Port on the address of the service.'),
    targetPort: f(4, intOrString).doc('Port number or port name on the pods; equal to `port` by default.'),
    nodePort: f(5, int32).doc('Port on each node for `NodePort` and `LoadBalancer`; allocated if 0.'),
    appProtocol: f(6, str).explicit().doc('Application protocol, as a hint: an IANA name or a prefixed one.'),
  },
  { doc: 'A port of a service.' },
)
export type ServicePort = TypeOf<typeof ServicePort>

export const SessionAffinityConfig = message(
  'SessionAffinityConfig',
  {
    clientIP: f(1, ClientIPConfig).doc('Settings for affinity by client IP.'),
  },
  { doc: 'Settings of session affinity.' },
)
export type SessionAffinityConfig = TypeOf<typeof SessionAffinityConfig>

export const ServiceSpec = message(
  'ServiceSpec',
  {
    ports: f(1, list(ServicePort))
      .listOf('map', 'port', 'protocol')
      .patch('merge', 'port')
      .doc('Ports of the service.'),
    selector: f(2, map(str))
      .atomic()
      .doc('Labels of the pods that serve it; without, endpoints are written by someone else.'),
    clusterIP: f(3, str).doc('Virtual address, allocated if empty; `None` makes the service headless.'),
    type: f(4, oneOf('ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'))
      .go('v1.ServiceType')
      .doc('How the service is exposed; `ClusterIP` by default.'),
    externalIPs: f(5, list(str))
      .listOf('atomic')
      .doc('Further addresses, not managed by the cluster, that nodes accept traffic for.'),
    sessionAffinity: f(7, oneOf('ClientIP', 'None'))
      .go('v1.ServiceAffinity')
      .doc('`ClientIP` keeps a client on one endpoint; `None` by default.'),
    loadBalancerIP: f(8, str).doc('Address wished for from the load balancer; providers may ignore it. Deprecated.'),
    loadBalancerSourceRanges: f(9, list(str))
      .listOf('atomic')
      .doc('Client networks, in CIDR form, that the load balancer lets in; all by default.'),
    externalName: f(10, str).doc('DNS name that a service of type `ExternalName` is an alias for.'),
    externalTrafficPolicy: f(11, oneOf('Cluster', 'Local'))
      .go('v1.ServiceExternalTrafficPolicy')
      .doc('Whether outside traffic goes to any endpoint, or only to those on the node it reached.'),
    healthCheckNodePort: f(12, int32).doc(
      'Node port that tells load balancers which nodes have endpoints; for `Local` only.',
    ),
    publishNotReadyAddresses: f(13, bool).doc(
      'Give out endpoints that are not ready as if they were; for peers that start together.',
    ),
    sessionAffinityConfig: f(14, SessionAffinityConfig).doc('Settings of the session affinity.'),
    ipFamilyPolicy: f(17, oneOf('PreferDualStack', 'RequireDualStack', 'SingleStack'))
      .go('v1.IPFamilyPolicy')
      .explicit()
      .doc('How many IP families the service has; `SingleStack` by default.'),
    clusterIPs: f(18, list(str))
      .listOf('atomic')
      .doc('Virtual addresses, one for each IP family, the first equal to `clusterIP`.'),
    ipFamilies: f(19, list(showing(oneOf('IPv4', 'IPv6'), '')))
      .go('v1.IPFamily')
      .listOf('atomic')
      .doc('IP families of the addresses, in the same order.'),
    allocateLoadBalancerNodePorts: f(20, bool)
      .explicit()
      .doc('Whether a load balancer service gets node ports; true by default.'),
    loadBalancerClass: f(21, str)
      .explicit()
      .doc('Which load balancer implementation serves it; the default one if unset.'),
    internalTrafficPolicy: f(22, oneOf('Cluster', 'Local'))
      .go('v1.ServiceInternalTrafficPolicy')
      .explicit()
      .doc('Whether traffic of the cluster goes to any endpoint or only to those on the same node.'),
    trafficDistribution: f(23, str).explicit().doc('Preference for endpoints: `PreferSameZone` or `PreferSameNode`.'),
  },
  { doc: 'What a service offers, and where it leads to.' },
)
export type ServiceSpec = TypeOf<typeof ServiceSpec>

export const ServiceStatus = message(
  'ServiceStatus',
  {
    loadBalancer: f(1, LoadBalancerStatus).always().doc('Addresses of the load balancer, if there is one.'),
    conditions: f(2, list(Condition))
      .listOf('map', 'type')
      .patch('merge', 'type')
      .doc('Aspects of the state, one for each type.'),
  },
  { doc: 'What was last observed of a service.' },
)
export type ServiceStatus = TypeOf<typeof ServiceStatus>

export const Service = kind(
  'Service',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, ServiceSpec).always().doc('What the service offers.'),
    status: f(3, ServiceStatus).always().doc('What was last observed; written by the system.'),
  },
  {
    doc: 'A stable name and address for a set of pods.',
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
