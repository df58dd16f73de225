import { f } from '../../../schema/field.ts'
import { raw, str, type TypeOf } from '../../../schema/type.ts'
import { kind } from './package.ts'

export const WatchEvent = kind(
  'WatchEvent',
  {
    type: f(1, str).required().always().doc('`ADDED`, `MODIFIED`, `DELETED`, `BOOKMARK` or `ERROR`.'),
    object: f(2, raw)
      .required()
      .doc('The object after the change (before it, for a deletion), or a Status for an error.'),
  },
  { doc: 'One message of a watch.', typeless: true },
)
export type WatchEvent = TypeOf<typeof WatchEvent>
