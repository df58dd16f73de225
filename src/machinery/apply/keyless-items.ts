/**
 * Items of keyed lists that have none of their keys. Upstream cannot make a typed value of such an object, and takes all
 * managedFields from it (`FieldManager.UpdateNoErrors`).
 */
import { isObject, type JsonObject } from '../patch/json-value.ts'
import { keyElement } from './path-element.ts'
import type { Shape, StructShape } from './shape.ts'

/** Members of a struct in which such an item can be: few kinds have any. */
type Ways = ReadonlyMap<string, Shape>

const none: Ways = new Map()
const waysOf = new WeakMap<StructShape, Ways>()

function waysIn(shape: StructShape): Ways {
  const known = waysOf.get(shape)
  if (known) return known
  // A message within itself has no way that the outer one has not.
  waysOf.set(shape, none)
  const ways = new Map([...shape.members()].flatMap(([name, { shape: of }]) => (mayHave(of) ? [[name, of]] : [])))
  waysOf.set(shape, ways)
  return ways
}

function mayHave(shape: Shape): boolean {
  if (shape.is === 'struct') return waysIn(shape).size > 0
  if (shape.is === 'map') return mayHave(shape.of)
  return shape.is === 'list' && (shape.keys.every(key => key.default === undefined) || mayHave(shape.of))
}

/** Whether an object has an item without keys. */
export function hasKeylessItem(shape: StructShape, object: JsonObject): boolean {
  const ways = waysIn(shape)
  return ways !== none && [...ways].some(([name, of]) => isIn(of, object[name]))
}

function isIn(shape: Shape, value: unknown): boolean {
  if (shape.is === 'list')
    return (
      Array.isArray(value) &&
      value.some(item => keyElement(shape, item) === undefined || (mayHave(shape.of) && isIn(shape.of, item)))
    )
  if (!isObject(value)) return false
  if (shape.is === 'struct') return hasKeylessItem(shape, value)
  return shape.is === 'map' && Object.values(value).some(member => isIn(shape.of, member))
}
