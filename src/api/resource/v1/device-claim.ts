import { f, inline } from '../../../schema/field.ts'
import { list, str, type TypeOf } from '../../../schema/type.ts'
import { DeviceConfiguration } from './device-configuration.ts'
import { DeviceRequest } from './device-request.ts'
import { message } from './package.ts'

export const DeviceConstraint = message(
  'DeviceConstraint',
  {
    requests: f(1, list(str)).listOf('atomic').doc('Requests that it is about; all of them if empty.'),
    matchAttribute: f(2, str)
      .go('v1.FullyQualifiedName')
      .explicit()
      .doc('Attribute that has the same value on all of them.'),
    distinctAttribute: f(3, str)
      .go('v1.FullyQualifiedName')
      .explicit()
      .doc('Attribute that has another value on each of them.'),
  },
  { doc: 'What the devices of a claim must have in common.' },
)
export type DeviceConstraint = TypeOf<typeof DeviceConstraint>

export const DeviceClaimConfiguration = message(
  'DeviceClaimConfiguration',
  {
    requests: f(1, list(str)).listOf('atomic').doc('Requests that it is for; all of them if empty.'),
    ...inline(2, DeviceConfiguration),
  },
  { doc: 'Configuration for the devices of a claim.' },
)
export type DeviceClaimConfiguration = TypeOf<typeof DeviceClaimConfiguration>

export const DeviceClaim = message(
  'DeviceClaim',
  {
    requests: f(1, list(DeviceRequest)).orNull().listOf('atomic').doc('The requests, at most 32; all must be met.'),
    constraints: f(2, list(DeviceConstraint)).listOf('atomic').doc('What the devices must have in common; at most 32.'),
    config: f(3, list(DeviceClaimConfiguration))
      .listOf('atomic')
      .doc('Configuration for the drivers; at most 32 entries.'),
  },
  { doc: 'Which devices are asked for.' },
)
export type DeviceClaim = TypeOf<typeof DeviceClaim>
