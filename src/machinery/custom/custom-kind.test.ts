import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CustomResourceDefinition } from '../../api/apiextensions/v1/custom-resource-definition.ts'
import type { JSONSchemaProps } from '../../api/apiextensions/v1/json-schema-props.ts'
import { decodeValue } from '../../schema/json-decode.ts'
import { type Shape, structShapeOf } from '../apply/shape.ts'
import { validateObject } from '../validation/validate.ts'
import { customKind } from './custom-kind.ts'

function kindWith(spec: JSONSchemaProps) {
  const version = {
    name: 'v1',
    served: true,
    storage: true,
    schema: { openAPIV3Schema: { type: 'object', properties: { spec } } },
  }
  const definition = {
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { kind: 'Widget', plural: 'widgets' },
      versions: [version],
    },
    status: {},
  } as unknown as CustomResourceDefinition
  return customKind(definition, definition.spec.versions![0]!)
}

const ports: JSONSchemaProps = {
  type: 'array',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['port'],
  items: { type: 'object', properties: { port: { type: 'integer' } } },
}

function membersOf(shape: Shape | undefined) {
  assert.ok(shape?.is === 'struct')
  return shape.members()
}

test('what is declared in an object that keeps unknown members is merged as declared', () => {
  const kind = kindWith({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true, properties: { ports } })
  const spec = membersOf(structShapeOf(kind)).get('spec')!.shape
  assert.equal(spec.is === 'struct' && spec.isOpen, true)
  assert.equal(membersOf(spec).get('ports')!.shape.is, 'list')
})

const embedding: JSONSchemaProps = {
  type: 'object',
  properties: { template: { type: 'object', 'x-kubernetes-embedded-resource': true, properties: { ports } } },
}

test('an object inside of another has metadata as every object has', () => {
  const spec = membersOf(structShapeOf(kindWith(embedding))).get('spec')!.shape
  const metadata = membersOf(membersOf(spec).get('template')!.shape).get('metadata')!.shape
  assert.equal(membersOf(metadata).get('finalizers')!.shape.is, 'set')
})

test('unknown members of the metadata of an object inside of another go, and are told', () => {
  const object = {
    metadata: { name: 'a' },
    spec: { template: { kind: 'Sub', metadata: { name: 'b', unknown: 1, creationTimestamp: null }, other: true } },
  }
  const decoded = decodeValue(kindWith(embedding), object)
  assert.deepEqual(decoded.unknownFields, ['spec.template.metadata.unknown', 'spec.template.other'])
  assert.deepEqual((decoded.object as unknown as typeof object).spec, {
    template: { kind: 'Sub', metadata: { name: 'b' } },
  })
})

test('members named as what every object of JavaScript has are members like others', () => {
  const value: JSONSchemaProps = { type: 'object', properties: { a: { type: 'integer', default: 1 } } }
  const kind = kindWith({
    type: 'object',
    properties: { map: { type: 'object', additionalProperties: value }, closed: value },
  })
  const object = {
    metadata: { name: 'a', namespace: 'b' },
    spec: { map: { constructor: { a: 2 } }, closed: { a: 1, valueOf: 3 } },
  }
  const decoded = decodeValue(kind, object)
  assert.deepEqual(decoded.unknownFields, ['spec.closed.valueOf'])
  assert.deepEqual((decoded.object as unknown as typeof object).spec.map, { constructor: { a: 2 } })
  const wrong = { ...object, spec: { map: { constructor: { a: 'x' }, toString: 1 } } }
  const faults = validateObject(kind, wrong, undefined, '')
  assert.deepEqual(
    faults.map(({ field }) => field),
    ['spec.map.constructor.a', 'spec.map.toString'],
  )
})
