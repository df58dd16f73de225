/**
 * Objects to canonical JSON: kind, apiVersion and metadata first, then the fields in declared order, keys of maps sorted,
 * absent values left out. Equal objects give equal bytes.
 */
import { type Choice, choiceOf } from './choice.ts'
import { setMember } from './json-exact.ts'
import { listFormType } from './json-shape.ts'
import type { Kind } from './kind.ts'
import type { Message, Type } from './type.ts'

/** Where the parts of an encoded object begin; the same for every object of a kind. */
export interface SplicePoints {
  /** Behind `{"kind":…,"apiVersion":…,`: an item of a typed list is `{` and the bytes from here on. */
  readonly afterTypeMeta: number
  /** Behind `"metadata":{`, where `"resourceVersion":"N",` may be inserted. At least the name follows. -1: no metadata. */
  readonly insideMetadata: number
}

/** Canonical bytes of an object, in memory of their own. Members that are not declared are left out. */
export function encodeObject(kind: Kind, object: unknown): Uint8Array {
  return utf8(JSON.stringify(ordererOf(kind)(object)))
}

/** Any JSON value; bigints are written as integers. Keys stay in their order. */
export function encodeJson(value: unknown): Uint8Array {
  return utf8(stringifyJson(value))
}

/** `encodeJson` as text. Bigints are rare, and a replacer costs more than the rest. */
export function stringifyJson(value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch {
    return stringifyWithBigints(value)
  }
}

function stringifyWithBigints(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => (typeof member === 'bigint' ? rawNumber(member) : member))
}

export function splicePoint(kind: Kind): SplicePoints {
  const typeMeta = JSON.stringify({ kind: kind.gvk.kind, apiVersion: kind.apiVersion })
  const hasMetadata = kind.fields.metadata !== undefined
  // Kind names, groups and versions are ASCII: characters are bytes.
  return { afterTypeMeta: typeMeta.length, insideMetadata: hasMetadata ? typeMeta.length + '"metadata":{'.length : -1 }
}

function utf8(text: string): Uint8Array {
  // A slab of its own: cached bytes must not pin a shared one.
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text))
  bytes.write(text)
  return bytes
}

declare global {
  interface JSON {
    rawJSON(text: string): object
  }
}

const rawNumber = (value: bigint): object => JSON.rawJSON(value.toString())

type Orderer = (value: unknown) => unknown

const orderers = new WeakMap<Message, Orderer>()

function ordererOf(message: Message): Orderer {
  let orderer = orderers.get(message)
  if (!orderer) {
    const choice = choiceOf(message)
    if (choice) orderer = choiceOrderer(choice)
    else if (message.options.listForm) orderer = typeOrderer(listFormType(message)) ?? (value => value)
    else orderer = messageOrderer(message)
    orderers.set(message, orderer)
  }
  return orderer
}

function choiceOrderer({ object, other }: Choice): Orderer {
  const orderObject = typeOrderer(object.facts.type)
  const orderOther = typeOrderer(other.facts.type)
  return value => {
    const order = typeof value === 'object' && !Array.isArray(value) ? orderObject : orderOther
    return order ? order(value) : value
  }
}

interface OrderedField {
  readonly name: string
  /** Undefined where a value is written as it is. */
  readonly order: Orderer | undefined
  readonly orNull: boolean
  readonly omitZero: boolean
}

function messageOrderer(message: Message): Orderer {
  let fields: OrderedField[] | undefined
  const compile = (): OrderedField[] => {
    const all = Object.entries(message.fields).map(([name, { facts }]) => ({
      name,
      order: typeOrderer(facts.type),
      orNull: facts.orNull === true,
      omitZero: facts.omitZero === true,
    }))
    return all.sort((a, b) => Number(b.name === 'metadata') - Number(a.name === 'metadata'))
  }
  const kind = message.gvk && !message.options.typeless ? (message as Kind) : undefined
  const startsWithMetadata = kind !== undefined && message.fields.metadata !== undefined
  const { keepsUnknown } = message.options
  return value => {
    fields ??= compile()
    const given = value as Record<string, unknown>
    const ordered: Record<string, unknown> = {}
    if (kind) {
      ordered.kind = kind.gvk.kind
      ordered.apiVersion = kind.apiVersion
      if (startsWithMetadata) ordered.metadata = {}
    }
    for (const { name, order, orNull, omitZero } of fields) {
      const member = given[name]
      if (omitZero && (member === 0 || member === '')) continue
      if (member !== undefined && member !== null) ordered[name] = order === undefined ? member : order(member)
      else if (orNull) ordered[name] = null
    }
    if (keepsUnknown) for (const name in given) if (!(name in message.fields)) ordered[name] ??= orderAny(given[name])
    return ordered
  }
}

function typeOrderer(type: Type): Orderer | undefined {
  switch (type.is) {
    case 'enum':
      return undefined
    case 'scalar':
      if (type.name === 'int64' || type.name === 'uint64') return orderInteger
      return type.name === 'raw' || type.name === 'json' || type.name === 'fieldsV1' ? orderAny : undefined
    case 'list': {
      const element = typeOrderer(type.of)
      return element && (value => (value as unknown[]).map(element))
    }
    case 'map':
      return mapOrderer(typeOrderer(type.of))
    case 'message': {
      let orderer: Orderer | undefined
      return value => {
        orderer ??= itemOrderer(type)
        return orderer(value)
      }
    }
    case 'reference':
      return value => ordererOf(type.target())(value)
  }
}

/** Kinds inside other objects, as the items of a list, keep kind and apiVersion only where they are given. */
function itemOrderer(message: Message): Orderer {
  const orderer = ordererOf(message)
  if (!message.gvk) return orderer
  return value => {
    const { kind, apiVersion, ...rest } = orderer(value) as Record<string, unknown>
    const given = value as { kind?: string; apiVersion?: string }
    return {
      ...(given.kind === undefined ? {} : { kind }),
      ...(given.apiVersion === undefined ? {} : { apiVersion }),
      ...rest,
    }
  }
}

const orderInteger: Orderer = value => (typeof value === 'bigint' ? rawNumber(value) : value)

function orderAny(value: unknown): unknown {
  if (typeof value === 'bigint') return rawNumber(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(orderAny)
  return orderMap(value as Record<string, unknown>, orderAny)
}

const mapOrderer =
  (element: Orderer | undefined): Orderer =>
  value =>
    orderMap(value as Record<string, unknown>, element)

function orderMap(value: Record<string, unknown>, element: Orderer | undefined): Record<string, unknown> {
  const keys = Object.keys(value)
  if (element === undefined && isSorted(keys)) return value
  const ordered: Record<string, unknown> = {}
  for (const key of keys.sort()) {
    const member = value[key]
    if (member !== undefined) setMember(ordered, key, element === undefined ? member : element(member))
  }
  return ordered
}

export function isSorted(keys: readonly string[]): boolean {
  for (let i = 1; i < keys.length; i++) if (keys[i - 1]! > keys[i]!) return false
  return true
}
