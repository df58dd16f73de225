import { f } from '../../../schema/field.ts'
import { int32, list, oneOf, str, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { ObjectReference } from './object-reference.ts'
import { kind, message } from './package.ts'

export const EndpointAddress = message(
  'EndpointAddress',
  {
    ip: f(1, str).required().always().doc('IP address; not of the loopback or link-local kind.'),
    targetRef: f(2, ObjectReference).doc('Object behind the address, mostly a pod.'),
    hostname: f(3, str).doc('Host name of the endpoint, for DNS records.'),
    nodeName: f(4, str).explicit().doc('Node that hosts the endpoint.'),
  },
  { doc: 'An address that serves a service.', mapType: 'atomic' },
)
export type EndpointAddress = TypeOf<typeof EndpointAddress>

export const EndpointPort = message(
  'EndpointPort',
  {
    name: f(1, str).doc('Name of the service port.'),
    port: f(2, int32).required().always().doc('Port number on the addresses.'),
    protocol: f(3, oneOf('SCTP', 'TCP', 'UDP'))
      .go('v1.Protocol')
      .doc('Transport protocol; `TCP` by default.'),
    appProtocol: f(4, str).explicit().doc('Application protocol, as a hint.'),
  },
  { doc: 'A port that serves a service.', mapType: 'atomic' },
)
export type EndpointPort = TypeOf<typeof EndpointPort>

export const EndpointSubset = message(
  'EndpointSubset',
  {
    addresses: f(1, list(EndpointAddress)).listOf('atomic').doc('Addresses that are ready.'),
    notReadyAddresses: f(2, list(EndpointAddress)).listOf('atomic').doc('Addresses that are not ready.'),
    ports: f(3, list(EndpointPort)).listOf('atomic').doc('Ports on each address.'),
  },
  { doc: 'Addresses that all serve the same ports.' },
)
export type EndpointSubset = TypeOf<typeof EndpointSubset>

export const Endpoints = kind(
  'Endpoints',
  {
    metadata: f(1, ObjectMeta)
      .always()
      .doc('Name, labels and other standard metadata; the name is that of the service.'),
    subsets: f(2, list(EndpointSubset)).listOf('atomic').doc('Addresses and ports, grouped.'),
  },
  {
    doc: 'Addresses that serve a service. Deprecated: use EndpointSlice.',
    resource: {
      plural: 'endpoints',
      singular: 'endpoints',
      shortNames: ['ep'],
      namespaced: true,
      verbs: allVerbs,
    },
  },
)
export type Endpoints = TypeOf<typeof Endpoints>
