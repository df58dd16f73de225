import { f } from '../../../schema/field.ts'
import { str, type TypeOf } from '../../../schema/type.ts'
import { message } from './package.ts'

export const CELDeviceSelector = message(
  'CELDeviceSelector',
  {
    expression: f(1, str)
      .required()
      .always()
      .doc('Expression over `device` that is true for devices that suit; at most 10 KiB.'),
  },
  { doc: 'A condition on a device in the Common Expression Language.' },
)
export type CELDeviceSelector = TypeOf<typeof CELDeviceSelector>

export const DeviceSelector = message(
  'DeviceSelector',
  {
    cel: f(1, CELDeviceSelector).doc('Condition as an expression.'),
  },
  { doc: 'A condition on a device; exactly one member is set.' },
)
export type DeviceSelector = TypeOf<typeof DeviceSelector>

export const DeviceDerivedAttribute = message(
  'DeviceDerivedAttribute',
  {
    name: f(1, str).go('v1.FullyQualifiedName').required().always().doc('Name of the attribute, with its domain.'),
    expression: f(2, str).required().always().doc('Expression over `device` that gives the value.'),
  },
  { doc: 'An attribute that is computed from those of a device.' },
)
export type DeviceDerivedAttribute = TypeOf<typeof DeviceDerivedAttribute>
