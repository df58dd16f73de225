import { f } from '../../../schema/field.ts'
import { bool, int32, list, map, oneOf, str, type TypeOf } from '../../../schema/type.ts'
import { ObjectReference } from '../../core/v1/object-reference.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'

export const EndpointConditions = message('EndpointConditions', {
  ready: f(1, bool).explicit(),
  serving: f(2, bool).explicit(),
  terminating: f(3, bool).explicit(),
})
export type EndpointConditions = TypeOf<typeof EndpointConditions>

export const ForNode = message('ForNode', {
  name: f(1, str).required().always(),
})
export type ForNode = TypeOf<typeof ForNode>

export const ForZone = message('ForZone', {
  name: f(1, str).required().always(),
})
export type ForZone = TypeOf<typeof ForZone>

export const EndpointHints = message('EndpointHints', {
  forZones: f(1, list(ForZone)).listOf('atomic'),
  forNodes: f(2, list(ForNode)).listOf('atomic'),
})
export type EndpointHints = TypeOf<typeof EndpointHints>

export const Endpoint = message('Endpoint', {
  addresses: f(1, list(str)).explicit().required().listOf('set'),
  conditions: f(2, EndpointConditions).always(),
  hostname: f(3, str).explicit(),
  targetRef: f(4, ObjectReference),
  deprecatedTopology: f(5, map(str)),
  nodeName: f(6, str).explicit(),
  zone: f(7, str).explicit(),
  hints: f(8, EndpointHints),
})
export type Endpoint = TypeOf<typeof Endpoint>

export const EndpointPort = message(
  'EndpointPort',
  {
    name: f(1, str).explicit(),
    protocol: f(2, oneOf('SCTP', 'TCP', 'UDP')).explicit(),
    port: f(3, int32).explicit(),
    appProtocol: f(4, str).explicit(),
  },
  { mapType: 'atomic' },
)
export type EndpointPort = TypeOf<typeof EndpointPort>

export const EndpointSlice = kind(
  'EndpointSlice',
  {
    metadata: f(1, ObjectMeta).always(),
    endpoints: f(2, list(Endpoint)).explicit().listOf('atomic'),
    ports: f(3, list(EndpointPort)).explicit().listOf('atomic'),
    addressType: f(4, oneOf('FQDN', 'IPv4', 'IPv6'))
      .required()
      .always(),
  },
  {
    resource: {
      plural: 'endpointslices',
      singular: 'endpointslice',
      namespaced: true,
      verbs: allVerbs,
    },
  },
)
export type EndpointSlice = TypeOf<typeof EndpointSlice>
