import { f } from '../../../schema/field.ts'
import { bool, int64, list, oneOf, str, type TypeOf } from '../../../schema/type.ts'
import { NodeSelector } from '../../core/v1/selectors.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { Device } from './device.ts'
import { CounterSet } from './device-capacity.ts'
import { kind, message } from './package.ts'

export const ResourcePool = message(
  'ResourcePool',
  {
    name: f(1, str).required().always().doc('Name of the pool, often that of a node.'),
    generation: f(2, int64)
      .required()
      .always()
      .doc('Which state of the pool it is; slices with a lower number are out of date.'),
    resourceSliceCount: f(3, int64).required().always().doc('Number of slices that the pool has in this state.'),
  },
  { doc: 'The pool that a slice is a part of.' },
)
export type ResourcePool = TypeOf<typeof ResourcePool>

export const ResourceSliceSpec = message(
  'ResourceSliceSpec',
  {
    driver: f(1, str).required().always().doc('Driver of the devices; cannot be changed.'),
    pool: f(2, ResourcePool).required().always().doc('Pool that the slice is a part of.'),
    nodeName: f(3, str).explicit().doc('Node that has the devices; cannot be changed.'),
    nodeSelector: f(4, NodeSelector).doc('Nodes that can use the devices.'),
    allNodes: f(5, bool).explicit().doc('Whether all nodes can use the devices.'),
    devices: f(6, list(Device)).listOf('atomic').doc('The devices; at most 128, or 64 with taints or counters.'),
    perDeviceNodeSelection: f(7, bool).explicit().doc('Whether each device says for itself which nodes can use it.'),
    sharedCounters: f(8, list(CounterSet)).listOf('atomic').doc('Amounts that the devices share; at most 8 sets.'),
    partitionTypeAttribute: f(9, str)
      .go('v1.FullyQualifiedName')
      .explicit()
      .gate('DRAPartitionableDevicesType')
      .doc('Attribute that tells the sorts of partitions apart.'),
    skipNodeOperations: f(10, list(oneOf('*', 'NodePrepareResources', 'NodeUnprepareResources')))
      .gate('DRAOptionalNodeOperations')
      .go('v1.SkipNodeOperation')
      .listOf('set')
      .gate('DRAOptionalNodeOperations')
      .doc('Operations on the node that the driver does without; `*` for all.'),
  },
  { doc: 'Devices of a driver, and where they are.' },
)
export type ResourceSliceSpec = TypeOf<typeof ResourceSliceSpec>

export const ResourceSlice = kind(
  'ResourceSlice',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, ResourceSliceSpec).required().always().doc('The devices, and where they are.'),
  },
  {
    doc: 'Devices that a driver offers.',
    resource: { plural: 'resourceslices', singular: 'resourceslice', namespaced: false, verbs: allVerbs },
  },
)
export type ResourceSlice = TypeOf<typeof ResourceSlice>
