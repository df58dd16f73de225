import { f, inline } from '../../../schema/field.ts'
import { int32, list, oneOf, str, type TypeOf } from '../../../schema/type.ts'
import { TypedLocalObjectReference } from '../../core/v1/object-reference.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'

export const ServiceBackendPort = message(
  'ServiceBackendPort',
  {
    name: f(1, str).doc('Name of the port; excludes `number`.'),
    number: f(2, int32).doc('Number of the port; excludes `name`.'),
  },
  { doc: 'A port of a service, by name or by number.', mapType: 'atomic' },
)
export type ServiceBackendPort = TypeOf<typeof ServiceBackendPort>

export const IngressServiceBackend = message(
  'IngressServiceBackend',
  {
    name: f(1, str).required().always().doc('Name of the service, in the namespace of the ingress.'),
    port: f(2, ServiceBackendPort).always().doc('Port of the service.'),
  },
  { doc: 'A service that requests are sent to.' },
)
export type IngressServiceBackend = TypeOf<typeof IngressServiceBackend>

export const IngressBackend = message(
  'IngressBackend',
  {
    resource: f(3, TypedLocalObjectReference).doc('Another object that answers requests, such as a bucket.'),
    service: f(4, IngressServiceBackend).doc('Service that answers requests.'),
  },
  { doc: 'What requests are sent to; exactly one member is set.' },
)
export type IngressBackend = TypeOf<typeof IngressBackend>

export const HTTPIngressPath = message(
  'HTTPIngressPath',
  {
    path: f(1, str).doc('Path to match, beginning with `/`.'),
    backend: f(2, IngressBackend).required().always().doc('What matching requests are sent to.'),
    pathType: f(3, oneOf('Exact', 'ImplementationSpecific', 'Prefix'))
      .orNull()
      .go('v1.PathType')
      .explicit()
      .required()
      .doc('Whether the path must be equal, be a prefix by segments, or is up to the controller.'),
  },
  { doc: 'Paths of requests, and what they are sent to.' },
)
export type HTTPIngressPath = TypeOf<typeof HTTPIngressPath>

export const HTTPIngressRuleValue = message(
  'HTTPIngressRuleValue',
  {
    paths: f(1, list(HTTPIngressPath)).orNull().explicit().required().listOf('atomic').doc('Paths and their backends.'),
  },
  { doc: 'What HTTP requests for a host are sent to.' },
)
export type HTTPIngressRuleValue = TypeOf<typeof HTTPIngressRuleValue>

export const IngressRuleValue = message(
  'IngressRuleValue',
  {
    http: f(1, HTTPIngressRuleValue).doc('Rules for HTTP.'),
  },
  { doc: 'What requests for a host are sent to.' },
)
export type IngressRuleValue = TypeOf<typeof IngressRuleValue>

export const IngressRule = message(
  'IngressRule',
  {
    host: f(1, str).doc('Host name, possibly with `*` as its first label; every host if empty.'),
    ...inline(2, IngressRuleValue),
  },
  { doc: 'What requests for one host are sent to.' },
)
export type IngressRule = TypeOf<typeof IngressRule>

export const IngressTLS = message(
  'IngressTLS',
  {
    hosts: f(1, list(str)).listOf('atomic').doc('Hosts that the certificate is for.'),
    secretName: f(2, str).doc('Secret with certificate and key, for port 443.'),
  },
  { doc: 'The certificate for some hosts.' },
)
export type IngressTLS = TypeOf<typeof IngressTLS>

export const IngressSpec = message(
  'IngressSpec',
  {
    defaultBackend: f(1, IngressBackend).doc('What requests are sent to that no rule matches.'),
    tls: f(2, list(IngressTLS)).listOf('atomic').doc('Certificates by host.'),
    rules: f(3, list(IngressRule)).listOf('atomic').doc('Rules by host; all else goes to the default backend.'),
    ingressClassName: f(4, str).explicit().doc('Class of the ingress, which decides on the controller.'),
  },
  { doc: 'What requests from outside are sent to.' },
)
export type IngressSpec = TypeOf<typeof IngressSpec>

export const IngressPortStatus = message(
  'IngressPortStatus',
  {
    port: f(1, int32).required().always().doc('Number of the port.'),
    protocol: f(2, oneOf('SCTP', 'TCP', 'UDP'))
      .go('v1.Protocol')
      .required()
      .always()
      .doc('Transport protocol.'),
    error: f(3, str).explicit().doc('Why the port does not work, one CamelCase word; unset if it does.'),
  },
  { doc: 'State of a port of an ingress.' },
)
export type IngressPortStatus = TypeOf<typeof IngressPortStatus>

export const IngressLoadBalancerIngress = message(
  'IngressLoadBalancerIngress',
  {
    ip: f(1, str).doc('IP address, if there is one.'),
    hostname: f(2, str).doc('DNS name, if there is one.'),
    ports: f(4, list(IngressPortStatus)).listOf('atomic').doc('State of the ports.'),
  },
  { doc: 'An address of an ingress.' },
)
export type IngressLoadBalancerIngress = TypeOf<typeof IngressLoadBalancerIngress>

export const IngressLoadBalancerStatus = message(
  'IngressLoadBalancerStatus',
  {
    ingress: f(1, list(IngressLoadBalancerIngress)).listOf('atomic').doc('Its addresses.'),
  },
  { doc: 'State of the load balancer of an ingress.' },
)
export type IngressLoadBalancerStatus = TypeOf<typeof IngressLoadBalancerStatus>

export const IngressStatus = message(
  'IngressStatus',
  {
    loadBalancer: f(1, IngressLoadBalancerStatus).always().doc('Addresses under which it is reached.'),
  },
  { doc: 'What was last observed of an ingress.' },
)
export type IngressStatus = TypeOf<typeof IngressStatus>

export const Ingress = kind(
  'Ingress',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, IngressSpec).always().doc('What requests are sent to.'),
    status: f(3, IngressStatus).always().doc('What was last observed; written by the system.'),
  },
  {
    doc: 'Leads HTTP requests from outside to services, by host and path.',
    resource: {
      plural: 'ingresses',
      singular: 'ingress',
      shortNames: ['ing'],
      namespaced: true,
      verbs: allVerbs,
      subresources: {
        status: { verbs: ['get', 'patch', 'update'] },
      },
    },
  },
)
export type Ingress = TypeOf<typeof Ingress>
