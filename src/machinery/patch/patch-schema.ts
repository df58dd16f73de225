/** What a strategic merge patch has to know of a value's declaration. Undefined where nothing is declared. */
import { messageOf } from '../../schema/field.ts'
import { ownMember } from '../../schema/json-exact.ts'
import type { Type } from '../../schema/type.ts'

export interface PatchSchema {
  /** The declared type of the value; undefined for values of free form. */
  readonly type: Type | undefined
  /** Lists: merged element by element. */
  readonly merge: boolean
  /** Maps: replaced as a whole. */
  readonly replace: boolean
  /** The member that identifies an element of a merged list; undefined in lists of scalars. */
  readonly mergeKey: string | undefined
}

const freeForm: PatchSchema = { type: undefined, merge: false, replace: false, mergeKey: undefined }

/** The schema of a member of a message or a map. */
export function memberSchema(type: Type | undefined, key: string): PatchSchema {
  if (type === undefined) return freeForm
  if (type.is === 'map') return { ...freeForm, type: type.of }
  const message = messageOf(type)
  const field = message && (ownMember(message.fields, key) as (typeof message.fields)[string] | undefined)
  if (!field) return freeForm
  const strategies = (field.facts.patchStrategy ?? '').split(',')
  return {
    type: field.facts.type,
    merge: strategies.includes('merge'),
    replace: strategies.includes('replace'),
    mergeKey: field.facts.patchMergeKey,
  }
}

/** The type of a list's elements. */
export const elementType = (type: Type | undefined): Type | undefined => (type?.is === 'list' ? type.of : undefined)
