/** JSON values as patches handle them. */
import { ownMember } from '../../schema/json-exact.ts'

export type JsonObject = Record<string, unknown>

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Equality of JSON values. A number and a bigint of the same value are equal; so are absent and undefined members. */
export function equalJson(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    return isNumeric(a) && isNumeric(b) && typeof a !== typeof b && String(a) === String(b)
  }
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((one, i) => equalJson(one, b[i]))
  }
  return equalMembers(a as JsonObject, b as JsonObject)
}

const isNumeric = (value: unknown): boolean => typeof value === 'number' || typeof value === 'bigint'

function equalMembers(a: JsonObject, b: JsonObject): boolean {
  for (const key in a) {
    if (!equalJson(a[key], ownMember(b, key))) return false
  }
  for (const key in b) {
    if (b[key] !== undefined && ownMember(a, key) === undefined) return false
  }
  return true
}

/** A value as Go's `%v` prints it: `map[a:1 b:[x y]]`. */
export function showGoValue(value: unknown): string {
  if (value === null || value === undefined) return '<nil>'
  if (Array.isArray(value)) return `[${value.map(showGoValue).join(' ')}]`
  if (isObject(value)) {
    const members = Object.keys(value)
      .sort()
      .map(key => `${key}:${showGoValue(value[key])}`)
    return `map[${members.join(' ')}]`
  }
  return String(value)
}
