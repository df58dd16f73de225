/** CEL's operators and functions on lists, maps and types (cel-spec, "List of Standard Definitions"). */
import { perCharacter } from '../cost/factors.ts'
import { EvaluationError } from '../evaluation-error.ts'
import { type Cost, func, method, type Overload } from '../functions.ts'
import { compareNumbers, equals, noSuchOverload, runtimeType, sizeOf } from '../operations.ts'
import { isTimestamp } from '../time.ts'
import {
  ArrayList,
  Duration,
  type ListValue,
  type MapValue,
  Optional,
  Timestamp,
  TypeValue,
  Uint,
  type Value,
} from '../values.ts'

type Number64 = bigint | number | Uint

const overflow = (): EvaluationError => new EvaluationError('return error for overflow')

export function int(value: bigint): bigint {
  if (BigInt.asIntN(64, value) !== value) throw overflow()
  return value
}

export function uint(value: bigint): Uint {
  if (BigInt.asUintN(64, value) !== value) throw overflow()
  return new Uint(value)
}

const timestamp = (nanos: bigint): Timestamp => {
  if (!isTimestamp(nanos)) throw overflow()
  return new Timestamp(nanos)
}

const duration = (nanos: bigint): Duration => new Duration(int(nanos))

function notZero(value: bigint, what: string): bigint {
  if (value === 0n) throw new EvaluationError(what)
  return value
}

const longer: Cost = ([a, b]) => Math.ceil((sizeOf(a as Value) + sizeOf(b as Value)) * perCharacter)
const shorter: Cost = ([a, b]) => Math.ceil(Math.min(sizeOf(a as Value), sizeOf(b as Value)) * perCharacter)

/** Ints, uints and doubles compare with each other by value (Kubernetes turns cross-type comparisons on). */
const numeric = ['int', 'uint', 'double']

function ordering(name: string, holds: (order: number) => boolean): Overload[] {
  const byNumber = (a: Number64, b: Number64) => holds(compareNumbers(a, b))
  const pairs = numeric.flatMap(a => numeric.map(b => func(`${name}(${a}, ${b}) bool`, byNumber)))
  const compare = <T>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0)
  return [
    ...pairs,
    func(
      `${name}(string, string) bool`,
      (a: string, b: string) => holds(Buffer.compare(Buffer.from(a), Buffer.from(b))),
      shorter,
    ),
    func(`${name}(bytes, bytes) bool`, (a: Uint8Array, b: Uint8Array) => holds(Buffer.compare(a, b)), shorter),
    func(`${name}(bool, bool) bool`, (a: boolean, b: boolean) => holds(compare(a, b))),
    func(`${name}(timestamp, timestamp) bool`, (a: Timestamp, b: Timestamp) => holds(compare(a.nanos, b.nanos))),
    func(`${name}(duration, duration) bool`, (a: Duration, b: Duration) => holds(compare(a.nanos, b.nanos))),
  ]
}

const arithmetic: readonly Overload[] = [
  func('_+_(int, int) int', (a: bigint, b: bigint) => int(a + b)),
  func('_+_(uint, uint) uint', (a: Uint, b: Uint) => uint(a.value + b.value)),
  func('_+_(double, double) double', (a: number, b: number) => a + b),
  func('_+_(string, string) string', (a: string, b: string) => a + b, longer),
  func('_+_(bytes, bytes) bytes', (a: Uint8Array, b: Uint8Array) => Buffer.concat([a, b]), longer),
  func('_+_(list(A), list(A)) list(A)', (a: ListValue, b: ListValue) => new ArrayList([...a.values(), ...b.values()])),
  func('_+_(duration, duration) duration', (a: Duration, b: Duration) => duration(a.nanos + b.nanos)),
  func('_+_(timestamp, duration) timestamp', (a: Timestamp, b: Duration) => timestamp(a.nanos + b.nanos)),
  func('_+_(duration, timestamp) timestamp', (a: Duration, b: Timestamp) => timestamp(a.nanos + b.nanos)),
  func('_-_(int, int) int', (a: bigint, b: bigint) => int(a - b)),
  func('_-_(uint, uint) uint', (a: Uint, b: Uint) => uint(a.value - b.value)),
  func('_-_(double, double) double', (a: number, b: number) => a - b),
  func('_-_(timestamp, timestamp) duration', (a: Timestamp, b: Timestamp) => duration(a.nanos - b.nanos)),
  func('_-_(timestamp, duration) timestamp', (a: Timestamp, b: Duration) => timestamp(a.nanos - b.nanos)),
  func('_-_(duration, duration) duration', (a: Duration, b: Duration) => duration(a.nanos - b.nanos)),
  func('_*_(int, int) int', (a: bigint, b: bigint) => int(a * b)),
  func('_*_(uint, uint) uint', (a: Uint, b: Uint) => uint(a.value * b.value)),
  func('_*_(double, double) double', (a: number, b: number) => a * b),
  func('_/_(int, int) int', (a: bigint, b: bigint) => int(a / notZero(b, 'division by zero'))),
  func('_/_(uint, uint) uint', (a: Uint, b: Uint) => uint(a.value / notZero(b.value, 'division by zero'))),
  func('_/_(double, double) double', (a: number, b: number) => a / b),
  func('_%_(int, int) int', (a: bigint, b: bigint) => int(a % notZero(b, 'modulus by zero'))),
  func('_%_(uint, uint) uint', (a: Uint, b: Uint) => uint(a.value % notZero(b.value, 'modulus by zero'))),
  func('-_(int) int', (a: bigint) => int(-a)),
  func('-_(double) double', (a: number) => -a),
]

function elementAt(list: ListValue, index: Number64): Value | undefined {
  const at = index instanceof Uint ? Number(index.value) : Number(index)
  return Number.isInteger(at) && at >= 0 && at < list.size ? list.at(at) : undefined
}

function element(list: ListValue, index: Number64): Value {
  const value = elementAt(list, index)
  if (value === undefined)
    throw new EvaluationError(`index out of bounds: ${index instanceof Uint ? index.value : index}`)
  return value
}

function entry(map: MapValue, key: Value): Value {
  const value = map.get(key)
  if (value === undefined) throw new EvaluationError(`no such key: ${key instanceof Uint ? key.value : String(key)}`)
  return value
}

const optional = (value: Value | undefined): Optional => (value === undefined ? Optional.none : new Optional(value))

/** What the part of an optional value is, where both are there. */
const within =
  <C, K>(of: (container: C, key: K) => Value | undefined) =>
  (container: Optional, key: K) =>
    container.value === undefined ? Optional.none : optional(of(container.value as C, key))

function isIn(value: Value, list: ListValue): boolean {
  for (const each of list.values()) if (equals(each, value)) return true
  return false
}

const listSize: Cost = ([, list]) => sizeOf(list as Value)
const mapAt = (map: MapValue, key: Value) => map.get(key)

const containers: readonly Overload[] = [
  func('_[_](list(A), int) A', element),
  func('_[_](map(A, B), A) B', entry),
  func('_[_](list(A), uint) A', element),
  func('_[_](list(A), double) A', element),
  func('_[?_](list(A), int) optional(A)', (list: ListValue, index: bigint) => optional(elementAt(list, index))),
  func('_[?_](map(A, B), A) optional(B)', (map: MapValue, key: Value) => optional(map.get(key))),
  func('_[?_](optional(list(A)), int) optional(A)', within(elementAt)),
  func('_[?_](optional(map(A, B)), A) optional(B)', within(mapAt)),
  func('_[_](optional(list(A)), int) optional(A)', within(elementAt)),
  func('_[_](optional(map(A, B)), A) optional(B)', within(mapAt)),
  func('@in(A, list(A)) bool', isIn, listSize),
  func('@in(A, map(A, B)) bool', (key: Value, map: MapValue) => map.get(key) !== undefined),
]

const codePoints = (text: string): bigint => {
  let count = 0n
  for (const _ of text) count += 1n
  return count
}

const sized: readonly (readonly [string, (value: never) => Value])[] = [
  ['string', codePoints],
  ['bytes', (bytes: Uint8Array) => BigInt(bytes.length)],
  ['list(A)', (list: ListValue) => BigInt(list.size)],
  ['map(A, B)', (map: MapValue) => BigInt(map.size)],
]

/** The operators that the evaluator carries out itself are declared for the checker. */
const byEvaluator = (): Value => {
  throw noSuchOverload()
}

export const standard: readonly Overload[] = [
  func('_&&_(bool, bool) bool', byEvaluator),
  func('_||_(bool, bool) bool', byEvaluator),
  func('_?_:_(bool, A, A) A', byEvaluator),
  func('@not_strictly_false(bool) bool', byEvaluator),
  func('_==_(A, A) bool', byEvaluator),
  func('_!=_(A, A) bool', byEvaluator),
  func('!_(bool) bool', (a: boolean) => !a),
  ...ordering('_<_', order => order < 0),
  ...ordering('_<=_', order => order <= 0),
  ...ordering('_>_', order => order > 0),
  ...ordering('_>=_', order => order >= 0),
  ...arithmetic,
  ...containers,
  ...sized.flatMap(([type, size]) => [func(`size(${type}) int`, size), method(type, 'size() int', size)]),
  func('type(A) type(A)', (value: Value) => new TypeValue(runtimeType(value))),
  func('dyn(A) dyn', (value: Value) => value),
]
