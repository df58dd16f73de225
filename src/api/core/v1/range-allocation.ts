import { f } from '../../../schema/field.ts'
import { bytes, str, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { kind } from './package.ts'

export const RangeAllocation = kind(
  'RangeAllocation',
  {
    metadata: f(1, ObjectMeta).always().doc('Name and other standard metadata.'),
    range: f(2, str).doc('The range, as a network or as first and last number.'),
    data: f(3, bytes).doc('Bit map of what is taken.'),
  },
  { doc: 'Which members of a range are taken; for internal use.' },
)
export type RangeAllocation = TypeOf<typeof RangeAllocation>
