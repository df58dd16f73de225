/** What a schema of a custom resource may say at each of its nodes (upstream: apis/apiextensions/validation). */
import type { JSONSchemaProps } from '../../../api/apiextensions/v1/json-schema-props.ts'
import { forbidden, invalid, notSupported, required } from '../../../schema/field-error.ts'
import { schemaOfMember } from '../../custom/member-schema.ts'
import { checkOneOf, type Errors } from '../checks.ts'

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string']

interface Place {
  readonly isRoot: boolean
  readonly insideMetadata: boolean
  /** Why defaults are not allowed, where they are not. */
  readonly noDefaults: string | undefined
}

const metaFields: ReadonlySet<string> = new Set(['metadata', 'kind', 'apiVersion'])

export const checkSchema = (out: Errors, path: string, schema: JSONSchemaProps): void =>
  checkNode(out, path, schema, { isRoot: true, insideMetadata: false, noDefaults: undefined })

function checkNode(out: Errors, path: string, schema: JSONSchemaProps, place: Place): void {
  checkSupported(out, path, schema, place)
  const inner = { ...place, isRoot: false }
  const { additionalProperties: more, properties = {}, items } = schema
  if (schema.uniqueItems) {
    const why = 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic'
    out.push(forbidden(`${path}.uniqueItems`, why))
  }
  if (more !== undefined) {
    if (Object.keys(properties).length > 0 && more !== true)
      out.push(forbidden(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive'))
    const noDefaults = place.insideMetadata
      ? 'inside additionalProperties applying to object metadata'
      : place.noDefaults
    if (typeof more === 'object') checkNode(out, `${path}.additionalProperties`, more, { ...inner, noDefaults })
  }
  for (const [name, property] of Object.entries(properties)) {
    const isMeta = (place.isRoot || schema['x-kubernetes-embedded-resource'] === true) && metaFields.has(name)
    checkNode(out, `${path}.properties[${name}]`, property, {
      isRoot: false,
      insideMetadata: place.insideMetadata || isMeta,
      noDefaults: isMeta && place.isRoot ? `in top-level ${name}` : place.noDefaults,
    })
  }
  if (schema.not) checkNode(out, `${path}.not`, schema.not, inner)
  for (const name of ['allOf', 'oneOf', 'anyOf'] as const) {
    schema[name]?.forEach((one, i) => {
      checkNode(out, `${path}.${name}[${i}]`, one, inner)
    })
  }
  for (const [name, one] of Object.entries(schema.definitions ?? {}))
    checkNode(out, `${path}.definitions[${name}]`, one, inner)
  if (Array.isArray(items)) {
    items.forEach((one, i) => {
      checkNode(out, `${path}.items[${i}]`, one, inner)
    })
  } else if (items) checkNode(out, `${path}.items`, items, inner)
  for (const [name, one] of Object.entries(schema.dependencies ?? {}))
    if (!Array.isArray(one)) checkNode(out, `${path}.dependencies[${name}]`, one, inner)
  if (schema['x-kubernetes-preserve-unknown-fields'] === false)
    out.push(invalid(`${path}.x-kubernetes-preserve-unknown-fields`, false, 'must be true or undefined'))
  checkMergeTypes(out, path, schema)
  checkValidationRules(out, path, schema)
}

const unsupported = ['additionalItems', 'patternProperties', 'definitions', 'dependencies', '$ref'] as const
const mayBeEmpty: ReadonlySet<string> = new Set(['patternProperties', 'definitions'])

function checkSupported(out: Errors, path: string, schema: JSONSchemaProps, place: Place): void {
  if (schema.type && !types.includes(schema.type)) out.push(notSupported(`${path}.type`, schema.type, types))
  if (schema.default !== undefined && place.noDefaults !== undefined)
    out.push(forbidden(`${path}.default`, `must not be set ${place.noDefaults}`))
  if (schema.id) out.push(forbidden(`${path}.id`, 'id is not supported'))
  for (const name of unsupported) {
    const value = schema[name]
    if (value !== undefined && !(mayBeEmpty.has(name) && Object.keys(value as object).length === 0))
      out.push(forbidden(`${path}.${name}`, `${name} is not supported`))
  }
  if (schema.type === 'null')
    out.push(forbidden(`${path}.type`, 'type cannot be set to null, use nullable as an alternative'))
  if (Array.isArray(schema.items) && schema.items.length > 0)
    out.push(forbidden(`${path}.items`, 'items must be a schema object and not an array'))
  if (place.insideMetadata && schema['x-kubernetes-embedded-resource'])
    out.push(forbidden(`${path}.x-kubernetes-embedded-resource`, 'must not be used inside of resource meta'))
}

function checkTypeIs(out: Errors, path: string, schema: JSONSchemaProps, type: string, extension: string): boolean {
  if (schema.type === type) return true
  const why = `must be ${type} if ${extension} is specified`
  out.push(schema.type ? invalid(`${path}.type`, schema.type, why) : required(`${path}.type`, why))
  return false
}

function checkMergeTypes(out: Errors, path: string, schema: JSONSchemaProps): void {
  const mapType = schema['x-kubernetes-map-type']
  if (mapType !== undefined) {
    checkTypeIs(out, path, schema, 'object', 'x-kubernetes-map-type')
    if (!['atomic', 'granular'].includes(mapType))
      out.push(notSupported(`${path}.x-kubernetes-map-type`, mapType, ['atomic', 'granular']))
  }
  const listType = schema['x-kubernetes-list-type']
  const item = Array.isArray(schema.items) ? undefined : schema.items
  if (listType !== undefined) {
    const isArray = checkTypeIs(out, path, schema, 'array', 'x-kubernetes-list-type')
    if (isArray && listType === 'set' && item) checkSetItems(out, `${path}.items`, item)
    if (!['atomic', 'set', 'map'].includes(listType))
      out.push(notSupported(`${path}.x-kubernetes-list-type`, listType, ['atomic', 'set', 'map']))
  }
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  if (keys.length > 0 && listType !== 'map') {
    const why = 'must be map if x-kubernetes-list-map-keys is non-empty'
    const at = `${path}.x-kubernetes-list-type`
    out.push(listType === undefined ? required(at, why) : invalid(at, listType, why))
  }
  if (listType === 'map') checkMapList(out, path, schema, keys)
  if ((listType === 'set' || listType === 'map') && item?.nullable)
    out.push(forbidden(`${path}.items.nullable`, `cannot be nullable when x-kubernetes-list-type is ${listType}`))
}

function checkSetItems(out: Errors, path: string, item: JSONSchemaProps): void {
  const why = 'must be atomic as item of a list with x-kubernetes-list-type=set'
  const listType = item['x-kubernetes-list-type']
  const mapType = item['x-kubernetes-map-type']
  if (item.type === 'array' && listType !== undefined && listType !== 'atomic')
    out.push(invalid(`${path}.x-kubernetes-list-type`, listType, why))
  if (item.type === 'object' && mapType !== 'atomic') out.push(invalid(`${path}.x-kubernetes-map-type`, mapType, why))
}

function checkMapList(out: Errors, path: string, schema: JSONSchemaProps, keys: readonly string[]): void {
  const at = `${path}.x-kubernetes-list-map-keys`
  if (keys.length === 0) out.push(required(at, 'must not be empty if x-kubernetes-list-type is map'))
  const { items } = schema
  if (!items) return void out.push(required(`${path}.items`, 'must have a schema if x-kubernetes-list-type is map'))
  if (Array.isArray(items)) {
    const why = 'must only have a single schema if x-kubernetes-list-type is map'
    return void out.push(invalid(`${path}.items`, items, why))
  }
  if (items.type !== 'object') {
    const why = "must be object if parent array's x-kubernetes-list-type is map"
    return void out.push(invalid(`${path}.items.type`, items.type ?? '', why))
  }
  keys.forEach((key, i) => {
    const property = items.properties?.[key]
    const where = `${path}.items.properties[${key}]`
    if (!property) out.push(invalid(at, keys, 'entries must all be names of item properties'))
    else if (property.type === 'array' || property.type === 'object') {
      const why = "must be a scalar type if parent array's x-kubernetes-list-type is map"
      out.push(invalid(`${where}.type`, items.type, why))
    }
    if (keys.indexOf(key) < i) out.push(invalid(at, keys, 'must not contain duplicate entries'))
    if (!property) return
    const what = 'this property is in x-kubernetes-list-map-keys, so it'
    if (!items.required?.includes(key) && property.default === undefined)
      out.push(required(`${where}.default`, `${what} must have a default or be a required property`))
    if (property.nullable) out.push(forbidden(`${where}.nullable`, `${what} cannot be nullable`))
  })
}

const reasons = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired']

const hasLineBreak = (text: string): boolean => /[\n\r]/.test(text)

function checkValidationRules(out: Errors, path: string, schema: JSONSchemaProps): void {
  schema['x-kubernetes-validations']?.forEach((one, i) => {
    const at = `${path}.x-kubernetes-validations[${i}]`
    const rule = (one.rule ?? '').trim()
    const { message = '', messageExpression = '', fieldPath = '' } = one
    if (rule === '') out.push(required(`${at}.rule`, 'rule is not specified'))
    else if (message !== '' && message.trim() === '')
      out.push(invalid(`${at}.message`, message, 'must be non-empty if specified'))
    else if (hasLineBreak(message.trim())) out.push(invalid(`${at}.message`, message, 'must not contain line breaks'))
    else if (hasLineBreak(rule) && message.trim() === '')
      out.push(required(`${at}.message`, 'message must be specified if rule contains line breaks'))
    if (messageExpression !== '' && messageExpression.trim() === '')
      out.push(required(`${at}.messageExpression`, 'messageExpression must be non-empty if specified'))
    if (one.reason !== undefined) checkOneOf(out, `${at}.reason`, one.reason, reasons)
    if (fieldPath === '') return
    if (fieldPath.trim() === '') out.push(invalid(`${at}.fieldPath`, fieldPath, 'must be non-empty if specified'))
    if (hasLineBreak(fieldPath)) out.push(invalid(`${at}.fieldPath`, fieldPath, 'must not contain line breaks'))
    if (!nodeAt(schema, fieldPath)) out.push(invalid(`${at}.fieldPath`, fieldPath, 'must be a valid path'))
  })
}

/** The schema that a simple JSON path (`.spec.names['a.b']`) leads to, or undefined. */
export function nodeAt(schema: JSONSchemaProps, path: string): JSONSchemaProps | undefined {
  let node: JSONSchemaProps | undefined = schema
  let rest = path
  while (rest !== '' && node) {
    const step = /^(?:\.([^.[\]]+)|\['([^']+)'\])/.exec(rest)
    if (!step) return undefined
    node = schemaOfMember(node, (step[1] ?? step[2])!)
    rest = rest.slice(step[0].length)
  }
  return node
}
