/** Compiles declarations into functions that check, prune and normalise JSON values without changing them. */
import { type Choice, choiceOf } from './choice.ts'
import { DecodeError } from './decode-error.ts'
import { type FieldFacts, messageOf } from './field.ts'
import { goTypeName } from './go-type-name.ts'
import { EmbeddedKey, kindOfValue, MapKey, ShapeContext, type Shaper } from './json-context.ts'
import { NumberLiteral, plainNumbers, setMember } from './json-exact.ts'
import { scalarShaper, stringShaper } from './json-scalars.ts'
import type { Message, ScalarName, Type } from './type.ts'

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof NumberLiteral)

/** `goType` names the type, or that of a list's items, where `goTypeName` cannot know it. */
function typeShaper(type: Type, goType?: string): Shaper {
  switch (type.is) {
    case 'scalar':
      if (goType !== undefined && type.name === 'string') return stringShaper(goType)
      return isAny(type.name) ? anyValue : scalarShaper(type.name)
    case 'enum':
      return stringShaper(goType ?? 'string')
    case 'list':
      return goType?.startsWith(wholeList)
        ? listShaper(type.of, undefined, goType.slice(wholeList.length))
        : listShaper(type.of, goType)
    case 'map':
      return mapShaper(type.of, goType ?? goTypeName(type))
    case 'message':
      return shaperOf(type)
    case 'reference': {
      let shaper: Shaper | undefined
      return (value, context) => {
        shaper ??= shaperOf(type.target())
        return shaper(value, context)
      }
    }
  }
}

/** Before the name of a type that is a list itself. */
const wholeList = 'list '

/** Types whose values are any JSON. */
const isAny = (name: ScalarName): boolean => name === 'raw' || name === 'json' || name === 'fieldsV1'

/** What a null becomes inside a list or as the value of a map: Go's zero value. */
function zeroOf(type: Type): unknown {
  if (type.is === 'message' || type.is === 'reference') return messageOf(type)?.options.listForm ? [] : {}
  if (type.is === 'list') return []
  if (type.is === 'map') return {}
  if (type.is === 'enum') return ''
  if (type.name === 'bool') return false
  if (/^u?int|^double/.test(type.name)) return 0
  if (type.name === 'quantity') return '0'
  return isAny(type.name) || type.name === 'time' || type.name === 'microTime' ? null : ''
}

function listShaper(of: Type, goType?: string, listGoType = `[]${goType ?? goTypeName(of)}`): Shaper {
  const element = typeShaper(of, goType)
  return (value, context) => {
    if (!Array.isArray(value)) throw context.wrongType(value, kindOfValue(value), listGoType, 'slice')
    const depth = context.path.push(0) - 1
    let changed: unknown[] | undefined
    for (let i = 0; i < value.length; i++) {
      context.path[depth] = i
      const before: unknown = value[i]
      const after = before === null || before === undefined ? zeroOf(of) : (element(before, context) ?? zeroOf(of))
      if (after !== before) {
        changed ??= value.slice()
        changed[i] = after
      }
    }
    context.path.pop()
    return changed ?? value
  }
}

function mapShaper(of: Type, goType: string): Shaper {
  const element = typeShaper(of, of.is === 'enum' ? /^map\[.*\](.*)$/.exec(goType)?.[1] : undefined)
  return (value, context) => {
    if (!isObject(value)) throw context.wrongType(value, kindOfValue(value), goType, 'map')
    let changed: Record<string, unknown> | undefined
    for (const key in value) {
      context.keys++
      const before = value[key]
      if (before === undefined) continue
      context.path.push(new MapKey(key))
      const after = before === null ? zeroOf(of) : (element(before, context) ?? zeroOf(of))
      context.path.pop()
      if (after !== before) {
        changed ??= { ...value }
        setMember(changed, key, after)
      }
    }
    return changed ?? value
  }
}

/** Any JSON value, as it is; its keys are counted. */
const anyValue: Shaper = (value, context) => {
  const literals = countKeys(value, context)
  return literals ? plainNumbers(value) : value
}

/** Counts the keys at any depth; says whether a NumberLiteral is among the values. */
function countKeys(value: unknown, context: ShapeContext): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (value instanceof NumberLiteral) return true
  let literals = false
  if (Array.isArray(value)) {
    for (const element of value) if (countKeys(element, context)) literals = true
    return literals
  }
  for (const key in value) {
    context.keys++
    if (countKeys((value as Record<string, unknown>)[key], context)) literals = true
  }
  return literals
}

interface FieldShaper {
  readonly shape: Shaper
  /** Zero stands for unset. */
  readonly dropsZero: boolean
  /** Of a field that is embedded: its key in paths. */
  readonly embedded?: EmbeddedKey
}

const goZeroTime = '0001-01-01T00:00:00Z'

function isZero(value: unknown): boolean {
  if (value === '' || value === 0 || value === false || value === goZeroTime) return true
  if (typeof value !== 'object') return false
  if (Array.isArray(value)) return value.length === 0
  for (const _ in value) return false
  return true
}

/** Whether zero and empty values of a field mean that it is unset. Messages are told from absent ones always. */
export function zeroIsUnset({ explicit, always, required, type }: FieldFacts): boolean {
  if (explicit || always) return false
  if (type.is === 'scalar') {
    // Structs in Go, which omitempty never omits.
    if (type.name === 'quantity' || isAny(type.name)) return false
    if (type.name === 'intOrString') return !required
    return true
  }
  return type.is === 'enum' || type.is === 'list' || type.is === 'map'
}

const typeMeta: FieldShaper = { shape: scalarShaper('string'), dropsZero: true }

const shapers = new WeakMap<Message, Shaper>()

/** The shaper of a message, compiled once. Kinds take `kind` and `apiVersion` besides their fields. */
export function shaperOf(message: Message): Shaper {
  let shaper = shapers.get(message)
  if (!shaper) {
    const choice = choiceOf(message)
    if (choice) shaper = choiceShaper(choice, isBoolean(choice.other.facts.type))
    else shaper = message.options.listForm ? listFormShaper(message) : messageShaper(message)
    shapers.set(message, shaper)
  }
  return shaper
}

/** Errors name the type as Go does that defines it. */
function listFormShaper(message: Message): Shaper {
  const type = listFormType(message)
  return type.is === 'list'
    ? listShaper(type.of, undefined, message.name.split('.').slice(-2).join('.'))
    : typeShaper(type)
}

const isBoolean = (type: Type): boolean => type.is === 'scalar' && type.name === 'bool'

/** Go reads it by hand: what is inside is a document of its own, whose unknown fields nobody reports. */
function choiceShaper({ object, other }: Choice, orBoolean: boolean): Shaper {
  const shapeObject = typeShaper(object.facts.type)
  const shapeOther = typeShaper(other.facts.type)
  return (value, context) => {
    const inner = new ShapeContext()
    try {
      if (isObject(value)) return shapeObject(value, inner)
      if (orBoolean && typeof value !== 'boolean') throw new DecodeError('boolean or JSON schema expected')
      if (orBoolean) return value
      return Array.isArray(value) && value.length > 0 ? shapeOther(value, inner) : undefined
    } finally {
      context.keys += inner.keys
    }
  }
}

/** Metadata of resources that clients define: Go decodes them by themselves, and so paths in errors begin with them. */
const apart =
  (shape: Shaper): Shaper =>
  (value, context) => {
    const inner = new ShapeContext()
    const after = shape(value, inner)
    context.keys += inner.keys
    for (const path of inner.unknownFields) context.unknownAt(path)
    return after
  }

function messageShaper(message: Message): Shaper {
  const { keepsUnknown = false, refine } = message.options
  const owner = message.name.slice(message.name.lastIndexOf('.') + 1)
  const goType = goTypeName(message)
  const fields = new Map<string, FieldShaper>()
  if (message.gvk && !message.options.typeless) fields.set('kind', typeMeta).set('apiVersion', typeMeta)
  let compiled = false
  const compile = () => {
    compiled = true
    for (const [name, { facts }] of Object.entries(message.fields)) {
      const shaper = typeShaper(facts.type, facts.goType)
      const shape = refine && name === 'metadata' ? apart(shaper) : shaper
      const dropsZero = zeroIsUnset(facts)
      const { inlineName } = facts
      fields.set(
        name,
        inlineName === undefined
          ? { shape, dropsZero }
          : { shape, dropsZero, embedded: new EmbeddedKey(inlineName, name) },
      )
    }
  }
  return (value, context) => {
    if (!compiled) compile()
    if (!isObject(value)) throw context.wrongType(value, kindOfValue(value), goType, 'struct')
    const outerOwner = context.owner
    context.owner = owner
    let changes: Map<string, unknown> | undefined
    for (const key in value) {
      context.keys++
      const before = value[key]
      if (before === undefined) continue
      const field = fields.get(key)
      const after = field || !keepsUnknown ? fieldValue(field, key, before, context) : anyValue(before, context)
      if (after !== before) {
        changes ??= new Map()
        changes.set(key, after)
      }
    }
    context.owner = outerOwner
    const kept = changes === undefined ? value : withChanges(value, changes)
    return refine ? refine(kept, path => context.unknownAt(path)) : kept
  }
}

function fieldValue(field: FieldShaper | undefined, key: string, before: unknown, context: ShapeContext): unknown {
  if (field === undefined) {
    context.unknown(key)
    countKeys(before, context)
    return undefined
  }
  if (before === null) return undefined
  context.path.push(field.embedded ?? key)
  const after = field.shape(before, context)
  context.path.pop()
  return field.dropsZero && isZero(after) ? undefined : after
}

/** A new object instead of deletions, which would turn the old one into a slow dictionary. */
function withChanges(value: Record<string, unknown>, changes: Map<string, unknown>): Record<string, unknown> {
  const changed: Record<string, unknown> = {}
  for (const key in value) {
    const kept = changes.has(key) ? changes.get(key) : value[key]
    if (kept !== undefined) changed[key] = kept
  }
  return changed
}

/** The list type behind a message with `listForm`. */
export function listFormType(message: Message): Type {
  const items = message.fields.items
  if (!items) throw new Error(`${message.name} has the list form and no field items`)
  return items.facts.type
}
