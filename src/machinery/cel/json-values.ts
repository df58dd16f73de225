/** JSON values as CEL sees them, read in place; a type, where one is declared, says what a number or a string is. */

import { parseDuration, parseTimestamp } from './time.ts'
import { type CelType, dyn } from './types.ts'
import { Duration, type ListValue, type MapValue, Timestamp, Uint, type Value } from './values.ts'

/** `json` is any JSON value, bigints among its numbers. A whole number is an int unless its type says double. */
export function valueOfJson(json: unknown, type: CelType = dyn): Value {
  switch (typeof json) {
    case 'string':
      return valueOfString(json, type)
    case 'number':
      if (type.is === 'double' || !Number.isInteger(json)) return json
      return type.is === 'uint' ? new Uint(BigInt(json)) : BigInt(json)
    case 'bigint':
      return type.is === 'double' ? Number(json) : json
    case 'boolean':
      return json
    default:
  }
  if (json === null || json === undefined) return null
  if (Array.isArray(json)) return new JsonList(json, type.is === 'list' ? type.of : dyn)
  return new JsonObject(json as Readonly<Record<string, unknown>>, type)
}

function valueOfString(text: string, type: CelType): Value {
  if (type.is === 'timestamp') return new Timestamp(parseTimestamp(text) ?? 0n)
  if (type.is === 'duration') return new Duration(parseDuration(text) ?? 0n)
  return type.is === 'bytes' ? Buffer.from(text, 'base64') : text
}

class JsonList implements ListValue {
  readonly isList = true
  readonly #items: readonly unknown[]
  readonly #type: CelType

  constructor(items: readonly unknown[], type: CelType) {
    this.#items = items
    this.#type = type
  }

  get size(): number {
    return this.#items.length
  }

  at(index: number): Value {
    return valueOfJson(this.#items[index], this.#type)
  }

  *values(): Iterable<Value> {
    for (const item of this.#items) yield valueOfJson(item, this.#type)
  }
}

class JsonObject implements MapValue {
  readonly isMap = true
  readonly typeName?: string
  readonly #members: Readonly<Record<string, unknown>>
  readonly #type: CelType
  #size: number | undefined

  constructor(members: Readonly<Record<string, unknown>>, type: CelType) {
    this.#members = members
    this.#type = type
    if (type.is === 'object') this.typeName = type.name
  }

  get size(): number {
    this.#size ??= Object.keys(this.#members).length
    return this.#size
  }

  get(key: Value): Value | undefined {
    if (typeof key !== 'string' || !Object.hasOwn(this.#members, this.#nameOf(key))) return undefined
    const member = this.#members[this.#nameOf(key)]
    if (member === undefined) return undefined
    return valueOfJson(member, this.#type.is === 'object' ? this.#type.field(key) : this.#elementType())
  }

  *keys(): Iterable<Value> {
    for (const key in this.#members) if (this.#members[key] !== undefined) yield key
  }

  #nameOf(key: string): string {
    return this.#type.is === 'object' ? (this.#type.memberName?.(key) ?? key) : key
  }

  #elementType(): CelType {
    return this.#type.is === 'map' ? this.#type.of : dyn
  }
}
