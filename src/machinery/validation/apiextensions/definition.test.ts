import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CustomResourceDefinition } from '../../../api/apiextensions/v1/custom-resource-definition.ts'
import type { JSONSchemaProps } from '../../../api/apiextensions/v1/json-schema-props.ts'
import { decodeObject } from '../../../schema/json-decode.ts'
import { encodeObject } from '../../../schema/json-encode.ts'
import { decodeEnvelope } from '../../../schema/protobuf-decode.ts'
import { encodeEnvelope } from '../../../schema/protobuf-encode.ts'
import { applyDefaults } from '../../defaulting.ts'
import { validateObject } from '../validate.ts'

const definition = (properties: Record<string, JSONSchemaProps>, version: object = {}, spec: object = {}) => ({
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    names: { plural: 'widgets', kind: 'Widget' },
    scope: 'Namespaced',
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', properties } },
        ...version,
      },
    ],
    ...spec,
  },
})

function errorsOf(object: unknown): string[] {
  const copy = decodeObject(CustomResourceDefinition, JSON.stringify(object)).object
  applyDefaults(CustomResourceDefinition, copy)
  return validateObject(CustomResourceDefinition, copy, undefined, '').map(
    ({ field, message }) => `${field}: ${message}`,
  )
}

const at = 'spec.validation.openAPIV3Schema'

test('a definition is named for its resource, has one storage version and fills in names', () => {
  assert.deepEqual(errorsOf(definition({ spec: { type: 'string' } })), [])
  assert.match(
    errorsOf({ ...definition({}), metadata: { name: 'x' } }).join(),
    /must be spec.names.plural\+"\."\+spec.group/,
  )
  const two = definition({}, {}, { versions: [] })
  assert.match(errorsOf(two).join('\n'), /must have exactly one version marked as storage version/)
  const filled = structuredClone(definition({})) as unknown as CustomResourceDefinition
  applyDefaults(CustomResourceDefinition, filled)
  assert.equal(filled.spec.names.listKind, 'WidgetList')
  assert.equal(filled.spec.names.singular, 'widget')
  assert.deepEqual(filled.spec.conversion, { strategy: 'None' })
})

test('schemas are structural: every node has a type, restrictions speak of declared nodes alone', () => {
  assert.deepEqual(errorsOf(definition({ a: {} })), [
    `${at}.properties[a].type: Required value: must not be empty for specified object fields`,
  ])
  assert.deepEqual(
    errorsOf(definition({ a: { type: 'object', anyOf: [{ properties: { b: { minLength: 1 } } }] } })),
    [],
  )
  const nested = { type: 'object', properties: {}, anyOf: [{ type: 'string' }] }
  assert.deepEqual(errorsOf(definition({ a: nested })), [
    `${at}.properties[a].anyOf[0].type: Forbidden: must be empty to be structural`,
  ])
  const port: JSONSchemaProps = {
    'x-kubernetes-int-or-string': true,
    anyOf: [{ type: 'integer' }, { type: 'string' }],
  }
  assert.deepEqual(errorsOf(definition({ port })), [])
  assert.deepEqual(errorsOf(definition({ a: { type: 'array' } })), [
    `${at}.properties[a].items: Required value: must be specified`,
  ])
})

test('what OpenAPI knows and custom resources do not is refused', () => {
  assert.deepEqual(errorsOf(definition({ a: { type: 'string', $ref: '#/x' } })), [
    `${at}.properties[a].$ref: Forbidden: $ref is not supported`,
  ])
  const map = { type: 'object', properties: { a: { type: 'string' } }, additionalProperties: { type: 'string' } }
  assert.deepEqual(errorsOf(definition({ map })), [
    `${at}.properties[map].additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive`,
  ])
  const list: JSONSchemaProps = {
    type: 'array',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['name'],
    items: { type: 'object', properties: { name: { type: 'string' } } },
  }
  assert.deepEqual(errorsOf(definition({ list })), [
    `${at}.properties[list].items.properties[name].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property`,
  ])
})

test('protected groups need an approval', () => {
  const object = definition({}, {}, { group: 'x.k8s.io' })
  object.metadata.name = 'widgets.x.k8s.io'
  assert.deepEqual(errorsOf(object), [
    'metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111',
  ])
})

test('a schema or a boolean, a schema or a list survive JSON and protobuf', () => {
  const object = definition({
    open: { type: 'object', additionalProperties: true },
    closed: { type: 'object', additionalProperties: false },
    map: { type: 'object', additionalProperties: { type: 'string' } },
    list: { type: 'array', items: { type: 'string', default: 'x', enum: ['x', 1, null] } },
    tuple: { type: 'array', items: [{ type: 'string' }, { type: 'integer' }] },
  })
  const decoded = decodeObject(CustomResourceDefinition, JSON.stringify(object))
  assert.deepEqual(decoded.unknownFields, [])
  const back = JSON.parse(Buffer.from(encodeObject(CustomResourceDefinition, decoded.object)).toString())
  assert.deepEqual(back.spec, object.spec)
  const envelope = encodeEnvelope(CustomResourceDefinition, decoded.object)
  assert.deepEqual(decodeEnvelope(CustomResourceDefinition, envelope).spec, decoded.object.spec)
})
