import { f, inline } from '../../../schema/field.ts'
import { list, str, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { DeviceConfiguration } from './device-configuration.ts'
import { DeviceSelector } from './device-selector.ts'
import { kind, message } from './package.ts'

export const DeviceClassConfiguration = message(
  'DeviceClassConfiguration',
  {
    ...inline(1, DeviceConfiguration),
  },
  { doc: 'Configuration that goes with a class.' },
)
export type DeviceClassConfiguration = TypeOf<typeof DeviceClassConfiguration>

export const DeviceClassSpec = message(
  'DeviceClassSpec',
  {
    selectors: f(1, list(DeviceSelector)).listOf('atomic').doc('Conditions that devices must all meet, at most 32.'),
    config: f(2, list(DeviceClassConfiguration))
      .listOf('atomic')
      .doc('Configuration for the drivers, at most 32 entries.'),
    extendedResourceName: f(4, str)
      .explicit()
      .doc('Extended resource as which containers can request devices of the class.'),
  },
  { doc: 'What devices a class has.' },
)
export type DeviceClassSpec = TypeOf<typeof DeviceClassSpec>

export const DeviceClass = kind(
  'DeviceClass',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, DeviceClassSpec).always().doc('Conditions and configuration.'),
  },
  {
    doc: 'A sort of devices that claims can ask for.',
    resource: { plural: 'deviceclasses', singular: 'deviceclass', namespaced: false, verbs: allVerbs },
  },
)
export type DeviceClass = TypeOf<typeof DeviceClass>
