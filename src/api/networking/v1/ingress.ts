import { f, inline } from '../../../schema/field.ts'
import { int32, list, oneOf, str, type TypeOf } from '../../../schema/type.ts'
import { TypedLocalObjectReference } from '../../core/v1/object-reference.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'

export const ServiceBackendPort = message(
  'ServiceBackendPort',
  {
    name: f(1, str),
    number: f(2, int32),
  },
  { mapType: 'atomic' },
)
export type ServiceBackendPort = TypeOf<typeof ServiceBackendPort>

export const IngressServiceBackend = message('IngressServiceBackend', {
  name: f(1, str).required().always(),
  port: f(2, ServiceBackendPort).always(),
})
export type IngressServiceBackend = TypeOf<typeof IngressServiceBackend>

export const IngressBackend = message('IngressBackend', {
  resource: f(3, TypedLocalObjectReference),
  service: f(4, IngressServiceBackend),
})
export type IngressBackend = TypeOf<typeof IngressBackend>

export const HTTPIngressPath = message('HTTPIngressPath', {
  path: f(1, str),
  backend: f(2, IngressBackend).required().always(),
  pathType: f(3, oneOf('Exact', 'ImplementationSpecific', 'Prefix'))
    .explicit()
    .required(),
})
export type HTTPIngressPath = TypeOf<typeof HTTPIngressPath>

export const HTTPIngressRuleValue = message('HTTPIngressRuleValue', {
  paths: f(1, list(HTTPIngressPath)).explicit().required().listOf('atomic'),
})
export type HTTPIngressRuleValue = TypeOf<typeof HTTPIngressRuleValue>

export const IngressRuleValue = message('IngressRuleValue', {
  http: f(1, HTTPIngressRuleValue),
})
export type IngressRuleValue = TypeOf<typeof IngressRuleValue>

export const IngressRule = message('IngressRule', {
  host: f(1, str),
  ...inline(2, IngressRuleValue),
})
export type IngressRule = TypeOf<typeof IngressRule>

export const IngressTLS = message('IngressTLS', {
  hosts: f(1, list(str)).listOf('atomic'),
  secretName: f(2, str),
})
export type IngressTLS = TypeOf<typeof IngressTLS>

export const IngressSpec = message('IngressSpec', {
  defaultBackend: f(1, IngressBackend),
  tls: f(2, list(IngressTLS)).listOf('atomic'),
  rules: f(3, list(IngressRule)).listOf('atomic'),
  ingressClassName: f(4, str).explicit(),
})
export type IngressSpec = TypeOf<typeof IngressSpec>

export const IngressPortStatus = message('IngressPortStatus', {
  port: f(1, int32).required().always(),
  protocol: f(2, oneOf('SCTP', 'TCP', 'UDP'))
    .required()
    .always(),
  error: f(3, str).explicit(),
})
export type IngressPortStatus = TypeOf<typeof IngressPortStatus>

export const IngressLoadBalancerIngress = message('IngressLoadBalancerIngress', {
  ip: f(1, str),
  hostname: f(2, str),
  ports: f(4, list(IngressPortStatus)).listOf('atomic'),
})
export type IngressLoadBalancerIngress = TypeOf<typeof IngressLoadBalancerIngress>

export const IngressLoadBalancerStatus = message('IngressLoadBalancerStatus', {
  ingress: f(1, list(IngressLoadBalancerIngress)).listOf('atomic'),
})
export type IngressLoadBalancerStatus = TypeOf<typeof IngressLoadBalancerStatus>

export const IngressStatus = message('IngressStatus', {
  loadBalancer: f(1, IngressLoadBalancerStatus).always(),
})
export type IngressStatus = TypeOf<typeof IngressStatus>

export const Ingress = kind(
  'Ingress',
  {
    metadata: f(1, ObjectMeta).always(),
    spec: f(2, IngressSpec).always(),
    status: f(3, IngressStatus).always(),
  },
  {
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
