import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kinds } from '../../api/kinds.ts'
import { decodeMessage } from '../../schema/protobuf-decode.ts'
import { parseYaml } from '../../schema/yaml.ts'
import { groupsOf } from '../discovery/api-groups.ts'
import { type OpenApiV2Document, openApiV2 } from './v2.ts'
import { Document } from './v2-messages.ts'
import { openApiV2Protobuf } from './v2-protobuf.ts'

type Json = Record<string, unknown>
type Named = { readonly name: string; readonly value: Json }

const jsonOf = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown
const isNamed = (value: unknown): value is Named[] => Array.isArray(value) && value.every(each => 'name' in each)

/** Messages whose only member, or the one that is set, stands for themselves in JSON. */
const transparent: ReadonlySet<string> = new Set([
  ...['additionalProperties', 'path', 'responseCode'],
  ...['parameter', 'nonBodyParameter', 'bodyParameter', 'queryParameterSubSchema', 'pathParameterSubSchema'],
  ...['response', 'apiKeySecurity', 'boolean'],
])

const unnamed = (values: readonly Named[]) => Object.fromEntries(values.map(({ name, value }) => [name, back(value)]))

/** The JSON form of what was decoded, by the shapes of the messages alone. */
function back(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(back)
  if (typeof value !== 'object' || value === null) return value
  const { vendorExtension, ...members } = value as Json
  const [[key, member] = ['', undefined], ...more] = Object.entries(members)
  if (vendorExtension === undefined && more.length === 0) {
    if (key === 'yaml') return parseYaml(member as string)[0]
    if (transparent.has(key)) return isNamed(member) ? unnamed(member) : back(member)
  }
  const json = Object.fromEntries(Object.entries(members).map(([name, each]) => [name, backMember(name, each)]))
  return { ...json, ...(vendorExtension === undefined ? {} : unnamed(vendorExtension as Named[])) }
}

function backMember(name: string, value: unknown): unknown {
  const inner = (value ?? {}) as { schema?: unknown; value?: unknown[]; boolean?: boolean }
  if (name === 'type' && inner.value) return inner.value[0]
  if (name === 'items') return back((inner.schema as unknown[])[0])
  if ((name === 'schema' || name === 'additionalProperties') && inner.schema) return back(inner.schema)
  // A requirement of no scopes has no bytes.
  if (name === 'security') return [{ BearerToken: [] }]
  return back(value)
}

test('the document of all kinds survives the way to protobuf and back', () => {
  const document = openApiV2(groupsOf(kinds))
  const decoded = decodeMessage(Document, openApiV2Protobuf(document))
  assert.equal(decoded.definitions?.additionalProperties?.length, Object.keys(document.definitions).length)
  assert.deepEqual(decoded.security, [{ additionalProperties: [{ name: 'BearerToken', value: {} }] }])
  const json = back(decoded) as { [K in keyof OpenApiV2Document]: Json }
  const wanted = jsonOf(document) as typeof json
  for (const [name, schema] of Object.entries(wanted.definitions)) {
    assert.deepEqual(json.definitions[name], schema, name)
  }
  for (const [path, item] of Object.entries(wanted.paths)) assert.deepEqual(json.paths[path], item, path)
  assert.deepEqual(json, wanted)
})

const small = (members: Json): OpenApiV2Document => ({
  swagger: '2.0',
  info: { title: 'A', version: 'B' },
  paths: {},
  definitions: {},
  securityDefinitions: {},
  security: [],
  ...members,
})

/** Field 9, one entry named T, its value the given bytes of a Schema. */
function definition(...schema: number[]): string {
  const entry = [0x0a, 1, 0x54, 0x12, schema.length, ...schema]
  return Buffer.from([0x4a, entry.length + 2, 0x0a, entry.length, ...entry]).toString('hex')
}

test('the bytes are those of the published messages', () => {
  const head = '0a03322e30' /* swagger */ + '12060a0141120142' /* info */ + '4200' /* paths */
  const bytes = (T: Json) => Buffer.from(openApiV2Protobuf(small({ definitions: { T } }))).toString('hex')
  const around = (part: string) => `${head}${part}6a00`
  // type is field 22, a list in a message: tag 0xb2 0x01.
  assert.equal(bytes({ type: 'a' }), around(definition(0xb2, 1, 3, 0x0a, 1, 0x61)))
  // $ref is field 1.
  assert.equal(bytes({ $ref: '#' }), around(definition(0x0a, 1, 0x23)))
  // additionalProperties, field 21, is a choice: a false that is chosen is written.
  assert.equal(bytes({ additionalProperties: false }), around(definition(0xaa, 1, 2, 0x10, 0)))
  // Extensions, field 31: name, then the value as YAML in field 2 of Any.
  const extension = [0xfa, 1, 11, 0x0a, 3, 0x78, 0x2d, 0x61, 0x12, 4, 0x12, 2, 0x62, 0x0a]
  assert.equal(bytes({ 'x-a': 'b' }), around(definition(...extension)))
})

test('a member that has no field is an error, not left out', () => {
  assert.throws(
    () => openApiV2Protobuf(small({ definitions: { T: { oneOf: [] } } })),
    /Schema is declared without "oneOf"/,
  )
  const item = { parameters: [{ in: 'header', name: 'a' }] }
  assert.throws(() => openApiV2Protobuf(small({ paths: { '/': item } })), /parameter in "header"/)
})
