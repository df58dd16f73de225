import { f } from '../../../schema/field.ts'
import { int32, intOrString, list, oneOf, str, type TypeOf } from '../../../schema/type.ts'
import { LabelSelector } from '../../meta/v1/label-selector.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'

export const IPBlock = message(
  'IPBlock',
  {
    cidr: f(1, str).required().always().doc('The network, as `192.168.0.0/16`.'),
    except: f(2, list(str)).listOf('atomic').doc('Networks inside that are left out.'),
  },
  { doc: 'A network without some parts of it.' },
)
export type IPBlock = TypeOf<typeof IPBlock>

export const NetworkPolicyPeer = message(
  'NetworkPolicyPeer',
  {
    podSelector: f(1, LabelSelector).doc('Pods, in the namespaces selected or else that of the policy.'),
    namespaceSelector: f(2, LabelSelector).doc('Namespaces of the pods; all their pods without a pod selector.'),
    ipBlock: f(3, IPBlock).doc('A network; excludes the selectors.'),
  },
  { doc: 'Who may be talked with: pods by label, or a network.' },
)
export type NetworkPolicyPeer = TypeOf<typeof NetworkPolicyPeer>

export const NetworkPolicyPort = message(
  'NetworkPolicyPort',
  {
    protocol: f(1, oneOf('SCTP', 'TCP', 'UDP'))
      .go('v1.Protocol')
      .explicit()
      .doc('Transport protocol; `TCP` by default.'),
    port: f(2, intOrString).explicit().doc('Number or name of the port; all of them if unset.'),
    endPort: f(3, int32).explicit().doc('Last port of the range that begins with `port`.'),
  },
  { doc: 'A port, or a range of them.' },
)
export type NetworkPolicyPort = TypeOf<typeof NetworkPolicyPort>

export const NetworkPolicyEgressRule = message(
  'NetworkPolicyEgressRule',
  {
    ports: f(1, list(NetworkPolicyPort)).listOf('atomic').doc('Ports at the other end; all of them if empty.'),
    to: f(2, list(NetworkPolicyPeer)).listOf('atomic').doc('Where it may go; anywhere if empty.'),
  },
  { doc: 'Traffic that may leave: to any of the peers, on any of the ports.' },
)
export type NetworkPolicyEgressRule = TypeOf<typeof NetworkPolicyEgressRule>

export const NetworkPolicyIngressRule = message(
  'NetworkPolicyIngressRule',
  {
    ports: f(1, list(NetworkPolicyPort)).listOf('atomic').doc('Ports of the pods; all of them if empty.'),
    from: f(2, list(NetworkPolicyPeer)).listOf('atomic').doc('Where it may come from; anywhere if empty.'),
  },
  { doc: 'Traffic that may enter: from any of the peers, on any of the ports.' },
)
export type NetworkPolicyIngressRule = TypeOf<typeof NetworkPolicyIngressRule>

export const NetworkPolicySpec = message(
  'NetworkPolicySpec',
  {
    podSelector: f(1, LabelSelector).always().doc('Pods that the policy is for; all of the namespace if empty.'),
    ingress: f(2, list(NetworkPolicyIngressRule))
      .listOf('atomic')
      .doc('Rules of which any lets traffic in; none lets nothing in.'),
    egress: f(3, list(NetworkPolicyEgressRule))
      .listOf('atomic')
      .doc('Rules of which any lets traffic out; none lets nothing out.'),
    policyTypes: f(4, list(oneOf('Egress', 'Ingress')))
      .go('v1.PolicyType')
      .listOf('atomic')
      .doc('Directions that are restricted; `Ingress`, and `Egress` if there are such rules, by default.'),
  },
  { doc: 'Which traffic some pods may have.' },
)
export type NetworkPolicySpec = TypeOf<typeof NetworkPolicySpec>

export const NetworkPolicy = kind(
  'NetworkPolicy',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, NetworkPolicySpec).always().doc('Which traffic is allowed.'),
  },
  {
    doc: 'Restricts the traffic of pods to what a policy allows.',
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
