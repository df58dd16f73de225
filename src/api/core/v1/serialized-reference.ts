import { f } from '../../../schema/field.ts'
import type { TypeOf } from '../../../schema/type.ts'
import { ObjectReference } from './object-reference.ts'
import { kind } from './package.ts'

export const SerializedReference = kind('SerializedReference', {
  reference: f(1, ObjectReference).always(),
})
export type SerializedReference = TypeOf<typeof SerializedReference>
