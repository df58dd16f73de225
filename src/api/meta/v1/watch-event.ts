import { f } from '../../../schema/field.ts'
import { raw, str, type TypeOf } from '../../../schema/type.ts'
import { kind } from './package.ts'

export const WatchEvent = kind('WatchEvent', {
  type: f(1, str).required().always(),
  object: f(2, raw).required(),
})
export type WatchEvent = TypeOf<typeof WatchEvent>
