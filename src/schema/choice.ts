/**
 * Messages of which JSON shows one member alone (upstream: `JSONSchemaPropsOrBool`): an object is the member that is a
 * message, any other value the other one. In protobuf they have fields as every message.
 */
import { type FieldFacts, messageOf } from './field.ts'
import type { Message } from './type.ts'

interface Member {
  readonly name: string
  readonly facts: FieldFacts
}

export interface Choice {
  /** The member for objects. */
  readonly object: Member
  /** The member for a boolean or a list. */
  readonly other: Member
}

export function choiceOf(message: Message): Choice | undefined {
  if (!message.options.choice) return undefined
  const members = Object.entries(message.fields).map(([name, { facts }]) => ({ name, facts }))
  const object = members.find(({ facts }) => messageOf(facts.type) !== undefined)
  const other = members.find(member => member !== object)
  if (!object || !other) throw new Error(`${message.name} is no choice between an object and something else`)
  return { object, other }
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value)

/** The members behind a value. A schema stands for true as well. */
export function membersOfChoice({ object, other }: Choice, value: unknown): Record<string, unknown> {
  if (!isObject(value)) return { [other.name]: value }
  return { ...(isBool(other) ? { [other.name]: true } : {}), [object.name]: value }
}

export function valueOfMembers({ object, other }: Choice, members: Readonly<Record<string, unknown>>): unknown {
  return members[object.name] ?? members[other.name] ?? (isBool(other) ? false : [])
}

const isBool = ({ facts: { type } }: Member): boolean => type.is === 'scalar' && type.name === 'bool'
