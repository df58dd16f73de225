/** Lists and sets: Kubernetes' lists library, version 3 of cel-go's lists extension, its sets, and optional values. */
import { EvaluationError } from '../evaluation-error.ts'
import { func, method, type Overload } from '../functions.ts'
import { compareNumbers, equals, noSuchOverload } from '../operations.ts'
import {
  ArrayList,
  Duration,
  EntryMap,
  isList,
  isMap,
  keyOf,
  type ListValue,
  type MapValue,
  Optional,
  Timestamp,
  Uint,
  type Value,
} from '../values.ts'
import { elements, pairs, traversalOf } from './costs.ts'
import { int, uint } from './standard.ts'

const all = (list: ListValue): Value[] => Array.from(list.values())
const isNumber = (value: Value): value is bigint | number | Uint =>
  typeof value === 'bigint' || typeof value === 'number' || value instanceof Uint

function compare(a: Value, b: Value): number {
  if (isNumber(a) && isNumber(b)) return compareNumbers(a, b)
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b))
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b)
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b)
  if ((a instanceof Timestamp && b instanceof Timestamp) || (a instanceof Duration && b instanceof Duration))
    return a.nanos < b.nanos ? -1 : Number(a.nanos > b.nanos)
  throw noSuchOverload()
}

const isSorted = (list: ListValue): boolean => {
  const values = all(list)
  return values.every((value, i) => i === 0 || compare(values[i - 1] as Value, value) <= 0)
}

function extreme(list: ListValue, sign: 1 | -1, name: string): Value {
  const [first, ...rest] = all(list)
  if (first === undefined) throw new EvaluationError(`${name} called on empty list`)
  return rest.reduce((best: Value, each) => (compare(each, best) * sign > 0 ? each : best), first)
}

function indexIn(list: ListValue, wanted: Value, last: boolean): bigint {
  const values = all(list)
  const test = (value: Value) => equals(value, wanted)
  return BigInt(last ? values.findLastIndex(test) : values.findIndex(test))
}

function sortByKeys(list: ListValue, keys: ListValue): Value {
  const known = all(keys)
  const order = known.map((_, i) => i).sort((a, b) => compare(known[a] as Value, known[b] as Value))
  return new ArrayList(order.map(i => list.at(i)))
}

const comparable = ['int', 'uint', 'double', 'bool', 'duration', 'timestamp', 'string', 'bytes']

const sums: readonly Overload[] = [
  method(
    'list(int)',
    'sum() int',
    (list: ListValue) => int(all(list).reduce((sum: bigint, each) => sum + (each as bigint), 0n)),
    elements,
  ),
  method(
    'list(uint)',
    'sum() uint',
    (list: ListValue) => uint(all(list).reduce((sum: bigint, each) => sum + (each as Uint).value, 0n)),
    elements,
  ),
  method(
    'list(double)',
    'sum() double',
    (list: ListValue) => all(list).reduce((sum: number, each) => sum + (each as number), 0),
    elements,
  ),
  method(
    'list(duration)',
    'sum() duration',
    (list: ListValue) => new Duration(int(all(list).reduce((sum: bigint, each) => sum + (each as Duration).nanos, 0n))),
    elements,
  ),
]

function slice(list: ListValue, from: bigint, to: bigint): ArrayList {
  if (from < 0n || to < 0n) throw new EvaluationError(`cannot slice(${from}, ${to}), negative indexes not supported`)
  if (from > to)
    throw new EvaluationError(`cannot slice(${from}, ${to}), start index must be less than or equal to end index`)
  if (to > list.size) throw new EvaluationError(`cannot slice(${from}, ${to}), list is length ${list.size}`)
  return new ArrayList(all(list).slice(Number(from), Number(to)))
}

function flatten(list: ListValue, depth = 1n): ArrayList {
  if (depth < 0n) throw new EvaluationError('level must be non-negative')
  const flat = (values: Value[], left: bigint): Value[] =>
    values.flatMap(value =>
      left > 0n && typeof value === 'object' && value !== null && isList(value) ? flat(all(value), left - 1n) : [value],
    )
  return new ArrayList(flat(all(list), depth))
}

function distinct(list: ListValue): ArrayList {
  const kept: Value[] = []
  const seen = new Set<string>()
  for (const value of list.values()) {
    const key = keyOf(value)
    if (key === undefined ? kept.some(other => equals(other, value)) : seen.has(key)) continue
    if (key !== undefined) seen.add(key)
    kept.push(value)
  }
  return new ArrayList(kept)
}

const maxRange = 1_000_000n

function range(count: bigint): ArrayList {
  if (count > maxRange) throw new EvaluationError(`lists.range(${count}) is longer than ${maxRange}`)
  return new ArrayList(Array.from({ length: Math.max(0, Number(count)) }, (_, i) => BigInt(i)))
}

/** Whether every value of `b` is in `a`. */
function containsAll(a: ListValue, b: ListValue): boolean {
  const values = all(a)
  return all(b).every(wanted => values.some(value => equals(value, wanted)))
}

function includes(container: Value, wanted: Value): boolean {
  if (typeof container !== 'object' || container === null) throw noSuchOverload()
  if (isList(container)) return all(container).some(value => equals(value, wanted))
  throw noSuchOverload()
}

const sets: readonly Overload[] = [
  func('sets.contains(list(A), list(A)) bool', containsAll, pairs),
  func(
    'sets.equivalent(list(A), list(A)) bool',
    (a: ListValue, b: ListValue) => containsAll(a, b) && containsAll(b, a),
    pairs,
  ),
  func(
    'sets.intersects(list(A), list(A)) bool',
    (a: ListValue, b: ListValue) => {
      const values = all(a)
      return all(b).some(wanted => values.some(value => equals(value, wanted)))
    },
    pairs,
  ),
]

/** Whether it is what protobuf leaves out: zero, empty, null. */
function isZero(value: Value): boolean {
  if (value === null || value === false || value === 0n || value === 0 || value === '') return true
  if (typeof value !== 'object') return false
  if (value instanceof Uint) return value.value === 0n
  if (value instanceof Uint8Array) return value.length === 0
  if (value instanceof Duration || value instanceof Timestamp) return value.nanos === 0n
  return (isList(value) || isMap(value)) && value.size === 0
}

function held({ value }: Optional): Value {
  if (value === undefined) throw new EvaluationError('optional.none() dereference')
  return value
}

const optionals: readonly Overload[] = [
  func('optional.of(A) optional(A)', (value: Value) => new Optional(value)),
  func('optional.none() optional(A)', () => Optional.none),
  func('optional.ofNonZeroValue(A) optional(A)', (value: Value) =>
    isZero(value) ? Optional.none : new Optional(value),
  ),
  // What optMap binds; it is not looked at where there is no value.
  func('optional.@value(optional(A)) A', ({ value }: Optional) => value ?? null),
  method('optional(A)', 'hasValue() bool', ({ value }: Optional) => value !== undefined),
  method('optional(A)', 'value() A', held),
  method('optional(A)', 'or(optional(A)) optional(A)', (a: Optional, b: Optional) => (a.value === undefined ? b : a)),
  method('optional(A)', 'orValue(A) A', ({ value }: Optional, other: Value) => value ?? other),
  func(
    'optional.unwrap(list(optional(A))) list(A)',
    (list: ListValue) =>
      new ArrayList(
        all(list).flatMap(each => ((each as Optional).value === undefined ? [] : [held(each as Optional)])),
      ),
  ),
]

function insert(map: MapValue, entries: Iterable<readonly [Value, Value]>): MapValue {
  const made = new Map<string, readonly [Value, Value]>()
  for (const key of map.keys()) made.set(keyOf(key) ?? '', [key, map.get(key) as Value])
  for (const [key, value] of entries) {
    const id = keyOf(key) ?? ''
    if (made.has(id)) throw new EvaluationError('insert failed: key already exists')
    made.set(id, [key, value])
  }
  return new EntryMap(made)
}

const insertions: readonly Overload[] = [
  func('cel.@mapInsert(map(A, B), A, B) map(A, B)', (map: MapValue, key: Value, value: Value) =>
    insert(map, [[key, value]]),
  ),
  func('cel.@mapInsert(map(A, B), map(A, B)) map(A, B)', (map: MapValue, more: MapValue) =>
    insert(
      map,
      Array.from(more.keys(), key => [key, more.get(key) as Value] as const),
    ),
  ),
]

export const lists: readonly Overload[] = [
  ...comparable.flatMap(type => [
    method(`list(${type})`, 'isSorted() bool', isSorted, elements),
    method(`list(${type})`, `min() ${type}`, (list: ListValue) => extreme(list, -1, 'min'), elements),
    method(`list(${type})`, `max() ${type}`, (list: ListValue) => extreme(list, 1, 'max'), elements),
    method(
      `list(${type})`,
      `sort() list(${type})`,
      (list: ListValue) => new ArrayList(all(list).sort(compare)),
      elements,
    ),
    method('list(A)', `@sortByAssociatedKeys(list(${type})) list(A)`, sortByKeys, elements),
  ]),
  ...sums,
  method('list(A)', 'indexOf(A) int', (list: ListValue, wanted: Value) => indexIn(list, wanted, false), elements),
  method('list(A)', 'lastIndexOf(A) int', (list: ListValue, wanted: Value) => indexIn(list, wanted, true), elements),
  method('dyn', 'includes(dyn) bool', includes, elements),
  method('list(A)', 'slice(int, int) list(A)', slice, elements),
  method('list(dyn)', 'flatten() list(dyn)', flatten, elements),
  method('list(dyn)', 'flatten(int) list(dyn)', flatten, elements),
  method('list(A)', 'reverse() list(A)', (list: ListValue) => new ArrayList(all(list).reverse()), elements),
  method('list(A)', 'distinct() list(A)', distinct, elements),
  func('lists.range(int) list(int)', range, traversalOf(0)),
  ...sets,
  ...optionals,
  ...insertions,
]
