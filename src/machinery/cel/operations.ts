/** What all values share: the type at run time, equality across numbers, sizes for the cost. */
import { EvaluationError } from './evaluation-error.ts'
import {
  boolType,
  bytesType,
  type CelType,
  doubleType,
  durationType,
  dyn,
  intType,
  listOf,
  mapOf,
  nullType,
  optionalOf,
  stringType,
  timestampType,
  typeOf,
  uintType,
} from './types.ts'
import {
  Duration,
  isList,
  isMap,
  type ListValue,
  type MapValue,
  Opaque,
  Optional,
  Timestamp,
  TypeValue,
  Uint,
  type Value,
} from './values.ts'

export const noSuchOverload = (): EvaluationError => new EvaluationError('no such overload')

/** The type of a value as `type()` gives it. */
export function runtimeType(value: Value): CelType {
  switch (typeof value) {
    case 'string':
      return stringType
    case 'bigint':
      return intType
    case 'number':
      return doubleType
    case 'boolean':
      return boolType
    default:
  }
  if (value === null) return nullType
  if (value instanceof Uint) return uintType
  if (value instanceof Uint8Array) return bytesType
  if (value instanceof Timestamp) return timestampType
  if (value instanceof Duration) return durationType
  if (value instanceof Optional) return optionalOf(dyn)
  if (value instanceof TypeValue) return typeOf(dyn)
  if (value instanceof Opaque) return value.type
  if (isList(value)) return listOf(dyn)
  const { typeName } = value
  return typeName === undefined ? mapOf(dyn, dyn) : { is: 'object', name: typeName, field: () => undefined }
}

/** Whether a value may be passed for a parameter. */
export function matches(value: Value, type: CelType): boolean {
  if (type.is === 'dyn' || type.is === 'parameter') return true
  const own = runtimeType(value)
  if (own.is === 'object' && type.is === 'map') return true
  if (own.is !== type.is) return false
  return 'name' in own && 'name' in type ? own.name === type.name : true
}

const isNumeric = (value: Value): value is bigint | number | Uint =>
  typeof value === 'bigint' || typeof value === 'number' || value instanceof Uint

/** Below 0, 0 or above 0; NaN where a number is none. Ints, uints and doubles compare by their value. */
export function compareNumbers(a: bigint | number | Uint, b: bigint | number | Uint): number {
  const left = a instanceof Uint ? a.value : a
  const right = b instanceof Uint ? b.value : b
  if (left < right) return -1
  if (left > right) return 1
  // biome-ignore lint/suspicious/noDoubleEquals: a bigint and a number of one value are equal only so.
  return left == right ? 0 : Number.NaN
}

export function equals(a: Value, b: Value): boolean {
  if (isNumeric(a) && isNumeric(b)) return compareNumbers(a, b) === 0
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b) === 0
  if (a instanceof Timestamp && b instanceof Timestamp) return a.nanos === b.nanos
  if (a instanceof Duration && b instanceof Duration) return a.nanos === b.nanos
  if (a instanceof Optional && b instanceof Optional) {
    if (a.value === undefined || b.value === undefined) return a.value === b.value
    return equals(a.value, b.value)
  }
  if (a instanceof TypeValue && b instanceof TypeValue) return sameType(a.type, b.type)
  if (a instanceof Opaque) return a.equals(b)
  if (isList(a) && isList(b)) return listsEqual(a, b)
  return isMap(a) && isMap(b) && mapsEqual(a, b)
}

function sameType(a: CelType, b: CelType): boolean {
  return a.is === b.is && ('name' in a && 'name' in b ? a.name === b.name : true)
}

function listsEqual(a: ListValue, b: ListValue): boolean {
  if (a.size !== b.size) return false
  for (let i = 0; i < a.size; i += 1) if (!equals(a.at(i), b.at(i))) return false
  return true
}

function mapsEqual(a: MapValue, b: MapValue): boolean {
  if (a.size !== b.size) return false
  for (const key of a.keys()) {
    const left = a.get(key)
    const right = b.get(key)
    if (left === undefined || right === undefined || !equals(left, right)) return false
  }
  return true
}

/** The size that the cost of a call goes by; 1 for what has none. */
export function sizeOf(value: Value): number {
  if (typeof value === 'string') return value.length
  if (value instanceof Uint8Array) return value.length
  if (value instanceof Optional) return value.value === undefined ? 1 : sizeOf(value.value)
  if (typeof value === 'object' && value !== null && (isList(value) || isMap(value))) return value.size
  return 1
}
