import { f, inline } from '../../../schema/field.ts'
import { bool, list, map, oneOf, quantity, str, type TypeOf, time } from '../../../schema/type.ts'
import { NodeSelector } from '../../core/v1/selectors.ts'
import { DeviceConfiguration } from './device-configuration.ts'
import { DeviceToleration } from './device-taint.ts'
import { message } from './package.ts'

export const DeviceAllocationConfiguration = message(
  'DeviceAllocationConfiguration',
  {
    source: f(1, oneOf('FromClaim', 'FromClass'))
      .go('v1.AllocationConfigSource')
      .required()
      .always()
      .doc('Whether it comes from the class or the claim.'),
    requests: f(2, list(str)).listOf('atomic').doc('Requests that it is for; all of them if empty.'),
    ...inline(3, DeviceConfiguration),
  },
  { doc: 'Configuration that applies to allocated devices.' },
)
export type DeviceAllocationConfiguration = TypeOf<typeof DeviceAllocationConfiguration>

export const DeviceRequestAllocationResult = message(
  'DeviceRequestAllocationResult',
  {
    request: f(1, str)
      .required()
      .always()
      .doc('Request that it meets; `<request>/<alternative>` where there were several.'),
    driver: f(2, str).required().always().doc('Driver of the device.'),
    pool: f(3, str).required().always().doc('Pool of the device.'),
    device: f(4, str).required().always().doc('Name of the device in the pool.'),
    adminAccess: f(5, bool).explicit().doc('Whether it is for administration, and left to others too.'),
    tolerations: f(6, list(DeviceToleration)).listOf('atomic').doc('Taints that were tolerated.'),
    bindingConditions: f(7, list(str))
      .listOf('atomic')
      .doc('Conditions that must be true before the pod is bound; at most 4.'),
    bindingFailureConditions: f(8, list(str))
      .listOf('atomic')
      .doc('Conditions that end the binding if any is true; at most 4.'),
    shareID: f(9, str)
      .go('types.UID')
      .explicit()
      .doc('Which share of the device it is, where several claims have one each.'),
    consumedCapacity: f(10, map(quantity))
      .go('map[v1.QualifiedName]resource.Quantity')
      .doc('How much of the device is taken.'),
    skipNodeOperations: f(11, list(oneOf('*', 'NodePrepareResources', 'NodeUnprepareResources')))
      .gate('DRAOptionalNodeOperations')
      .go('v1.SkipNodeOperation')
      .listOf('set')
      .gate('DRAOptionalNodeOperations')
      .doc('Operations on the node that the driver does without.'),
  },
  { doc: 'A device that was allocated.' },
)
export type DeviceRequestAllocationResult = TypeOf<typeof DeviceRequestAllocationResult>

export const DeviceAllocationResult = message(
  'DeviceAllocationResult',
  {
    results: f(1, list(DeviceRequestAllocationResult)).listOf('atomic').doc('The devices.'),
    config: f(2, list(DeviceAllocationConfiguration))
      .listOf('atomic')
      .doc('Configuration for the drivers, that of the class before that of the claim.'),
  },
  { doc: 'The devices that were allocated.' },
)
export type DeviceAllocationResult = TypeOf<typeof DeviceAllocationResult>

export const AllocationResult = message(
  'AllocationResult',
  {
    devices: f(1, DeviceAllocationResult).always().doc('The devices.'),
    nodeSelector: f(3, NodeSelector).doc('Nodes on which they can be used; all of them if unset.'),
    allocationTimestamp: f(5, time).explicit().doc('When they were allocated.'),
  },
  { doc: 'What a claim was given.' },
)
export type AllocationResult = TypeOf<typeof AllocationResult>
