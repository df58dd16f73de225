import { f } from '../../../schema/field.ts'
import { bool, int64, list, map, quantity, str, type TypeOf } from '../../../schema/type.ts'
import { NodeSelector } from '../../core/v1/selectors.ts'
import { DeviceCapacity, DeviceCounterConsumption } from './device-capacity.ts'
import { DeviceTaint } from './device-taint.ts'
import { message } from './package.ts'

export const DeviceAttribute = message(
  'DeviceAttribute',
  {
    int: f(2, int64).explicit().doc('An integer.'),
    bool: f(3, bool).explicit().doc('True or false.'),
    string: f(4, str).explicit().doc('A text, at most 64 characters.'),
    version: f(5, str).explicit().doc('A version by semver.org, at most 64 characters.'),
    ints: f(6, list(int64)).listOf('atomic').gate('DRAListTypeAttributes').doc('Several integers.'),
    bools: f(7, list(bool)).listOf('atomic').gate('DRAListTypeAttributes').doc('Several truth values.'),
    strings: f(8, list(str)).listOf('atomic').gate('DRAListTypeAttributes').doc('Several texts.'),
    versions: f(9, list(str)).listOf('atomic').gate('DRAListTypeAttributes').doc('Several versions.'),
  },
  { doc: 'A property of a device; exactly one member is set.' },
)
export type DeviceAttribute = TypeOf<typeof DeviceAttribute>

export const NodeAllocatableMapping = message(
  'NodeAllocatableMapping',
  {
    capacityKey: f(1, str).go('v1.QualifiedName').explicit().doc('Capacity of the device that counts.'),
    capacityMultiplier: f(2, quantity).explicit().doc('What an amount of the capacity is multiplied by; 1 if unset.'),
    deviceMultiplier: f(3, quantity).explicit().doc('What each device counts for.'),
  },
  { doc: 'How a device counts towards a resource of the node.' },
)
export type NodeAllocatableMapping = TypeOf<typeof NodeAllocatableMapping>

export const NodeAllocatableOverhead = message(
  'NodeAllocatableOverhead',
  {
    perPod: f(1, quantity).explicit().doc('Amount for each pod that uses it.'),
    perContainer: f(2, quantity).explicit().doc('Amount for each container that uses it.'),
  },
  { doc: 'What using a device takes beyond its own share.' },
)
export type NodeAllocatableOverhead = TypeOf<typeof NodeAllocatableOverhead>

export const NodeAllocatableResource = message(
  'NodeAllocatableResource',
  {
    mapping: f(3, NodeAllocatableMapping).doc('How the device counts.'),
    overhead: f(4, NodeAllocatableOverhead).doc('What it takes beyond that.'),
  },
  { doc: 'A resource of the node that a device takes from.' },
)
export type NodeAllocatableResource = TypeOf<typeof NodeAllocatableResource>

export const Device = message(
  'Device',
  {
    name: f(1, str).required().always().doc('Name of the device, a DNS label, unique in the pool.'),
    attributes: f(2, map(DeviceAttribute))
      .go('map[v1.QualifiedName]v1.DeviceAttribute')
      .doc('Properties by their name, with or without domain.'),
    capacity: f(3, map(DeviceCapacity))
      .go('map[v1.QualifiedName]v1.DeviceCapacity')
      .doc('Capacities by their name, with or without domain.'),
    consumesCounters: f(4, list(DeviceCounterConsumption))
      .listOf('atomic')
      .doc('What it takes of the shared amounts of the pool; at most 2 sets.'),
    nodeName: f(5, str).explicit().doc('Node on which it can be used, where devices choose their nodes one by one.'),
    nodeSelector: f(6, NodeSelector).doc('Nodes on which it can be used, where devices choose their nodes one by one.'),
    allNodes: f(7, bool)
      .explicit()
      .doc('Whether it can be used everywhere, where devices choose their nodes one by one.'),
    taints: f(8, list(DeviceTaint)).listOf('atomic').doc('Taints set by the driver; at most 16.'),
    bindsToNode: f(9, bool).explicit().doc('Whether its claim can only be used on the node that was chosen with it.'),
    bindingConditions: f(10, list(str))
      .listOf('atomic')
      .doc('Conditions that must be true before a pod is bound; at most 4.'),
    bindingFailureConditions: f(11, list(str))
      .listOf('atomic')
      .doc('Conditions that end the binding if any is true; at most 4.'),
    allowMultipleAllocations: f(12, bool).explicit().doc('Whether several claims can have a share of it.'),
    nodeAllocatableResources: f(14, map(NodeAllocatableResource))
      .go('map[v1.ResourceName]v1.NodeAllocatableResource')
      .gate('DRANodeAllocatableResources')
      .doc('Resources of the node that it takes from.'),
  },
  { doc: 'A device of a pool.' },
)
export type Device = TypeOf<typeof Device>
