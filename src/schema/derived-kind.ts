/** A kind in another version, declared by what differs from the version that is declared in full. */
import { Field } from './field.ts'
import { apiVersionOf, type Kind, type KindMembers } from './kind.ts'
import type { FieldValues } from './message.ts'
import type { Fields, Message, Type } from './type.ts'

/** What differs, by the last part of a message's name, at any depth. */
export type Changes = Readonly<Record<string, (fields: Fields) => Fields>>

/** `groupVersion` is `apps/v1beta2`. The kind is no resource: it can be read and written, but is not served. */
export function derivedKind<T, F extends Fields>(
  hub: Kind<T, F>,
  groupVersion: string,
  changes: Changes = {},
): Kind<KindMembers & FieldValues<F>> {
  const [group = '', version = ''] = groupVersion.split('/')
  const { name, options } = hub
  const packageName = name.slice(0, name.lastIndexOf('.', name.lastIndexOf('.') - 1))
  const derived: Kind = {
    is: 'message',
    name: `${packageName}.${version}.${hub.gvk.kind}`,
    fields: new Derivation(changes).fieldsOf(hub as Message),
    options,
    gvk: { group, version, kind: hub.gvk.kind },
    apiVersion: apiVersionOf(group, version),
  }
  return derived as Kind<KindMembers & FieldValues<F>>
}

/** The fields without some of them. */
export const without = (fields: Fields, ...names: readonly string[]): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)))

/** The fields with one under another name. */
export const renamed = (fields: Fields, from: string, to: string): Fields =>
  Object.fromEntries(Object.entries(fields).map(([name, field]) => [name === from ? to : name, field]))

/** The fields with other tags. */
export const retagged = (fields: Fields, tags: Readonly<Record<string, number>>): Fields =>
  Object.fromEntries(
    Object.entries(fields).map(([name, field]) => {
      const tag = tags[name]
      return [name, tag === undefined ? field : new Field({ ...field.facts, tag })]
    }),
  )

/** The kind with only the fields at these paths, and what lies in them: the others are passed over when it is decoded. */
export function pickedKind<T>(kind: Kind<T>, paths: readonly string[]): Kind {
  return { ...(kind as Kind), fields: pickedFields(kind.fields, paths) }
}

function pickedFields(fields: Fields, paths: readonly string[]): Fields {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, field]) => {
      if (paths.includes(name)) return [[name, field]]
      const deeper = paths.filter(path => path.startsWith(`${name}.`)).map(path => path.slice(name.length + 1))
      return deeper.length === 0
        ? []
        : [[name, new Field({ ...field.facts, type: pickedType(field.facts.type, deeper) })]]
    }),
  )
}

function pickedType(type: Type, paths: readonly string[]): Type {
  if (type.is === 'message') return { ...type, fields: pickedFields(type.fields, paths) }
  return type.is === 'list' || type.is === 'map' ? { ...type, of: pickedType(type.of, paths) } : type
}

/** Messages that do not change are shared with the hub. */
class Derivation {
  readonly #changes: Changes
  readonly #derived = new Map<Message, Message>()

  constructor(changes: Changes) {
    this.#changes = changes
  }

  fieldsOf(message: Message): Fields {
    const change = this.#changes[message.name.slice(message.name.lastIndexOf('.') + 1)]
    return this.#deeper(change ? change(message.fields) : message.fields)
  }

  #deeper(fields: Fields): Fields {
    if (Object.keys(this.#changes).length === 0) return fields
    let changed = false
    const deeper = Object.entries(fields).map(([name, field]) => {
      const type = this.#type(field.facts.type)
      if (type === field.facts.type) return [name, field] as const
      changed = true
      return [name, new Field({ ...field.facts, type })] as const
    })
    return changed ? Object.fromEntries(deeper) : fields
  }

  #type(type: Type): Type {
    // References are what messages contain themselves by: none of the derived kinds changes beneath one.
    if (type.is === 'message') return this.#message(type)
    if (type.is !== 'list' && type.is !== 'map') return type
    const of = this.#type(type.of)
    return of === type.of ? type : { ...type, of }
  }

  #message(message: Message): Message {
    const known = this.#derived.get(message)
    if (known) return known
    const fields = this.fieldsOf(message)
    const derived = fields === message.fields ? message : { ...message, fields }
    this.#derived.set(message, derived)
    return derived
  }
}
