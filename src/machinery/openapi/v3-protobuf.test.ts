import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kinds } from '../../api/kinds.ts'
import { decodeMessage } from '../../schema/protobuf-decode.ts'
import { parseYaml } from '../../schema/yaml.ts'
import { groupsOf } from '../discovery/api-groups.ts'
import { OpenApiV3 } from './v3.ts'
import { Document } from './v3-messages.ts'
import { openApiV3Protobuf } from './v3-protobuf.ts'

type Json = Record<string, unknown>
type Named = { readonly name: string; readonly value: Json }

const jsonOf = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown

/** Members by which a choice or a map is told, which stand for what they hold. */
const transparent: ReadonlySet<string> = new Set([
  ...['schema', 'reference', 'parameter', 'requestBody', 'response', 'securityScheme', 'schemaOrReference', 'boolean'],
  ...['number', 'string', 'yaml'],
])

const unnamed = (values: readonly Named[]): Json =>
  Object.fromEntries(values.map(({ name, value }) => [name, back(value)]))

/** The JSON form of what was decoded. */
function back(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(back)
  if (typeof value !== 'object' || value === null) return value
  const { specificationExtension, additionalProperties, path, ...members } = value as Json
  const names = Object.keys(members)
  if (specificationExtension === undefined && names.length === 0) {
    if (Array.isArray(additionalProperties)) return unnamed(additionalProperties)
    if (Array.isArray(path)) return unnamed(path)
  }
  const [only = ''] = names
  // A parameter, a response and a media type have a schema besides their choices.
  const isChoice = names.length === 1 && specificationExtension === undefined && additionalProperties === undefined
  if (isChoice && only === 'yaml') return parseYaml(members.yaml as string)[0]
  if (isChoice && transparent.has(only)) return back(members[only])
  const json = Object.fromEntries(Object.entries(members).map(([name, each]) => [name, backMember(name, each)]))
  return {
    ...json,
    ...(additionalProperties === undefined ? {} : { additionalProperties: back(additionalProperties) }),
    ...(specificationExtension === undefined ? {} : unnamed(specificationExtension as Named[])),
  }
}

function backMember(name: string, value: unknown): unknown {
  if (name === 'items') return back(((value as Json).schemaOrReference as unknown[])[0])
  if (name === 'responses') {
    const { default: otherwise, responseOrReference = [] } = value as { default?: Json; responseOrReference?: Named[] }
    return { ...(otherwise ? { default: back(otherwise) } : {}), ...unnamed(responseOrReference) }
  }
  return back(value)
}

/** Media types have one member, the schema, as its choice has: both are taken off, and put on again for the comparison. */
const plain = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value as Json)
  if (members.length === 1 && members[0]?.[0] === 'schema') return plain(members[0][1])
  return Object.fromEntries(members.map(([name, each]) => [name, plain(each)]))
}

test('the documents of all kinds survive the way to protobuf and back', () => {
  const documents = new OpenApiV3(groupsOf(kinds))
  for (const name of documents.names()) {
    const document = documents.value(name)
    assert.ok(document)
    const decoded = back(decodeMessage(Document, documents.protobuf(name) as Uint8Array)) as Json
    const wanted = jsonOf(document) as Json
    assert.deepEqual(plain(decoded.info), plain(wanted.info), name)
    assert.deepEqual(plain(decoded.paths), plain(wanted.paths), name)
    const schemas = (of: Json) => ((of.components as Json).schemas ?? {}) as Json
    for (const [each, schema] of Object.entries(schemas(wanted)))
      assert.deepEqual(plain(schemas(decoded)[each]), plain(schema), `${name} ${each}`)
  }
})

test('choices keep what is false, zero or empty', () => {
  const schemas = {
    Any: {
      type: 'object',
      additionalProperties: false,
      properties: {
        no: { type: 'boolean', default: false },
        none: { type: 'integer', default: 0 },
        empty: { type: 'string', default: '' },
        object: { type: 'object', default: {} },
        choice: {
          oneOf: [{ type: 'string' }, { not: { type: 'array' } }, { $ref: '#/components/schemas/Any' }],
          enum: ['a', 1, null],
        },
      },
    },
  }
  const document = {
    openapi: '3.0.0',
    info: { title: 'a', version: 'b' },
    paths: {},
    components: { schemas, securitySchemes: {} },
  } as const
  const decoded = decodeMessage(Document, openApiV3Protobuf(document)) as Json
  const [any] = ((decoded.components as Json).schemas as Json).additionalProperties as Named[]
  assert.ok(any)
  const { schema } = any.value as { schema: Json }
  assert.deepEqual(schema.additionalProperties, { boolean: false })
  const properties = (schema.properties as Json).additionalProperties as Named[]
  const defaultOf = (name: string): unknown => {
    const property = properties.find(each => each.name === name)
    assert.ok(property)
    return (property.value.schema as Json).default
  }
  assert.deepEqual(defaultOf('no'), { boolean: false })
  assert.deepEqual(defaultOf('none'), { number: 0 })
  assert.deepEqual(defaultOf('empty'), { string: '' })
  assert.deepEqual(defaultOf('object'), {})
})
