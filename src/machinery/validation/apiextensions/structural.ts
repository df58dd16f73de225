/**
 * A schema is structural (KEP-1693) where every node has a type, and `allOf`, `anyOf`, `oneOf` and `not` only restrict
 * values of nodes that are declared outside of them.
 */
import { RE2JS } from 're2js'
import type { JSONSchemaProps } from '../../../api/apiextensions/v1/json-schema-props.ts'
import { forbidden, invalid, required } from '../../../schema/field-error.ts'
import type { Errors } from '../checks.ts'
import { isSame } from '../checks.ts'

type Level = 'root' | 'item' | 'field'

const junctors = ['allOf', 'anyOf', 'oneOf'] as const
const intOrString = [{ type: 'integer' }, { type: 'string' }]

const notStructural = [
  'id',
  '$schema',
  '$ref',
  'patternProperties',
  'dependencies',
  'additionalItems',
  'definitions',
] as const

/** Why no structure can be made of a schema at all. */
export function structuralError(schema: JSONSchemaProps): string | undefined {
  for (const name of notStructural) {
    const value = schema[name]
    const isEmpty = typeof value === 'object' && name !== 'additionalItems' && Object.keys(value).length === 0
    if (value !== undefined && value !== '' && !isEmpty)
      return `OpenAPIV3Schema '${name === '$schema' ? 'schema' : name}' is not supported`
  }
  const { items, additionalProperties: more, not } = schema
  const values = [...(not ? [not] : []), ...junctors.flatMap(name => schema[name] ?? [])]
  const inValues = firstError(values)
  if (inValues !== undefined) return inValues
  if (schema['x-kubernetes-preserve-unknown-fields'] === false)
    return "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined"
  if (Array.isArray(items) && items.length > 0) return "OpenAPIV3Schema 'items' must be a schema, but is an array"
  return firstError([
    ...(items && !Array.isArray(items) ? [items] : []),
    ...Object.values(schema.properties ?? {}),
    ...(typeof more === 'object' ? [more] : []),
  ])
}

function firstError(schemas: readonly JSONSchemaProps[]): string | undefined {
  for (const schema of schemas) {
    const error = structuralError(schema)
    if (error !== undefined) return error
  }
  return undefined
}

/** Adds the errors sorted, as upstream does. */
export function checkStructural(out: Errors, path: string, schema: JSONSchemaProps): void {
  const found: Errors = []
  checkNode(found, path, schema, 'root')
  checkComplete(found, path, path, schema, schema)
  const shown = ({ field, message }: Errors[number]) => `${field}: ${message}`
  out.push(...found.sort((a, b) => (shown(a) < shown(b) ? -1 : 1)))
}

function checkNode(out: Errors, path: string, schema: JSONSchemaProps, level: Level): void {
  const items = Array.isArray(schema.items) ? undefined : schema.items
  const { type = '', properties = {}, additionalProperties: more } = schema
  const isEmbedded = schema['x-kubernetes-embedded-resource'] === true
  const preserves = schema['x-kubernetes-preserve-unknown-fields'] === true
  const isIntOrString = schema['x-kubernetes-int-or-string'] === true
  if (type === 'array' && !items) out.push(required(`${path}.items`, 'must be specified'))
  if (items) checkNode(out, `${path}.items`, items, 'item')
  for (const [name, property] of Object.entries(properties))
    checkNode(out, `${path}.properties[${name}]`, property, 'field')
  if (more !== undefined) {
    if (level === 'root') out.push(forbidden(`${path}.additionalProperties`, 'must not be used at the root'))
    if (typeof more === 'object') checkNode(out, `${path}.additionalProperties`, more, 'field')
    if (isEmbedded) {
      const why = 'must not be used if x-kubernetes-embedded-resource is set'
      out.push(forbidden(`${path}.additionalProperties`, why))
    }
  }
  const mustBeFalse = 'must be false if x-kubernetes-int-or-string is true'
  if (isIntOrString && preserves) out.push(invalid(`${path}.x-kubernetes-preserve-unknown-fields`, true, mustBeFalse))
  if (isIntOrString && isEmbedded) out.push(invalid(`${path}.x-kubernetes-embedded-resource`, true, mustBeFalse))
  checkValues(out, path, schema, isSame(schema.anyOf, intOrString), isSame(schema.allOf?.[0]?.anyOf, intOrString))
  checkType(out, path, type, level, isEmbedded, isIntOrString || preserves)
  checkMeta(out, path, schema, level, level === 'root' || isEmbedded)
  if (isEmbedded && !preserves && Object.keys(properties).length === 0) {
    const why =
      'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields'
    out.push(required(`${path}.properties`, why))
  }
}

const placeNames: Readonly<Record<Level, string>> = {
  root: 'at the root',
  item: 'for specified array items',
  field: 'for specified object fields',
}

function checkType(out: Errors, path: string, type: string, level: Level, isEmbedded: boolean, isOpen: boolean): void {
  if (isEmbedded && type !== 'object') {
    const why = 'must be object if x-kubernetes-embedded-resource is true'
    out.push(type === '' ? required(`${path}.type`, why) : invalid(`${path}.type`, type, why))
  } else if (type === '' && !isOpen) out.push(required(`${path}.type`, `must not be empty ${placeNames[level]}`))
  if (level === 'root' && type !== '' && type !== 'object')
    out.push(invalid(`${path}.type`, type, 'must be object at the root'))
}

/** kind, apiVersion and metadata are implied. */
function checkMeta(out: Errors, path: string, schema: JSONSchemaProps, level: Level, isObject: boolean): void {
  const { kind, apiVersion, metadata } = schema.properties ?? {}
  if (!isObject) return
  if (kind && kind.type !== 'string')
    out.push(invalid(`${path}.properties[kind].type`, kind.type ?? '', 'must be string'))
  if (apiVersion && apiVersion.type !== 'string')
    out.push(invalid(`${path}.properties[apiVersion].type`, apiVersion.type ?? '', 'must be string'))
  if (!metadata) return
  const at = `${path}.properties[metadata]`
  if (metadata.type !== 'object') out.push(invalid(`${at}.type`, metadata.type ?? '', 'must be object'))
  if (level !== 'root') return
  const { type, properties = {}, default: _, ...rest } = metadata
  const extra = Object.keys(properties).some(name => name !== 'name' && name !== 'generateName')
  if (extra || Object.keys(rest).length > 0) {
    const why = 'must not specify anything other than name and generateName, but metadata is implicitly specified'
    out.push(forbidden(at, why))
  }
}

/** The two forms in which `x-kubernetes-int-or-string` may repeat its types are skipped. */
function checkValues(out: Errors, path: string, schema: JSONSchemaProps, skipAnyOf: boolean, skipFirst: boolean): void {
  for (const name of junctors) {
    if (name === 'anyOf' && skipAnyOf) continue
    schema[name]?.forEach((one, i) => {
      checkNested(out, `${path}.${name}[${i}]`, one, name === 'allOf' && i === 0 && skipFirst)
    })
  }
  if (schema.not) checkNested(out, `${path}.not`, schema.not)
  if (!schema.pattern) return
  try {
    RE2JS.compile(schema.pattern)
  } catch (error) {
    const why = `must be a valid regular expression, but isn't: ${(error as Error).message}`
    out.push(invalid(`${path}.pattern`, schema.pattern, why))
  }
}

const mustBeUnset: readonly (readonly [keyof JSONSchemaProps, string])[] = [
  ['type', 'empty'],
  ['default', 'undefined'],
  ['title', 'empty'],
  ['description', 'empty'],
  ['nullable', 'false'],
  ['x-kubernetes-preserve-unknown-fields', 'false'],
  ['x-kubernetes-embedded-resource', 'false'],
  ['x-kubernetes-int-or-string', 'false'],
  ['x-kubernetes-list-map-keys', 'empty'],
  ['x-kubernetes-list-type', 'undefined'],
  ['x-kubernetes-map-type', 'undefined'],
  ['x-kubernetes-validations', 'empty'],
  ['additionalProperties', 'undefined'],
]

const isUnset = (value: unknown, what: string): boolean =>
  value === undefined ||
  value === false ||
  (what === 'empty' && (value === '' || (Array.isArray(value) && value.length === 0)))

function checkNested(out: Errors, path: string, schema: JSONSchemaProps, skipAnyOf = false): void {
  checkValues(out, path, schema, skipAnyOf, false)
  if (schema.items && !Array.isArray(schema.items)) checkNested(out, `${path}.items`, schema.items)
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    checkNested(out, `${path}.properties[${name}]`, property)
  for (const [name, what] of mustBeUnset)
    if (!isUnset(schema[name], what) || (name === 'default' && schema.default === false))
      out.push(forbidden(`${path}.${name}`, `must be ${what} to be structural`))
  if (schema.properties?.metadata)
    out.push(forbidden(`${path}.properties[metadata]`, 'must not be specified in a nested context'))
}

/** What a restriction (at `vPath`) speaks of must be declared in the structure (at `sPath`). */
function checkComplete(
  out: Errors,
  sPath: string,
  vPath: string,
  schema: JSONSchemaProps,
  structure: JSONSchemaProps,
): void {
  const nested: (readonly [string, JSONSchemaProps])[] = junctors.flatMap(name =>
    (schema[name] ?? []).map((one, i) => [`${vPath}.${name}[${i}]`, one] as const),
  )
  if (schema.not) nested.push([`${vPath}.not`, schema.not])
  for (const [at, one] of nested) checkNestedComplete(out, sPath, at, one, structure)
}

function checkNestedComplete(
  out: Errors,
  sPath: string,
  vPath: string,
  schema: JSONSchemaProps,
  structure: JSONSchemaProps | undefined,
): void {
  if (!structure) return void out.push(required(sPath, `because it is defined in ${vPath}`))
  checkComplete(out, sPath, vPath, schema, structure)
  if (schema.items && !Array.isArray(schema.items)) {
    const items = Array.isArray(structure.items) ? undefined : structure.items
    checkNestedComplete(out, `${sPath}.items`, `${vPath}.items`, schema.items, items)
  }
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const at = `.properties[${name}]`
    checkNestedComplete(out, sPath + at, vPath + at, property, structure.properties?.[name])
  }
}
