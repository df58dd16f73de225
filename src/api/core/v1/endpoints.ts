import { f } from '../../../schema/field.ts'
import { int32, list, oneOf, str, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { ObjectReference } from './object-reference.ts'
import { kind, message } from './package.ts'

export const EndpointAddress = message(
  'EndpointAddress',
  {
    ip: f(1, str).required().always(),
    targetRef: f(2, ObjectReference),
    hostname: f(3, str),
    nodeName: f(4, str).explicit(),
  },
  { mapType: 'atomic' },
)
export type EndpointAddress = TypeOf<typeof EndpointAddress>

export const EndpointPort = message(
  'EndpointPort',
  {
    name: f(1, str),
    port: f(2, int32).required().always(),
    protocol: f(3, oneOf('SCTP', 'TCP', 'UDP')),
    appProtocol: f(4, str).explicit(),
  },
  { mapType: 'atomic' },
)
export type EndpointPort = TypeOf<typeof EndpointPort>

export const EndpointSubset = message('EndpointSubset', {
  addresses: f(1, list(EndpointAddress)).listOf('atomic'),
  notReadyAddresses: f(2, list(EndpointAddress)).listOf('atomic'),
  ports: f(3, list(EndpointPort)).listOf('atomic'),
})
export type EndpointSubset = TypeOf<typeof EndpointSubset>

export const Endpoints = kind(
  'Endpoints',
  {
    metadata: f(1, ObjectMeta).always(),
    subsets: f(2, list(EndpointSubset)).listOf('atomic'),
  },
  {
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
