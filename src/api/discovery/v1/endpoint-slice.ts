import { f } from '../../../schema/field.ts'
import { bool, int32, list, map, oneOf, str, type TypeOf } from '../../../schema/type.ts'
import { ObjectReference } from '../../core/v1/object-reference.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'

export const EndpointConditions = message(
  'EndpointConditions',
  {
    ready: f(1, bool)
      .explicit()
      .doc('Whether to send it traffic: it serves and is not being deleted; unset counts as true.'),
    serving: f(2, bool).explicit().doc('Whether it can answer, even if it is being deleted; unset counts as true.'),
    terminating: f(3, bool).explicit().doc('Whether it is being deleted; unset counts as false.'),
  },
  { doc: 'State of an endpoint.' },
)
export type EndpointConditions = TypeOf<typeof EndpointConditions>

export const ForNode = message(
  'ForNode',
  {
    name: f(1, str).required().always().doc('Name of the node.'),
  },
  { doc: 'A node that an endpoint is meant for.' },
)
export type ForNode = TypeOf<typeof ForNode>

export const ForZone = message(
  'ForZone',
  {
    name: f(1, str).required().always().doc('Name of the zone.'),
  },
  { doc: 'A zone that an endpoint is meant for.' },
)
export type ForZone = TypeOf<typeof ForZone>

export const EndpointHints = message(
  'EndpointHints',
  {
    forZones: f(1, list(ForZone)).listOf('atomic').doc('Zones that should use it; at most 8.'),
    forNodes: f(2, list(ForNode)).listOf('atomic').doc('Nodes that should use it; at most 8.'),
  },
  { doc: 'For whom an endpoint is meant first of all.' },
)
export type EndpointHints = TypeOf<typeof EndpointHints>

export const Endpoint = message(
  'Endpoint',
  {
    addresses: f(1, list(str))
      .orNull()
      .explicit()
      .required()
      .listOf('set')
      .doc('Addresses of the backend, 1 to 100, of which only the first is used.'),
    conditions: f(2, EndpointConditions).always().doc('State of the endpoint.'),
    hostname: f(3, str).explicit().doc('Host name of the endpoint, for DNS records.'),
    targetRef: f(4, ObjectReference).doc('Object behind it, mostly a pod.'),
    deprecatedTopology: f(5, map(str)).doc('Topology labels from v1beta1; read-only.'),
    nodeName: f(6, str).explicit().doc('Node that hosts it.'),
    zone: f(7, str).explicit().doc('Zone in which it is.'),
    hints: f(8, EndpointHints).doc('For whom it is meant first of all.'),
  },
  { doc: 'A backend of a service.' },
)
export type Endpoint = TypeOf<typeof Endpoint>

export const EndpointPort = message(
  'EndpointPort',
  {
    name: f(1, str).explicit().doc('Name of the service port; unique in the slice, may be empty.'),
    protocol: f(2, oneOf('SCTP', 'TCP', 'UDP'))
      .go('v1.Protocol')
      .explicit()
      .doc('Transport protocol; `TCP` by default.'),
    port: f(3, int32).explicit().doc('Port number; unset means all ports.'),
    appProtocol: f(4, str).explicit().doc('Application protocol, as a hint: an IANA name or a prefixed one.'),
  },
  { doc: 'A port of the endpoints in a slice.', mapType: 'atomic' },
)
export type EndpointPort = TypeOf<typeof EndpointPort>

export const EndpointSlice = kind(
  'EndpointSlice',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    endpoints: f(2, list(Endpoint)).orNull().listOf('atomic').doc('The endpoints; at most 1000.'),
    ports: f(3, list(EndpointPort)).orNull().listOf('atomic').doc('Ports of each endpoint; at most 100.'),
    addressType: f(4, oneOf('FQDN', 'IPv4', 'IPv6'))
      .go('v1.AddressType')
      .required()
      .always()
      .doc('Kind of the addresses; cannot be changed.'),
  },
  {
    doc: 'Some of the endpoints of a service; its label `kubernetes.io/service-name` says which.',
    resource: {
      plural: 'endpointslices',
      singular: 'endpointslice',
      namespaced: true,
      verbs: allVerbs,
    },
  },
)
export type EndpointSlice = TypeOf<typeof EndpointSlice>
