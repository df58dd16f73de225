import { f } from '../../../schema/field.ts'
import { list, str, type TypeOf } from '../../../schema/type.ts'
import { Condition } from '../../meta/v1/condition.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { DeviceTaint } from './device-taint.ts'
import { kind, message } from './package.ts'

export const DeviceTaintSelector = message(
  'DeviceTaintSelector',
  {
    driver: f(2, str).explicit().doc('Driver of the devices.'),
    pool: f(3, str).explicit().doc('Pool of the devices.'),
    device: f(4, str).explicit().doc('Name of the device.'),
  },
  { doc: 'Which devices are meant; each member given must match.' },
)
export type DeviceTaintSelector = TypeOf<typeof DeviceTaintSelector>

export const DeviceTaintRuleSpec = message(
  'DeviceTaintRuleSpec',
  {
    deviceSelector: f(1, DeviceTaintSelector).doc('The devices; none if unset, all if empty.'),
    taint: f(2, DeviceTaint).required().always().doc('The taint.'),
  },
  { doc: 'A taint and the devices that get it.' },
)
export type DeviceTaintRuleSpec = TypeOf<typeof DeviceTaintRuleSpec>

export const DeviceTaintRuleStatus = message(
  'DeviceTaintRuleStatus',
  {
    conditions: f(1, list(Condition))
      .listOf('map', 'type')
      .patch('merge', 'type')
      .doc('Aspects of the state, at most 8, such as `EvictionInProgress`.'),
  },
  { doc: 'What a rule has done.' },
)
export type DeviceTaintRuleStatus = TypeOf<typeof DeviceTaintRuleStatus>

export const DeviceTaintRule = kind(
  'DeviceTaintRule',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, DeviceTaintRuleSpec).required().always().doc('The taint and the devices.'),
    status: f(3, DeviceTaintRuleStatus).always().doc('What was last observed.'),
  },
  {
    doc: 'Taints devices without the help of their driver.',
    resource: {
      plural: 'devicetaintrules',
      singular: 'devicetaintrule',
      namespaced: false,
      verbs: allVerbs,
      subresources: { status: { verbs: ['get', 'patch', 'update'] } },
    },
  },
)
export type DeviceTaintRule = TypeOf<typeof DeviceTaintRule>
