/** Takes a set of fields out of an object (structured-merge-diff's `RemoveItems`), and what that needs. */
import { ownMember, setMember } from '../../schema/json-exact.ts'
import { isObject, type JsonObject } from '../patch/json-value.ts'
import { type FieldSet, isEmptySet, isMember, leafNode } from './field-set.ts'
import { fieldElement, keyElement, valueElement } from './path-element.ts'
import { deduced, type Shape } from './shape.ts'

/** The value without the set's fields; undefined if nothing is left of it. */
export function removeItems(shape: Shape, value: unknown, set: FieldSet): unknown {
  if (isEmptySet(set) || shape.is === 'leaf') return value
  if (Array.isArray(value)) {
    if (shape.is !== 'list' && shape.is !== 'set') return value
    const kept: unknown[] = []
    for (const item of value) {
      const element = shape.is === 'set' ? valueElement(item) : keyElement(shape, item)
      const node = element === undefined ? undefined : set[element]
      if (node === undefined) kept.push(item)
      else if (!isMember(node)) {
        const rest = shape.is === 'list' ? removeItems(shape.of, item, node) : item
        if (rest !== undefined) kept.push(rest)
      }
    }
    return kept.length === 0 ? undefined : kept
  }
  return isObject(value) ? removeMembers(shape, value, set) : value
}

function removeMembers(shape: Shape, value: JsonObject, set: FieldSet): JsonObject | undefined {
  const members = shape.is === 'struct' ? shape.members() : undefined
  const kept: JsonObject = {}
  let empty = true
  for (const name of Object.keys(value)) {
    const node = set[fieldElement(name)]
    if (node !== undefined && isMember(node)) continue
    const memberShape = members?.get(name)?.shape ?? (shape.is === 'map' ? shape.of : deduced)
    const rest = node === undefined ? value[name] : removeItems(memberShape, ownMember(value, name), node)
    if (rest === undefined) continue
    setMember(kept, name, rest)
    empty = false
  }
  return empty ? undefined : kept
}

/** Adds every declared member that has something below it (`EnsureNamedFieldsAreMembers`). */
export function withNamedFields(shape: Shape, set: FieldSet): FieldSet {
  const result: { [element: string]: FieldSet } = {}
  const members = shape.is === 'struct' ? shape.members() : undefined
  for (const element of Object.keys(set)) {
    const node = set[element]!
    if (element === '.' || isEmptySet(node)) {
      result[element] = node
      continue
    }
    const declared = element.startsWith('f:') ? members?.get(element.slice(2)) : undefined
    const below = withNamedFields(declared?.shape ?? shapeBelow(shape), node)
    result[element] = declared && below['.'] === undefined ? { '.': leafNode, ...below } : below
  }
  return result
}

const shapeBelow = (shape: Shape): Shape => (shape.is === 'map' || shape.is === 'list' ? shape.of : deduced)
