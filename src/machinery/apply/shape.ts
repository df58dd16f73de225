/**
 * How server-side apply sees a declared type (structured-merge-diff's schema): what is merged member by member, what
 * item by item, and what only as a whole. Compiled once for each message, when first needed.
 */
import type { JSONSchemaProps } from '../../api/apiextensions/v1/json-schema-props.ts'
import { ObjectMeta } from '../../api/meta/v1/object-meta.ts'
import { messageOf, shownDefault } from '../../schema/field.ts'
import type { Message, Type } from '../../schema/type.ts'
import { customFactsOf } from '../custom/custom-kind.ts'

export type Shape = LeafShape | DeducedShape | StructShape | MapShape | SetShape | KeyedListShape

/** Owned as a whole: scalars, atomic lists, maps and messages. */
export interface LeafShape {
  readonly is: 'leaf'
}
/** Not declared: objects are merged by member, all else is a leaf. */
export interface DeducedShape {
  readonly is: 'deduced'
}
export interface StructShape {
  readonly is: 'struct'
  readonly name: string
  /** Made on first use, since messages may contain themselves. */
  readonly members: () => ReadonlyMap<string, Member>
  /** Members that are not declared are kept, and merged as what they look like. */
  readonly isOpen: boolean
}
export interface MapShape {
  readonly is: 'map'
  readonly of: Shape
}
/** A list of scalars without duplicates. */
export interface SetShape {
  readonly is: 'set'
}
/** A list whose items are told apart by some of their members. */
export interface KeyedListShape {
  readonly is: 'list'
  readonly of: Shape
  /** Sorted by name. */
  readonly keys: readonly { readonly name: string; readonly default: unknown }[]
}

export interface Member {
  readonly shape: Shape
  /** An object without this member has it all the same, as a zero value (a Go field without omitempty). */
  readonly present: boolean
  /** Shown as null where it is unset: whoever adds the object around it owns that too. */
  readonly orNull: boolean
}

export const leaf: LeafShape = { is: 'leaf' }
export const deduced: DeducedShape = { is: 'deduced' }
const set: SetShape = { is: 'set' }

const structs = new WeakMap<Message, StructShape>()

/** The shape of a message whose members are merged. */
export function structShapeOf(message: Message): StructShape {
  const known = structs.get(message)
  if (known) return known
  let members: Map<string, Member> | undefined
  const shape: StructShape = {
    is: 'struct',
    name: message.name,
    isOpen: message.options.keepsUnknown === true,
    members: () => {
      members ??= membersOf(message)
      return members
    },
  }
  structs.set(message, shape)
  return shape
}

function membersOf(message: Message): Map<string, Member> {
  const members = new Map<string, Member>()
  const custom = customFactsOf(message)
  if (message.gvk) {
    members.set('apiVersion', { shape: leaf, present: true, orNull: false })
    members.set('kind', { shape: leaf, present: true, orNull: false })
  }
  for (const [name, { facts }] of Object.entries(message.fields)) {
    const granular = facts.mapKind === 'granular' ? messageOf(facts.type) : undefined
    const shape =
      facts.mapKind === 'atomic'
        ? leaf
        : granular
          ? structShapeOf(granular)
          : shapeOf(facts.type, facts.listKind, facts.listKeys)
    const own = custom?.schema.properties?.[name]
    if (own && name !== 'metadata') {
      members.set(name, optional(shapeOfSchema(own)))
      continue
    }
    members.set(name, { shape, present: facts.always || facts.orNull === true, orNull: facts.orNull === true })
  }
  return members
}

function shapeOf(type: Type, listKind?: string, listKeys?: readonly string[]): Shape {
  if (type.is === 'map') return { is: 'map', of: shapeOf(type.of) }
  if (type.is === 'list') {
    if (listKind === 'set') return set
    if (listKind !== 'map' || listKeys === undefined) return leaf
    return { is: 'list', of: shapeOf(type.of), keys: listKeysOf(type.of, listKeys) }
  }
  const message = messageOf(type)
  if (!message || message.options.mapType === 'atomic' || message.options.listForm || message.options.choice)
    return leaf
  return structShapeOf(message)
}

/** The keys that tell items apart, with what stands for an absent one. */
function listKeysOf(of: Type, names: readonly string[]): KeyedListShape['keys'] {
  const item = messageOf(of)
  const keys = names.map(name => {
    const field = item?.fields[name]
    return { name, default: field && shownDefault(field.facts) }
  })
  return keys.sort((a, b) => (a.name < b.name ? -1 : 1))
}

const optional = (shape: Shape): Member => ({ shape, present: false, orNull: false })

/** The shape of what a custom resource's schema describes. */
function shapeOfSchema(schema: JSONSchemaProps): Shape {
  const { properties, additionalProperties: more, items } = schema
  if (schema.type === 'array') return listShapeOf(schema, Array.isArray(items) ? undefined : items)
  if (schema['x-kubernetes-map-type'] === 'atomic') return leaf
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true
  const isEmbedded = schema['x-kubernetes-embedded-resource'] === true
  if (properties || isEmbedded) {
    const members = new Map(Object.entries(properties ?? {}).map(([name, one]) => [name, optional(shapeOfSchema(one))]))
    if (isEmbedded) for (const [name, shape] of Object.entries(embeddedMembers())) members.set(name, optional(shape))
    return { is: 'struct', name: '', members: () => members, isOpen }
  }
  if (isOpen) return deduced
  if (typeof more === 'object') return { is: 'map', of: shapeOfSchema(more) }
  return schema.type === 'object' ? deduced : leaf
}

/** What every object has, also one inside of another. */
const embeddedMembers = () => ({ apiVersion: leaf, kind: leaf, metadata: structShapeOf(ObjectMeta) })

function listShapeOf(schema: JSONSchemaProps, items: JSONSchemaProps | undefined): Shape {
  const listType = schema['x-kubernetes-list-type']
  if (listType === 'set') return set
  const names = schema['x-kubernetes-list-map-keys']
  if (listType !== 'map' || !items || !names) return leaf
  const keys = names.map(name => ({ name, default: items.properties?.[name]?.default }))
  return { is: 'list', of: shapeOfSchema(items), keys: keys.sort((a, b) => (a.name < b.name ? -1 : 1)) }
}

/** The zero value of an absent member that counts as present. */
export function zeroOf(shape: Shape): unknown {
  if (shape.is === 'struct' || shape.is === 'map') return emptyObject
  return shape.is === 'set' || shape.is === 'list' ? emptyList : undefined
}
const emptyObject = Object.freeze({})
const emptyList = Object.freeze([])
