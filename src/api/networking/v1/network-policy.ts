import { f } from '../../../schema/field.ts'
import { int32, intOrString, list, oneOf, str, type TypeOf } from '../../../schema/type.ts'
import { LabelSelector } from '../../meta/v1/label-selector.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'

export const IPBlock = message('IPBlock', {
  cidr: f(1, str).required().always(),
  except: f(2, list(str)).listOf('atomic'),
})
export type IPBlock = TypeOf<typeof IPBlock>

export const NetworkPolicyPeer = message('NetworkPolicyPeer', {
  podSelector: f(1, LabelSelector),
  namespaceSelector: f(2, LabelSelector),
  ipBlock: f(3, IPBlock),
})
export type NetworkPolicyPeer = TypeOf<typeof NetworkPolicyPeer>

export const NetworkPolicyPort = message('NetworkPolicyPort', {
  protocol: f(1, oneOf('SCTP', 'TCP', 'UDP')).explicit(),
  port: f(2, intOrString).explicit(),
  endPort: f(3, int32).explicit(),
})
export type NetworkPolicyPort = TypeOf<typeof NetworkPolicyPort>

export const NetworkPolicyEgressRule = message('NetworkPolicyEgressRule', {
  ports: f(1, list(NetworkPolicyPort)).listOf('atomic'),
  to: f(2, list(NetworkPolicyPeer)).listOf('atomic'),
})
export type NetworkPolicyEgressRule = TypeOf<typeof NetworkPolicyEgressRule>

export const NetworkPolicyIngressRule = message('NetworkPolicyIngressRule', {
  ports: f(1, list(NetworkPolicyPort)).listOf('atomic'),
  from: f(2, list(NetworkPolicyPeer)).listOf('atomic'),
})
export type NetworkPolicyIngressRule = TypeOf<typeof NetworkPolicyIngressRule>

export const NetworkPolicySpec = message('NetworkPolicySpec', {
  podSelector: f(1, LabelSelector).always(),
  ingress: f(2, list(NetworkPolicyIngressRule)).listOf('atomic'),
  egress: f(3, list(NetworkPolicyEgressRule)).listOf('atomic'),
  policyTypes: f(4, list(oneOf('Egress', 'Ingress'))).listOf('atomic'),
})
export type NetworkPolicySpec = TypeOf<typeof NetworkPolicySpec>

export const NetworkPolicy = kind(
  'NetworkPolicy',
  {
    metadata: f(1, ObjectMeta).always(),
    spec: f(2, NetworkPolicySpec).always(),
  },
  {
    resource: {
      plural: 'networkpolicies',
      singular: 'networkpolicy',
      shortNames: ['netpol'],
      namespaced: true,
      verbs: allVerbs,
    },
  },
)
export type NetworkPolicy = TypeOf<typeof NetworkPolicy>
