import { f } from '../../../schema/field.ts'
import { int64, oneOf, str, type TypeOf, time } from '../../../schema/type.ts'
import { message } from './package.ts'

export const DeviceTaint = message(
  'DeviceTaint',
  {
    key: f(1, str).required().always().doc("Key of the taint, as a label's."),
    value: f(2, str).doc('Value that goes with the key.'),
    effect: f(3, oneOf('NoExecute', 'NoSchedule', 'None'))
      .go('v1.DeviceTaintEffect')
      .required()
      .always()
      .doc('What it does: nothing, keep new pods off, or drive running ones away too.'),
    timeAdded: f(4, time).explicit().doc('When the taint was set; by the server where it is left out.'),
  },
  { doc: 'Keeps claims without a matching toleration off a device.' },
)
export type DeviceTaint = TypeOf<typeof DeviceTaint>

export const DeviceToleration = message(
  'DeviceToleration',
  {
    key: f(1, str).doc('Key of the taint; all keys if empty, with `Exists`.'),
    operator: f(2, oneOf('Equal', 'Exists'))
      .go('v1.DeviceTolerationOperator')
      .default('Equal')
      .doc('Whether the value must be equal or may be anything; `Equal` by default.'),
    value: f(3, str).doc('Value of the taint; none with `Exists`.'),
    effect: f(4, oneOf('NoExecute', 'NoSchedule', 'None'))
      .go('v1.DeviceTaintEffect')
      .doc('Effect that is tolerated; all of them if empty.'),
    tolerationSeconds: f(5, int64).explicit().doc('How long `NoExecute` is tolerated; forever if unset.'),
  },
  { doc: 'Lets a claim have devices with a taint.' },
)
export type DeviceToleration = TypeOf<typeof DeviceToleration>
