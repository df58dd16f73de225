/** Lays a configuration over an object (structured-merge-diff's `Merge`): what is absent stays. */
import { ownMember, setMember } from '../../schema/json-exact.ts'
import { isObject, type JsonObject } from '../patch/json-value.ts'
import { keyElement, valueElement } from './path-element.ts'
import { deduced, type KeyedListShape, type SetShape, type Shape } from './shape.ts'

/** Neither argument is changed. A null takes the place of a leaf and of what is empty; over anything else it says nothing. */
export function mergeValues(shape: Shape, live: unknown, applied: unknown): unknown {
  if (applied === undefined) return live
  if (shape.is === 'leaf') return applied
  if (applied === null) return isObject(live) || (Array.isArray(live) && live.length > 0) ? live : null
  if (shape.is === 'list' || shape.is === 'set') {
    return Array.isArray(applied) ? mergeItems(shape, Array.isArray(live) ? live : [], applied) : applied
  }
  return isObject(applied) ? mergeMembers(shape, isObject(live) ? live : {}, applied) : applied
}

function mergeMembers(shape: Shape, live: JsonObject, applied: JsonObject): JsonObject {
  const result = { ...live }
  const members = shape.is === 'struct' ? shape.members() : undefined
  for (const [name, value] of Object.entries(applied)) {
    const memberShape = members?.get(name)?.shape ?? (shape.is === 'map' ? shape.of : deduced)
    const merged = mergeValues(memberShape, ownMember(live, name), value)
    if (merged !== undefined) setMember(result, name, merged)
  }
  return result
}

/** Items by element; one that occurs twice is not to be merged with. */
function indexOf(elements: readonly string[], items: readonly unknown[]): Map<string, unknown> {
  const index = new Map<string, unknown>()
  for (const [i, element] of elements.entries()) index.set(element, index.has(element) ? undefined : items[i])
  return index
}

/** The applied order holds among the applied items; the others keep their place between them. */
function mergeItems(
  shape: KeyedListShape | SetShape,
  live: readonly unknown[],
  applied: readonly unknown[],
): unknown[] {
  const elementOf = (item: unknown, i: number): string =>
    shape.is === 'set' ? valueElement(item) : (keyElement(shape, item) ?? `i:${i}`)
  const left = live.map(elementOf)
  const right = applied.map(elementOf)
  const leftItems = indexOf(left, live)
  const rightItems = indexOf(right, applied)
  const shared = right.filter(element => leftItems.has(element))
  const done = new Set<string>()
  const result: unknown[] = []
  const take = (element: string): void => {
    done.add(element)
    const item = rightItems.get(element)
    result.push(shape.is === 'set' ? item : mergeValues(shape.of, leftItems.get(element), item))
  }
  let l = 0
  let r = 0
  let nextShared = 0
  while (l < left.length || r < right.length) {
    const element = left[l]
    if (element !== undefined && r < right.length) {
      if (element === right[r]) {
        take(element)
        l++
        r++
        nextShared++
        continue
      }
      if (rightItems.has(element) && nextShared < shared.length && shared[nextShared] !== element) {
        l++
        continue
      }
    }
    if (element !== undefined) {
      if (!rightItems.has(element)) {
        result.push(live[l++])
        continue
      }
      if (done.has(element)) l++
    }
    if (r < right.length) {
      const next = right[r++]!
      take(next)
      if (shared[nextShared] === next) nextShared++
    }
  }
  return result
}
