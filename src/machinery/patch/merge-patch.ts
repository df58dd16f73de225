/** JSON Merge Patch (RFC 7386). */
import { ownMember, setMember } from '../../schema/json-exact.ts'
import { badRequestError } from '../api-error.ts'
import { isObject, type JsonObject } from './json-value.ts'

/** Without members that are null, at any depth; items that are null stay (as the library that upstream uses has it). */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  return isObject(value) ? merged({}, value) : value
}

function merged(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return withoutNulls(patch)
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
