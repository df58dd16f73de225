import { f } from '../../../schema/field.ts'
import type { TypeOf } from '../../../schema/type.ts'
import { ObjectReference } from './object-reference.ts'
import { kind } from './package.ts'

export const SerializedReference = kind(
  'SerializedReference',
  {
    reference: f(1, ObjectReference).always().doc('The object.'),
  },
  { doc: 'A reference to an object, in the form in which it is put into annotations.' },
)
export type SerializedReference = TypeOf<typeof SerializedReference>
