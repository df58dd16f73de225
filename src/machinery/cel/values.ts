/**
 * The values that expressions compute with. An int is a bigint and a double a number, so that no digit is lost and
 * neither is taken for the other; JSON objects and lists are read in place, their numbers told apart when they are read.
 */
import type { CelType } from './types.ts'

export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint
  | Uint8Array
  | Timestamp
  | Duration
  | ListValue
  | MapValue
  | Optional
  | TypeValue
  | Opaque

export class Uint {
  readonly value: bigint

  constructor(value: bigint) {
    this.value = value
  }
}

/** Nanoseconds since the epoch. */
export class Timestamp {
  readonly nanos: bigint

  constructor(nanos: bigint) {
    this.nanos = nanos
  }
}

/** A span of time in nanoseconds. */
export class Duration {
  readonly nanos: bigint

  constructor(nanos: bigint) {
    this.nanos = nanos
  }
}

export class Optional {
  static readonly none = new Optional(undefined)
  readonly value: Value | undefined

  constructor(value: Value | undefined) {
    this.value = value
  }
}

/** A type as a value: `type(1) == int`. */
export class TypeValue {
  readonly type: CelType

  constructor(type: CelType) {
    this.type = type
  }
}

/** A value of a library's own type, as a quantity or an IP address. */
export abstract class Opaque {
  abstract readonly type: CelType

  abstract equals(other: Value): boolean
}

export interface ListValue {
  readonly isList: true
  readonly size: number
  at(index: number): Value
  values(): Iterable<Value>
}

export interface MapValue {
  readonly isMap: true
  readonly size: number
  /** The value of a key, undefined where there is none. Numbers of equal value are one key. */
  get(key: Value): Value | undefined
  keys(): Iterable<Value>
  /** The name of the type of a message; plain maps have none. */
  readonly typeName?: string
}

export const isList = (value: Value): value is ListValue =>
  typeof value === 'object' && value !== null && 'isList' in value
export const isMap = (value: Value): value is MapValue =>
  typeof value === 'object' && value !== null && 'isMap' in value

/** A list of computed values. */
export class ArrayList implements ListValue {
  readonly isList = true
  readonly #values: readonly Value[]

  constructor(values: readonly Value[]) {
    this.#values = values
  }

  get size(): number {
    return this.#values.length
  }

  at(index: number): Value {
    return this.#values[index] as Value
  }

  values(): Iterable<Value> {
    return this.#values
  }
}

/** The one form of all keys that are equal; undefined for what is no key. */
export function keyOf(value: Value): string | undefined {
  if (typeof value === 'string') return `s${value}`
  if (typeof value === 'boolean') return `b${value}`
  if (typeof value === 'bigint') return `n${value}`
  if (value instanceof Uint) return `n${value.value}`
  return typeof value === 'number' && Number.isInteger(value) ? `n${BigInt(value)}` : undefined
}

/** A map of computed entries. */
export class EntryMap implements MapValue {
  readonly isMap = true
  readonly typeName?: string
  readonly #entries: ReadonlyMap<string, readonly [Value, Value]>

  /** `entries` by `keyOf` of their key. */
  constructor(entries: ReadonlyMap<string, readonly [Value, Value]>, typeName?: string) {
    this.#entries = entries
    if (typeName !== undefined) this.typeName = typeName
  }

  static of(pairs: Iterable<readonly [Value, Value]>, typeName?: string): EntryMap {
    return new EntryMap(new Map(Array.from(pairs, pair => [keyOf(pair[0]) ?? '', pair])), typeName)
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: Value): Value | undefined {
    return this.#entries.get(keyOf(key) ?? '')?.[1]
  }

  *keys(): Iterable<Value> {
    for (const [key] of this.#entries.values()) yield key
  }
}
