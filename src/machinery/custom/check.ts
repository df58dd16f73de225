/** Checks values against a structural schema, in the words of upstream's OpenAPI validation. */
import { isDeepStrictEqual } from 'node:util'
import { RE2JS } from 're2js'
import type { JSONSchemaProps } from '../../api/apiextensions/v1/json-schema-props.ts'
import { duplicate, type FieldError, invalid, notSupported, required, tooMany } from '../../schema/field-error.ts'
import { stringifyJson } from '../../schema/json-encode.ts'
import { ownMember } from '../../schema/json-exact.ts'
import { matchesFormat } from './formats.ts'
import { schemaOfMember } from './member-schema.ts'

type Json = Record<string, unknown>
type Errors = FieldError[]

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

const isNumber = (value: unknown): value is number | bigint => typeof value === 'number' || typeof value === 'bigint'

function typeOf(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return 'array'
  // A float beyond 2^53 is no integer, although its fraction is none.
  if (isNumber(value)) return typeof value === 'bigint' || Number.isSafeInteger(value) ? 'integer' : 'number'
  return typeof value
}

const typeInvalid = (path: string, value: unknown, message: string): FieldError => ({
  ...invalid(path, value, message),
  reason: 'FieldValueTypeInvalid',
})

const inBody = (path: string, what: string): string => (path === '' ? `in body ${what}` : `${path} in body ${what}`)

/** What upstream's library says of a value without naming its field. */
const pathless = (path: string, what: string): FieldError => invalid('<nil>', '', `${JSON.stringify(path)} ${what}`)

const integerRanges: Readonly<Record<string, readonly [least: number, most: number]>> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  int64: [-(2 ** 63), 2 ** 63 - 1025],
}

/** Integers beyond their format. */
function checkRange(out: Errors, path: string, value: unknown, { type, format = '' }: JSONSchemaProps): void {
  if (type !== 'integer' || !isNumber(value)) return
  const [least, most] = integerRanges[format] ?? [-Infinity, Infinity]
  const isInteger = typeof value === 'bigint' || Number.isInteger(value)
  if (isInteger && value >= least && value <= most) return
  const kind = format === '' ? 'integer (default format)' : `integer with format ${format}`
  out.push(invalid('<nil>', '', `Checked value must be of type ${kind} in ${path}`))
}

/** Adds what is wrong with a value at a path. What has not changed is not judged again (KEP-4008). */
export function checkValue(out: Errors, path: string, value: unknown, schema: JSONSchemaProps, old?: unknown): void {
  if (old !== undefined && isDeepStrictEqual(value, old)) return
  if (value === null && schema.nullable) return
  const isOfType = checkType(out, path, value, schema)
  checkRange(out, path, value, schema)
  if (schema.enum && !schema.enum.some(one => isDeepStrictEqual(one, value))) {
    const values = schema.enum.map(one => (typeof one === 'string' ? one : stringifyJson(one)))
    out.push(notSupported(path, value, values))
  }
  if (!isOfType && isNumber(value)) checkNumber(out, path, Number(value), schema)
  if (!isOfType) return
  if (typeof value === 'string') checkText(out, path, value, schema)
  else if (isNumber(value)) checkNumber(out, path, Number(value), schema)
  else if (Array.isArray(value)) checkList(out, path, value, schema, old)
  else if (isObject(value)) checkObject(out, path, value, schema, isObject(old) ? old : undefined)
  checkJunctors(out, path, value, schema)
}

/** A whole number that Go reads as a float, for no integer of 64 bits holds it. */
const isBeyondIntegers = (value: unknown): boolean =>
  typeof value === 'number' && Number.isInteger(value) && Math.abs(value) >= 2 ** 63

function checkType(out: Errors, path: string, value: unknown, schema: JSONSchemaProps): boolean {
  const found = typeOf(value)
  if (schema['x-kubernetes-int-or-string']) {
    if (found === 'integer' || found === 'string') return true
    out.push(typeInvalid(path, found, inBody(path, `must be of type integer,string: ${JSON.stringify(found)}`)))
    return false
  }
  const wanted = schema.type
  if (wanted === 'integer' && schema.format && isBeyondIntegers(value)) {
    out.push(typeInvalid(path, 'float64', inBody(path, `must be of type ${schema.format}: "float64"`)))
    return false
  }
  if (!wanted || found === wanted || (wanted === 'number' && found === 'integer')) return true
  out.push(typeInvalid(path, found, inBody(path, `must be of type ${wanted}: ${JSON.stringify(found)}`)))
  return false
}

/** RE2's language, as upstream's, and its bound on time. */
const patterns = new Map<string, RE2JS>()
const maxPatterns = 1_000

/** What is wrong with a text as upstream's checker says it, or undefined. A pattern that is none matches nothing. */
function patternFault(pattern: string, value: string): string | undefined {
  try {
    return patternOf(pattern).matcher(value).find() ? undefined : `should match '${pattern}'`
  } catch (error) {
    return `should match '${pattern}, but pattern is invalid: ${(error as Error).message}'`
  }
}

function patternOf(text: string): RE2JS {
  const known = patterns.get(text)
  if (known) return known
  const made = RE2JS.compile(text)
  if (patterns.size >= maxPatterns) patterns.clear()
  patterns.set(text, made)
  return made
}

function checkText(out: Errors, path: string, value: string, schema: JSONSchemaProps): void {
  const { maxLength, minLength, pattern, format } = schema
  const length = maxLength === undefined && minLength === undefined ? 0 : [...value].length
  if (maxLength !== undefined && length > maxLength) {
    const message = `Too long: may not be more than ${maxLength} bytes`
    out.push({ reason: 'FieldValueTooLong', field: path, message })
  }
  if (minLength !== undefined && length < minLength)
    out.push(invalid(path, value, inBody(path, `should be at least ${minLength} chars long`)))
  const fault = pattern ? patternFault(pattern, value) : undefined
  if (fault !== undefined) out.push(invalid(path, value, inBody(path, fault)))
  if (format && !matchesFormat(format, value))
    out.push(typeInvalid(path, value, inBody(path, `must be of type ${format}: ${JSON.stringify(value)}`)))
}

function checkNumber(out: Errors, path: string, value: number, schema: JSONSchemaProps): void {
  const { maximum, exclusiveMaximum, minimum, exclusiveMinimum, multipleOf } = schema
  const refuse = (what: string) => out.push(invalid(path, value, inBody(path, what)))
  if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum))
    refuse(`should be less than ${exclusiveMaximum ? '' : 'or equal to '}${maximum}`)
  if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum))
    refuse(`should be greater than ${exclusiveMinimum ? '' : 'or equal to '}${minimum}`)
  if (multipleOf !== undefined && !Number.isInteger(value / multipleOf)) refuse(`should be a multiple of ${multipleOf}`)
}

function checkList(out: Errors, path: string, value: readonly unknown[], schema: JSONSchemaProps, old: unknown): void {
  const { maxItems, minItems, items } = schema
  if (maxItems !== undefined && value.length > maxItems) out.push(tooMany(path, value.length, maxItems))
  if (minItems !== undefined && value.length < minItems)
    out.push(invalid(path, value.length, inBody(path, `should have at least ${minItems} items`)))
  if (items && !Array.isArray(items)) {
    value.forEach((item, i) => {
      checkValue(out, `${path}[${i}]`, item, items, partnerOf(schema, item, old))
    })
  }
  checkUnique(out, path, value, schema)
}

/** The item of the old list that is the same thing, where items have keys. */
export function partnerOf(schema: JSONSchemaProps, item: unknown, old: unknown): unknown {
  const keys = schema['x-kubernetes-list-map-keys']
  if (schema['x-kubernetes-list-type'] !== 'map' || !keys || !Array.isArray(old) || !isObject(item)) return undefined
  return old.find(other => isObject(other) && keys.every(key => isDeepStrictEqual(other[key], item[key])))
}

/** Items of sets and maps are told apart. */
function checkUnique(out: Errors, path: string, value: readonly unknown[], schema: JSONSchemaProps): void {
  const listType = schema['x-kubernetes-list-type']
  if (listType !== 'set' && listType !== 'map') return
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  const known = new Set<string>()
  value.forEach((item, i) => {
    const identity =
      listType === 'set' ? item : Object.fromEntries(keys.map(key => [key, isObject(item) ? item[key] : undefined]))
    const text = stringifyJson(identity)
    if (known.has(text)) out.push(duplicate(`${path}[${i}]`, identity))
    known.add(text)
  })
}

function checkObject(out: Errors, path: string, value: Json, schema: JSONSchemaProps, old: Json | undefined): void {
  const { required: names = [], maxProperties, minProperties } = schema
  const at = (name: string) => (path === '' ? name : `${path}.${name}`)
  const count = Object.keys(value).length
  if (maxProperties !== undefined && count > maxProperties) out.push(tooMany(path, count, maxProperties))
  if (minProperties !== undefined && count < minProperties)
    out.push(invalid(path, count, inBody(path, `should have at least ${minProperties} properties`)))
  for (const name of names) if (value[name] === undefined) out.push(required(at(name)))
  for (const [name, member] of Object.entries(value)) {
    const property = schemaOfMember(schema, name)
    if (property && member !== undefined) checkValue(out, at(name), member, property, ownMember(old, name))
  }
}

function checkJunctors(out: Errors, path: string, value: unknown, schema: JSONSchemaProps): void {
  const errorsOf = (one: JSONSchemaProps): Errors => {
    const errors: Errors = []
    checkValue(errors, path, value, one)
    return errors
  }
  const { allOf, anyOf, oneOf, not } = schema
  if (allOf) {
    const errors = allOf.flatMap(errorsOf)
    if (errors.length > 0) out.push(...errors, pathless(path, 'must validate all the schemas (allOf)'))
  }
  if (anyOf) {
    const all = anyOf.map(errorsOf)
    if (!all.some(errors => errors.length === 0)) {
      const best = all.reduce((least, errors) => (errors.length < least.length ? errors : least))
      out.push(pathless(path, 'must validate at least one schema (anyOf)'), ...best)
    }
  }
  if (oneOf) {
    const all = oneOf.map(errorsOf)
    const valid = all.filter(errors => errors.length === 0).length
    const intro = 'must validate one and only one schema (oneOf).'
    if (valid === 0) {
      const best = all.reduce((least, errors) => (errors.length < least.length ? errors : least))
      out.push(pathless(path, `${intro} Found none valid`), ...best)
    } else if (valid > 1) out.push(pathless(path, `${intro} Found ${valid} valid alternatives`))
  }
  if (not && errorsOf(not).length === 0) out.push(pathless(path, 'must not validate the schema (not)'))
}
