import { f } from '../../../schema/field.ts'
import { int64, str, type TypeOf, time } from '../../../schema/type.ts'
import { message } from './package.ts'

export const Condition = message('Condition', {
  type: f(1, str).required().always(),
  status: f(2, str).required().always(),
  observedGeneration: f(3, int64),
  lastTransitionTime: f(4, time).required(),
  reason: f(5, str).required().always(),
  message: f(6, str).required().always(),
})
export type Condition = TypeOf<typeof Condition>
