import { f } from '../../../schema/field.ts'
import { raw, str, type TypeOf } from '../../../schema/type.ts'
import { message } from './package.ts'

export const OpaqueDeviceConfiguration = message(
  'OpaqueDeviceConfiguration',
  {
    driver: f(1, str).required().always().doc('Driver that it is for.'),
    parameters: f(2, raw)
      .required()
      .doc('What the driver is told, up to 10 KiB; should name its own kind and version.'),
  },
  { doc: 'Configuration that only a driver understands.' },
)
export type OpaqueDeviceConfiguration = TypeOf<typeof OpaqueDeviceConfiguration>

export const DeviceConfiguration = message(
  'DeviceConfiguration',
  {
    opaque: f(1, OpaqueDeviceConfiguration).doc('Configuration for one driver.'),
  },
  { doc: 'Configuration of devices; exactly one member is set.' },
)
export type DeviceConfiguration = TypeOf<typeof DeviceConfiguration>
