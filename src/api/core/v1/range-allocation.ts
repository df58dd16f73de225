import { f } from '../../../schema/field.ts'
import { bytes, str, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { kind } from './package.ts'

export const RangeAllocation = kind('RangeAllocation', {
  metadata: f(1, ObjectMeta).always(),
  range: f(2, str),
  data: f(3, bytes),
})
export type RangeAllocation = TypeOf<typeof RangeAllocation>
