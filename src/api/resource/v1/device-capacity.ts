import { f } from '../../../schema/field.ts'
import { list, map, quantity, str, type TypeOf } from '../../../schema/type.ts'
import { message } from './package.ts'

export const Counter = message(
  'Counter',
  {
    value: f(1, quantity).required().always().doc('How much there is.'),
  },
  { doc: 'An amount.' },
)
export type Counter = TypeOf<typeof Counter>

export const CounterSet = message(
  'CounterSet',
  {
    name: f(1, str).required().always().doc('Name of the set, a DNS label, unique in the pool.'),
    counters: f(2, map(Counter)).required().doc('The amounts by name; at most 32.'),
  },
  { doc: 'Amounts that devices of a pool share.' },
)
export type CounterSet = TypeOf<typeof CounterSet>

export const DeviceCounterConsumption = message(
  'DeviceCounterConsumption',
  {
    counterSet: f(1, str).required().always().doc('Name of the set.'),
    counters: f(2, map(Counter)).required().doc('The amounts by name.'),
    compatibilityGroups: f(3, list(str))
      .listOf('atomic')
      .gate('DRADeviceCompatibilityGroups')
      .doc('Groups whose devices may be in use together, at most 2.'),
  },
  { doc: 'What a device takes of a set of shared amounts.' },
)
export type DeviceCounterConsumption = TypeOf<typeof DeviceCounterConsumption>

export const CapacityRequestPolicyRange = message(
  'CapacityRequestPolicyRange',
  {
    min: f(1, quantity).required().explicit().doc('Least amount.'),
    max: f(2, quantity).explicit().doc('Greatest amount; all that there is if unset.'),
    step: f(3, quantity).explicit().doc('Distance between amounts, counted from the least.'),
  },
  { doc: 'Amounts that can be asked for.' },
)
export type CapacityRequestPolicyRange = TypeOf<typeof CapacityRequestPolicyRange>

export const CapacityRequestPolicy = message(
  'CapacityRequestPolicy',
  {
    default: f(1, quantity).orNull().explicit().doc('Amount for requests that name none.'),
    validValues: f(3, list(quantity)).listOf('atomic').doc('Amounts that can be asked for, ascending; at most 10.'),
    validRange: f(4, CapacityRequestPolicyRange).doc('Range of amounts that can be asked for.'),
  },
  { doc: 'How much of a capacity can be asked for.' },
)
export type CapacityRequestPolicy = TypeOf<typeof CapacityRequestPolicy>

export const DeviceCapacity = message(
  'DeviceCapacity',
  {
    value: f(1, quantity).required().always().doc('How much there is in all.'),
    requestPolicy: f(2, CapacityRequestPolicy).doc('How it is shared among claims.'),
  },
  { doc: 'A capacity of a device.' },
)
export type DeviceCapacity = TypeOf<typeof DeviceCapacity>
