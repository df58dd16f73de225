/** The CEL types of what structural schemas describe (upstream: apiserver's cel/common, SchemaDeclType). */
import type { JSONSchemaProps } from '../../api/apiextensions/v1/json-schema-props.ts'
import {
  boolType,
  bytesType,
  type CelType,
  doubleType,
  durationType,
  dyn,
  intType,
  listOf,
  mapOf,
  type ObjectType,
  stringType,
  timestampType,
} from '../cel/types.ts'

const reserved = new Set(
  'as break const continue else false for function if import in let loop namespace null package return true var void while'.split(
    ' ',
  ),
)

const escapes: Readonly<Record<string, string>> = {
  underscores: '__',
  dot: '.',
  dash: '-',
  slash: '/',
}

/** The member behind a name in an expression: `foo__dot__bar` is `foo.bar`, `__namespace__` is `namespace`. */
export function memberBehind(name: string): string {
  const keyword = /^__([a-z]+)__$/.exec(name)?.[1]
  if (keyword !== undefined && reserved.has(keyword)) return keyword
  return name.replace(/__(underscores|dot|dash|slash)__/g, (_, which: string) => escapes[which]!)
}

const formats: Readonly<Record<string, CelType>> = {
  byte: bytesType,
  date: timestampType,
  'date-time': timestampType,
  duration: durationType,
}

const scalars: Readonly<Record<string, CelType>> = { boolean: boolType, integer: intType, number: doubleType }

const types = new WeakMap<JSONSchemaProps, CelType>()

const text: JSONSchemaProps = { type: 'string' }

/** The longest name of an object; what is generated behind a prefix takes a byte of it. */
const maxNameLength = 253

const capped = (schema: JSONSchemaProps | undefined, maxLength: number): JSONSchemaProps => ({
  type: 'string',
  maxLength: Math.min(schema?.maxLength ?? maxLength, maxLength),
})

/** With the members that every whole object has, whatever its schema says of them. */
export function schemaOfWhole(schema: JSONSchemaProps, isWhole: boolean): JSONSchemaProps {
  if (!isWhole) return schema
  const { name, generateName } = schema.properties?.metadata?.properties ?? {}
  const metadata: JSONSchemaProps = {
    type: 'object',
    properties: { name: capped(name, maxNameLength), generateName: capped(generateName, maxNameLength - 1) },
  }
  return { ...schema, properties: { ...schema.properties, apiVersion: text, kind: text, metadata } }
}

/** `isWhole`: the resource itself, or an embedded one. */
export function ruleType(schema: JSONSchemaProps, isWhole = false): CelType {
  const known = types.get(schema)
  if (known) return known
  const made = typeOf(schema, isWhole || schema['x-kubernetes-embedded-resource'] === true)
  types.set(schema, made)
  return made
}

function typeOf(schema: JSONSchemaProps, isWhole: boolean): CelType {
  if (schema['x-kubernetes-int-or-string']) return dyn
  const { type = '', format = '', items, additionalProperties: more } = schema
  if (type === 'string') return formats[format] ?? stringType
  if (type === 'array') return listOf(items && !Array.isArray(items) ? ruleType(items) : dyn)
  if (type !== 'object') return scalars[type] ?? dyn
  if (typeof more === 'object') return mapOf(stringType, ruleType(more))
  if (more === true && !schema.properties) return mapOf(stringType, dyn)
  return objectType(schemaOfWhole(schema, isWhole).properties ?? {})
}

function objectType(properties: Readonly<Record<string, JSONSchemaProps>>): ObjectType {
  return {
    is: 'object',
    name: 'object',
    field(name) {
      const property = Object.hasOwn(properties, memberBehind(name)) ? properties[memberBehind(name)] : undefined
      return property && ruleType(property)
    },
    memberName: memberBehind,
  }
}
