/** The CEL types of declared messages: what upstream derives from the OpenAPI schema of a kind. */
import type { Kind } from '../../schema/kind.ts'
import type { Message, Type } from '../../schema/type.ts'
import {
  boolType,
  bytesType,
  type CelType,
  doubleType,
  dyn,
  intType,
  listOf,
  mapOf,
  type ObjectType,
  stringType,
  timestampType,
} from './types.ts'

const types = new WeakMap<Message, ObjectType>()

const scalars: Readonly<Record<string, CelType>> = {
  string: stringType,
  bool: boolType,
  int32: intType,
  int64: intType,
  uint32: intType,
  uint64: intType,
  double: doubleType,
  bytes: bytesType,
  quantity: stringType,
  time: timestampType,
  microTime: timestampType,
  duration: stringType,
}

/** Names that CEL keeps for itself stand between underscores: `__namespace__`. */
export const unescapedName = (name: string): string => /^__([a-z]+)__$/.exec(name)?.[1] ?? name

export function celTypeOf(type: Type): CelType {
  switch (type.is) {
    case 'scalar':
      return scalars[type.name] ?? dyn
    case 'enum':
      return stringType
    case 'list':
      return listOf(celTypeOf(type.of))
    case 'map':
      return mapOf(stringType, celTypeOf(type.of))
    case 'reference':
      return messageType(type.target())
    case 'message':
      return messageType(type)
  }
}

function messageType(message: Message): CelType {
  if (message.options.listForm) return listOf(celTypeOf((message.fields.items as { facts: { type: Type } }).facts.type))
  return message.options.choice ? dyn : objectTypeOf(message)
}

export function objectTypeOf(message: Message | Kind): ObjectType {
  const known = types.get(message)
  if (known) return known
  const made: ObjectType = {
    is: 'object',
    name: message.name,
    field(name) {
      const member = unescapedName(name)
      const field = Object.hasOwn(message.fields, member) ? message.fields[member] : undefined
      if (field) return celTypeOf(field.facts.type)
      return message.gvk && (member === 'apiVersion' || member === 'kind') ? stringType : undefined
    },
    memberName: unescapedName,
  }
  types.set(message, made)
  return made
}
