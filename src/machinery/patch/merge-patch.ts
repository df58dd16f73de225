/** JSON Merge Patch (RFC 7386). */

import { ownMember } from '../../schema/json-exact.ts'
import { badRequestError } from '../api-error.ts'
import { isObject, type JsonObject, setMember } from './json-value.ts'

function merged(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  const result: JsonObject = isObject(target) ? { ...target } : {}
  for (const key of Object.keys(patch)) {
    const value = patch[key]
    if (value === undefined) continue
    if (value === null) delete result[key]
    else setMember(result, key, merged(ownMember(result, key), value))
  }
  return result
}

/** The object after the patch; the given one stays as it is. Throws ApiError 400 if the patch is no object. */
export function applyMergePatch(object: unknown, patch: unknown): unknown {
  if (!isObject(patch))
    throw badRequestError(
      'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}',
    )
  return merged(object, patch)
}
