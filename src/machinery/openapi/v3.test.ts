import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PodSpec } from '../../api/core/v1/pod-spec.ts'
import { kinds } from '../../api/kinds.ts'
import { f } from '../../schema/field.ts'
import { kindsOf } from '../../schema/kind.ts'
import { int32, str } from '../../schema/type.ts'
import { groupsOf } from '../discovery/api-groups.ts'
import type { Schema } from './schema.ts'
import { type OpenApiDocument, OpenApiV3 } from './v3.ts'

const openApi = new OpenApiV3(groupsOf(kinds))

const schemasOf = ({ components }: OpenApiDocument) => components.schemas ?? {}
const parsed = (name: string): OpenApiDocument => JSON.parse(Buffer.from(openApi.document(name)!.bytes).toString())

test('every schema of every document, and every property of it, is described', () => {
  const bare: string[] = []
  for (const name of openApi.names()) {
    for (const [schemaName, schema] of Object.entries(schemasOf(parsed(name)))) {
      if (typeof schema.description !== 'string') bare.push(schemaName)
      for (const [property, { description }] of Object.entries((schema.properties ?? {}) as Record<string, Schema>)) {
        if (typeof description !== 'string') bare.push(`${schemaName} ${property}`)
      }
    }
  }
  assert.deepEqual(bare, [])
})

test('the description of a field is the declared one, beside the reference to its type', () => {
  const schemas = schemasOf(parsed('api/v1'))
  const { nodeName, affinity } = schemas[PodSpec.name]!.properties as Record<string, Schema>
  assert.equal(nodeName?.description, PodSpec.fields.nodeName.facts.docText)
  assert.deepEqual(affinity, {
    allOf: [{ $ref: '#/components/schemas/io.k8s.api.core.v1.Affinity' }],
    description: PodSpec.fields.affinity.facts.docText,
  })
})

test('every reference within a document leads to one of its schemas', () => {
  for (const name of Object.keys(openApi.index().paths)) {
    const text = Buffer.from(openApi.document(name)!.bytes).toString()
    const schemas = schemasOf(parsed(name))
    for (const match of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) assert.ok(match[1]! in schemas, match[1]!)
  }
})

test('the index names each document with the hash of its bytes', () => {
  const { hash } = openApi.document('apis/apps/v1')!
  assert.equal(openApi.index().paths['apis/apps/v1']?.serverRelativeURL, `/openapi/v3/apis/apps/v1?hash=${hash}`)
  assert.match(hash, /^[0-9A-F]{128}$/)
  assert.equal(openApi.document('apis/none/v1'), undefined)
})

test('a kind declared at run time is described, with its field documentation', () => {
  const widget = kindsOf('example.com', 'v1', 'com.example.v1')(
    'Widget',
    { size: f(1, int32).required().doc('How wide it is.'), colour: f(2, str).default('red') },
    { resource: { plural: 'widgets', singular: 'widget', namespaced: true, verbs: ['get', 'list', 'create'] } },
  )
  const document = new OpenApiV3(groupsOf([widget])).document('apis/example.com/v1')!
  const { components, paths } = JSON.parse(Buffer.from(document.bytes).toString()) as OpenApiDocument
  assert.deepEqual(components.schemas?.['com.example.v1.Widget'], {
    type: 'object',
    properties: {
      apiVersion: {
        type: 'string',
        description: 'APIVersion defines the group and version of the kind, as `apps/v1`.',
      },
      kind: { type: 'string', description: 'Kind of the object, in CamelCase.' },
      size: { type: 'integer', format: 'int32', description: 'How wide it is.' },
      colour: { type: 'string', default: 'red' },
    },
    required: ['size'],
    'x-kubernetes-group-version-kind': [{ group: 'example.com', version: 'v1', kind: 'Widget' }],
  })
  assert.ok('/apis/example.com/v1/namespaces/{namespace}/widgets/{name}' in paths)
})
