/**
 * Strategic merge patch: a merge patch that merges lists by key where the declaration says so, with the directives
 * `$patch`, `$deleteFromPrimitiveList/x`, `$setElementOrder/x` and `$retainKeys` (API conventions, "Strategic Merge
 * Patch"). Members without a declaration are merged as in a JSON merge patch, so that strict checking sees them later.
 */
import { ownMember, setMember } from '../../schema/json-exact.ts'
import type { Message, Type } from '../../schema/type.ts'
import { ApiError, badRequestError } from '../api-error.ts'
import { equalJson, isObject, type JsonObject, showGoValue } from './json-value.ts'
import { orderedList } from './list-order.ts'
import { elementType, memberSchema, type PatchSchema } from './patch-schema.ts'

const directive = '$patch'
const retainKeys = '$retainKeys'
const deletePrefix = '$deleteFromPrimitiveList/'
const orderPrefix = '$setElementOrder/'

const isDirective = (key: string): boolean =>
  key === directive || key === retainKeys || key.startsWith(deletePrefix) || key.startsWith(orderPrefix)

/** Upstream takes most faults of a patch for its own, and a few formats for the client's. */
const fault = (message: string): ApiError => new ApiError(500, undefined, message)
const unprocessable = (message: string): ApiError => new ApiError(422, undefined, message)

const badPatchType = (type: unknown, patch: unknown): never => {
  const shown =
    typeof type === 'string' ? type : `%!s(${typeof type === 'number' ? 'int64' : typeof type}=${showGoValue(type)})`
  throw fault(`unknown patch type: ${shown} in map: ${showGoValue(patch)}`)
}
const noMergeKey = (item: unknown, mergeKey: string): never => {
  throw fault(`map: ${showGoValue(item)} does not contain declared merge key: ${mergeKey}`)
}
const expectedList = (value: unknown): never => {
  throw fault(`expected a []interface {}, but received a ${isObject(value) ? 'map[string]interface {}' : typeof value}`)
}

const dropped = Symbol('dropped')

/** A patch's value where the object has none: without directives, nulls and what `$patch: delete` marks. */
function plainValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainValue).filter(one => one !== dropped)
  if (!isObject(value)) return value
  // Elements that only say how to merge (`{$patch: replace}` in a list) have nothing to say without a list.
  const marker = ownMember(value, directive)
  if (marker === 'delete' || (marker !== undefined && Object.keys(value).length === 1)) return dropped
  const plain: JsonObject = {}
  for (const key of Object.keys(value)) {
    if (isDirective(key) || value[key] === null || value[key] === undefined) continue
    const member = plainValue(value[key])
    if (member !== dropped) setMember(plain, key, member)
  }
  return plain
}

/** `$retainKeys` names every member that stays; the patch may set no other. */
function retained(original: JsonObject, patch: JsonObject): JsonObject {
  const keys = ownMember(patch, retainKeys)
  if (keys === undefined) return { ...original }
  if (!Array.isArray(keys)) throw badRequestError('invalid patch format of retainKeys')
  const kept = new Set<unknown>(keys)
  for (const key of Object.keys(patch)) {
    if (!isDirective(key) && !kept.has(key)) throw badRequestError('invalid patch format of retainKeys')
  }
  const result: JsonObject = {}
  for (const key of Object.keys(original)) if (kept.has(key)) setMember(result, key, original[key])
  return result
}

function mergeMaps(type: Type | undefined, original: JsonObject, patch: JsonObject): JsonObject {
  const marked = ownMember(patch, directive)
  if (marked === 'replace') {
    const { [directive]: _, ...rest } = patch
    return plainValue(rest) as JsonObject
  }
  if (marked === 'delete') return {}
  if (marked !== undefined && marked !== 'merge') badPatchType(marked, patch)

  const result = retained(original, patch)
  const ordered = new Set<string>()
  for (const key of Object.keys(patch)) {
    if (!key.startsWith(orderPrefix)) continue
    const name = key.slice(orderPrefix.length)
    ordered.add(name)
    setInOrder(memberSchema(type, name), result, name, ownMember(patch, name), patch[key])
  }
  for (const key of Object.keys(patch)) {
    if (key === directive || key === retainKeys || key.startsWith(orderPrefix) || ordered.has(key)) continue
    if (key.startsWith(deletePrefix)) deleteFrom(result, key.slice(deletePrefix.length), patch[key])
    else mergeMember(memberSchema(type, key), result, key, patch[key])
  }
  return result
}

function mergeMember(schema: PatchSchema, result: JsonObject, key: string, value: unknown): void {
  if (value === undefined) return
  if (value === null) {
    delete result[key]
    return
  }
  const original = ownMember(result, key)
  if (isObject(original) && isObject(value)) {
    setMember(result, key, schema.replace ? value : mergeMaps(schema.type, original, value))
  } else if (Array.isArray(original) && Array.isArray(value)) {
    setMember(result, key, mergeLists(schema, original, value))
  } else {
    const plain = plainValue(value)
    if (plain === dropped) delete result[key]
    else setMember(result, key, plain)
  }
}

function deleteFrom(result: JsonObject, name: string, values: unknown): void {
  if (!Array.isArray(values)) return
  const original = ownMember(result, name)
  if (!Array.isArray(original)) return
  setMember(
    result,
    name,
    original.filter(item => !values.some(value => equalJson(value, item))),
  )
}

const mergeKeyOf =
  (mergeKey: string | undefined) =>
  (item: unknown): string => {
    if (mergeKey === undefined) return `${typeof item} ${String(item)}`
    if (!isObject(item)) throw fault(`expected a map[string]interface {}, but received a ${typeof item}`)
    const value = ownMember(item, mergeKey)
    return value === undefined ? noMergeKey(item, mergeKey) : String(value)
  }

function checkElements(lists: readonly (readonly unknown[])[]): 'maps' | 'scalars' {
  const items = lists.flat()
  if (lists.some(list => list.some(item => Array.isArray(item)))) {
    throw unprocessable('lists of lists are not supported')
  }
  const maps = items.filter(isObject).length
  if (maps > 0 && maps < items.length) throw fault(`list element types are not identical: ${showGoValue(lists)}`)
  return maps > 0 ? 'maps' : 'scalars'
}

/** Takes the `$patch` elements out of a list's patch: what is left of the original, and what is left to merge. */
function withoutMarkers(
  original: readonly unknown[],
  patch: readonly unknown[],
  mergeKey: string,
): { original: readonly unknown[]; patch: readonly unknown[] } {
  const keyOf = mergeKeyOf(mergeKey)
  const plain: unknown[] = []
  const deleted = new Set<string>()
  let replace = false
  for (const item of patch as readonly JsonObject[]) {
    const marker = ownMember(item, directive)
    if (marker === undefined) plain.push(item)
    else if (marker === 'delete') deleted.add(keyOf(item))
    else if (marker === 'replace') replace = true
    else if (marker === 'merge') throw fault('merging lists cannot yet be specified in the patch')
    else badPatchType(marker, item)
  }
  if (replace) return { original: plain.map(plainValue), patch: [] }
  return { original: deleted.size === 0 ? original : original.filter(item => !deleted.has(keyOf(item))), patch: plain }
}

/** A list whose strategy is not `merge` is replaced. */
function mergeLists(schema: PatchSchema, original: readonly unknown[], patch: readonly unknown[]): unknown[] {
  if (!schema.merge) return patch.map(plainValue).filter(item => item !== dropped)
  if (original.length === 0 && patch.length === 0) return []
  const { mergeKey } = schema
  const keyOf = mergeKeyOf(mergeKey)
  if (checkElements([original, patch]) === 'scalars') {
    const seen = new Set<string>()
    const both = [...original, ...patch].filter(item => {
      const key = keyOf(item)
      return !seen.has(key) && seen.add(key)
    })
    return orderedList(both, patch, original, keyOf)
  }
  if (mergeKey === undefined) throw fault('cannot merge lists without merge key')
  const left = withoutMarkers(original, patch, mergeKey)
  const merged = mergeByKey(elementType(schema.type), left.original, left.patch, keyOf)
  return orderedList(merged, left.patch, left.original, keyOf)
}

function mergeByKey(
  type: Type | undefined,
  original: readonly unknown[],
  patch: readonly unknown[],
  keyOf: (item: unknown) => string,
): unknown[] {
  const merged = [...original]
  const places = new Map<string, number>()
  for (const [i, item] of merged.entries()) if (!places.has(keyOf(item))) places.set(keyOf(item), i)
  for (const item of patch as readonly JsonObject[]) {
    const key = keyOf(item)
    const place = places.get(key)
    if (place === undefined) {
      places.set(key, merged.length)
      merged.push(plainValue(item))
    } else {
      merged[place] = mergeMaps(type, merged[place] as JsonObject, item)
    }
  }
  return merged
}

/** Merges a list and puts it in the order that `$setElementOrder/name` gives. */
function setInOrder(schema: PatchSchema, result: JsonObject, name: string, patch: unknown, order: unknown): void {
  if (!Array.isArray(order)) throw badRequestError('invalid patch format of setElementOrder list')
  const original = ownMember(result, name) ?? undefined
  if (original !== undefined && !Array.isArray(original)) expectedList(original)
  if (patch === null) {
    delete result[name]
    return
  }
  if (patch !== undefined && !Array.isArray(patch)) expectedList(patch)
  if (original === undefined && patch === undefined) return
  const keyOf = mergeKeyOf(schema.mergeKey)
  const server = (original ?? []) as readonly unknown[]
  const given = (patch ?? []) as readonly unknown[]
  checkOrder(given, order, keyOf)
  const merged =
    original === undefined
      ? given.map(plainValue).filter(item => item !== dropped)
      : patch === undefined
        ? server
        : mergeLists(schema, server, given)
  setMember(result, name, schema.merge ? orderedList(merged, order, server, keyOf) : merged)
}

/** The patch's elements must stand in the order list, in the same order. */
function checkOrder(patch: readonly unknown[], order: readonly unknown[], keyOf: (item: unknown) => string): void {
  let place = 0
  for (const item of patch) {
    if (isObject(item) && ownMember(item, directive) !== undefined) continue
    const key = keyOf(item)
    while (place < order.length && keyOf(order[place]) !== key) place++
    if (place++ >= order.length) {
      throw fault(
        `The order in patch list:\n${showGoValue(patch)}\n doesn't match $setElementOrder list:\n${showGoValue(order)}\n`,
      )
    }
  }
}

/**
 * The object after the patch; the given one stays as it is. `message` declares the object. Throws ApiError 400 with
 * upstream's message if the patch is malformed.
 */
export function applyStrategicMergePatch(message: Message, object: unknown, patch: unknown): unknown {
  if (!isObject(patch))
    throw badRequestError('json: cannot unmarshal array into Go value of type map[string]interface {}')
  return mergeMaps(message, isObject(object) ? object : {}, patch)
}
