import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JSONSchemaProps } from '../../api/apiextensions/v1/json-schema-props.ts'
import { schemaWarnings } from './schema-warnings.ts'

const spec = (schema: JSONSchemaProps, versions = ['v1']) =>
  ({ versions: versions.map(name => ({ name, schema: { openAPIV3Schema: schema } })) }) as never

test('formats that nothing checks are told once for all versions, and only when they are new', () => {
  const schema: JSONSchemaProps = {
    type: 'object',
    properties: {
      a: { type: 'string', format: 'date-time' },
      b: { type: 'array', items: { type: 'string', format: 'moon-phase' } },
      c: { type: 'integer', format: 'double' },
    },
  }
  const told = ['unrecognized format "moon-phase"', 'unrecognized format "double"']
  assert.deepEqual(schemaWarnings(spec(schema, ['v1', 'v2'])), told)
  assert.deepEqual(schemaWarnings(spec(schema), spec(schema)), [])
})

test('sets of objects cannot be merged', () => {
  const list: JSONSchemaProps = { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'object' } }
  assert.deepEqual(schemaWarnings(spec(list)), [
    'x-kubernetes-list-type: set for items of type "object" is not supported by server-side apply or CEL validation rules',
  ])
})
