/** Objects as JSON shows them. */
import { readJson } from './json-decode.ts'
import { encodeObject } from './json-encode.ts'
import type { Kind } from './kind.ts'

/** With the nulls that JSON has where some fields are unset. */
export const shownObject = (kind: Kind, object: object): object => readJson(encodeObject(kind, object)) as object
