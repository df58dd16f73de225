/** What an author is told of a schema that is accepted (upstream: the strategy of customresourcedefinitions). */
import type { CustomResourceDefinitionSpec } from '../../api/apiextensions/v1/custom-resource-definition.ts'
import type { JSONSchemaProps } from '../../api/apiextensions/v1/json-schema-props.ts'
import { stringifyJson } from '../../schema/json-encode.ts'

/** Of texts, as upstream lists them; hyphens do not count. */
const textFormats: ReadonlySet<string> = new Set(
  'bsonobjectid uri email hostname ipv4 ipv6 cidr mac uuid uuid3 uuid4 uuid5 isbn isbn10 isbn13 creditcard ssn hexcolor rgbcolor byte password date duration datetime k8sshortname k8slongname'.split(
    ' ',
  ),
)
const numberFormats: Readonly<Record<string, readonly string[]>> = {
  integer: ['int32', 'int64'],
  number: ['float', 'double'],
}

function knowsFormat(type: string, format: string): boolean {
  if (type === '' || type === 'string') return textFormats.has(format.replaceAll('-', ''))
  return numberFormats[type]?.includes(format) ?? false
}

/** Of a change, only what is new. */
export function schemaWarnings(spec: CustomResourceDefinitionSpec, old?: CustomResourceDefinitionSpec): string[] {
  const before = new Set(old ? warningsOf(old) : [])
  return warningsOf(spec).filter(warning => !before.has(warning))
}

function warningsOf({ versions = [] }: CustomResourceDefinitionSpec): string[] {
  const schemas = versions.flatMap(({ schema }) => (schema?.openAPIV3Schema ? [schema.openAPIV3Schema] : []))
  // A schema that all versions share is looked at once.
  const different = [...new Map(schemas.map(schema => [stringifyJson(schema), schema])).values()]
  const formats: string[] = []
  const sets = new Set<string>()
  for (const schema of different) walk(schema, formats, sets)
  return [...formats, ...[...sets].sort()]
}

function walk(schema: JSONSchemaProps, formats: string[], sets: Set<string>): void {
  const { type = '', format, items, additionalProperties: more, additionalItems, not } = schema
  if (format && !knowsFormat(type, format)) formats.push(`unrecognized format ${JSON.stringify(format)}`)
  const itemType = items && !Array.isArray(items) ? items.type : undefined
  if (schema['x-kubernetes-list-type'] === 'set' && (itemType === 'object' || itemType === 'array')) {
    const what = `x-kubernetes-list-type: set for items of type "${itemType}"`
    sets.add(`${what} is not supported by server-side apply or CEL validation rules`)
  }
  const inner = [
    ...(items ? [items].flat() : []),
    ...[schema.allOf, schema.anyOf, schema.oneOf].flatMap(list => list ?? []),
    ...[schema.properties, schema.patternProperties, schema.definitions].flatMap(map => Object.values(map ?? {})),
    ...[not, more, additionalItems].filter(one => typeof one === 'object'),
    ...Object.values(schema.dependencies ?? {}).filter(one => !Array.isArray(one)),
  ] as JSONSchemaProps[]
  for (const one of inner) walk(one, formats, sets)
}
