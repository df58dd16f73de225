import { f } from '../../../schema/field.ts'
import { bool, int64, list, map, oneOf, quantity, str, type TypeOf } from '../../../schema/type.ts'
import { DeviceDerivedAttribute, DeviceSelector } from './device-selector.ts'
import { DeviceToleration } from './device-taint.ts'
import { message } from './package.ts'

export const CapacityRequirements = message(
  'CapacityRequirements',
  {
    requests: f(1, map(quantity))
      .go('map[v1.QualifiedName]resource.Quantity')
      .doc('Amounts by the name of the capacity.'),
  },
  { doc: 'How much of a device is needed.' },
)
export type CapacityRequirements = TypeOf<typeof CapacityRequirements>

export const ExactDeviceRequest = message(
  'ExactDeviceRequest',
  {
    deviceClassName: f(1, str).required().always().doc('The class.'),
    selectors: f(2, list(DeviceSelector))
      .listOf('atomic')
      .doc('Further conditions that devices must all meet, at most 32.'),
    allocationMode: f(3, oneOf('All', 'ExactCount'))
      .go('v1.DeviceAllocationMode')
      .doc('Whether a number of devices is wanted or all; `ExactCount` by default.'),
    count: f(4, int64).doc('How many devices; 1 by default with `ExactCount`, else unset.'),
    adminAccess: f(5, bool)
      .explicit()
      .doc('Access for administration, to devices that may be in use; only in namespaces labelled for it.'),
    tolerations: f(6, list(DeviceToleration)).listOf('atomic').doc('Taints that the devices may have.'),
    capacity: f(7, CapacityRequirements).doc('How much of each device is needed.'),
    derivedAttributes: f(8, list(DeviceDerivedAttribute))
      .listOf('atomic')
      .gate('DRADerivedAttributes')
      .doc('Attributes computed for constraints.'),
  },
  { doc: 'Asks for devices of one class.' },
)
export type ExactDeviceRequest = TypeOf<typeof ExactDeviceRequest>

export const DeviceSubRequest = message(
  'DeviceSubRequest',
  {
    name: f(1, str).required().always().doc('Name of the alternative, a DNS label, unique in the request.'),
    deviceClassName: f(2, str).required().always().doc('The class.'),
    selectors: f(3, list(DeviceSelector))
      .listOf('atomic')
      .doc('Further conditions that devices must all meet, at most 32.'),
    allocationMode: f(4, oneOf('All', 'ExactCount'))
      .go('v1.DeviceAllocationMode')
      .doc('Whether a number of devices is wanted or all; `ExactCount` by default.'),
    count: f(5, int64).doc('How many devices; 1 by default with `ExactCount`, else unset.'),
    tolerations: f(6, list(DeviceToleration)).listOf('atomic').doc('Taints that the devices may have.'),
    capacity: f(7, CapacityRequirements).doc('How much of each device is needed.'),
    derivedAttributes: f(8, list(DeviceDerivedAttribute))
      .listOf('atomic')
      .gate('DRADerivedAttributes')
      .doc('Attributes computed for constraints.'),
  },
  { doc: 'One of several alternatives.' },
)
export type DeviceSubRequest = TypeOf<typeof DeviceSubRequest>

export const DeviceRequest = message(
  'DeviceRequest',
  {
    name: f(1, str).required().always().doc('Name of the request, a DNS label, unique in the claim.'),
    exactly: f(2, ExactDeviceRequest).doc('The one way.'),
    firstAvailable: f(3, list(DeviceSubRequest))
      .listOf('atomic')
      .doc('Alternatives, of which the first that can be met counts; at most 8.'),
  },
  { doc: 'Asks for devices, in one way or in alternatives.' },
)
export type DeviceRequest = TypeOf<typeof DeviceRequest>
