/** How large values of a structural schema can be (upstream: apiserver's cel/common, SchemaDeclType). */
import type { JSONSchemaProps } from '../../api/apiextensions/v1/json-schema-props.ts'
import type { DeclaredSize, Path } from '../cel/cost/estimate.ts'
import { memberBehind, schemaOfWhole } from './rule-types.ts'

/** What one request can bring at most. */
const maxRequestBytes = 3 * 1024 * 1024

/** A character can take up to four bytes. */
const bytesPerCharacter = 4

interface Declared {
  /** Most items of a list, members of a map, characters of a text; 0 for what has no size. */
  readonly most: number
  /** Of the shortest JSON. */
  readonly minBytes: number
  readonly element?: Declared
  readonly key?: Declared
  readonly field?: (name: string) => Declared | undefined
}

const notNegative = (value: number): number => Math.max(0, value)
const characters = (maxLength: number): number => notNegative(maxLength) * bytesPerCharacter

const known = new WeakMap<JSONSchemaProps, { readonly declared: Declared | undefined }>()

function declaredOf(schema: JSONSchemaProps, isWhole = false): Declared | undefined {
  const made = known.get(schema)
  if (made) return made.declared
  const declared = declare(schema, isWhole || schema['x-kubernetes-embedded-resource'] === true)
  known.set(schema, { declared })
  return declared
}

function declare(schema: JSONSchemaProps, isWhole: boolean): Declared | undefined {
  if (schema['x-kubernetes-int-or-string'])
    return { most: schema.maxLength === undefined ? maxRequestBytes - 2 : characters(schema.maxLength), minBytes: 1 }
  switch (schema.type) {
    case 'array':
      return list(schema)
    case 'object':
      return typeof schema.additionalProperties === 'object'
        ? map(schema, schema.additionalProperties)
        : object(schemaOfWhole(schema, isWhole))
    case 'string':
      return text(schema)
    case 'boolean':
      return { most: 0, minBytes: 4 }
    case 'number':
    case 'integer':
      return { most: 0, minBytes: 1 }
    default:
      return undefined
  }
}

function list({ items, maxItems }: JSONSchemaProps): Declared | undefined {
  const element = items && !Array.isArray(items) ? declaredOf(items) : undefined
  if (!element) return undefined
  const most = maxItems === undefined ? Math.floor((maxRequestBytes - 2) / (element.minBytes + 1)) : maxItems
  return { most: notNegative(most), minBytes: 2, element }
}

/** Nothing is said about the keys of maps: upstream counts them as empty. */
const undeclaredKey: Declared = { most: 0, minBytes: 2 }

/** A key has two quotation marks at least, a colon and a comma behind. */
function map({ maxProperties }: JSONSchemaProps, values: JSONSchemaProps): Declared | undefined {
  const element = declaredOf(values)
  if (!element) return undefined
  const most = maxProperties === undefined ? Math.floor((maxRequestBytes - 2) / (element.minBytes + 6)) : maxProperties
  return { most: notNegative(most), minBytes: 2, element, key: undeclaredKey }
}

function object({ properties = {}, required = [] }: JSONSchemaProps): Declared {
  let minBytes = 2
  // Defaults are filled in by the server, so that no request needs to bring them.
  for (const name of new Set(required)) {
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined
    const declared = property && property.default === undefined ? declaredOf(property) : undefined
    if (declared) minBytes += name.length + declared.minBytes + 4
  }
  const field = (name: string): Declared | undefined => {
    const member = memberBehind(name)
    return Object.hasOwn(properties, member) ? declaredOf(properties[member] as JSONSchemaProps) : undefined
  }
  return { most: 0, minBytes, field }
}

const formats: Readonly<Record<string, Declared>> = {
  duration: { most: 32, minBytes: 3 },
  date: { most: 12, minBytes: 12 },
  'date-time': { most: 32, minBytes: 21 },
}

function text({ format = '', maxLength, enum: values }: JSONSchemaProps): Declared {
  const formatted = Object.hasOwn(formats, format) ? formats[format] : undefined
  if (formatted) return formatted
  if (maxLength !== undefined)
    return { most: format === 'byte' ? notNegative(maxLength) : characters(maxLength), minBytes: 2 }
  if (format === 'byte' || !values?.length) return { most: maxRequestBytes - 2, minBytes: 2 }
  return {
    most: Math.max(...values.map(value => (typeof value === 'string' ? Buffer.byteLength(value) : 0))),
    minBytes: 2,
  }
}

function follow(root: Declared, path: Path): Declared | undefined {
  let current: Declared | undefined = root
  // The first part is the variable.
  for (const name of path.slice(1)) {
    if (name === '@items' || name === '@values') current = current?.element
    else if (name === '@keys') current = current?.key
    else current = current?.field?.(name)
    if (!current) return undefined
  }
  return current
}

/** Of the parts of the value that a rule stands at. */
export function declaredSizes(schema: JSONSchemaProps, isWhole: boolean): DeclaredSize {
  const root = declaredOf(schema, isWhole)
  return path => {
    const declared = root && follow(root, path)
    return declared && { min: 0, max: declared.most }
  }
}

/** How often a value can occur in one object, where the lists and maps around it have no bounds. */
export function maxOccurrences(schema: JSONSchemaProps, isWhole: boolean): number {
  const minBytes = declaredOf(schema, isWhole)?.minBytes ?? 1
  return Math.floor(maxRequestBytes / (minBytes + 1))
}
