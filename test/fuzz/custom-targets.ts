/** Custom resources that stand through the whole run: every kind of schema at work on what is written. */
import type { JsonObject } from '../side-by-side/case.ts'
import type { FuzzedServer } from './fuzzed-server.ts'
import type { Target } from './target.ts'

const spec = {
  type: 'object',
  required: ['size'],
  'x-kubernetes-validations': [
    { rule: "self.size <= 10 || self.names.all(n, n.startsWith('a'))", message: 'too large' },
    { rule: '!has(oldSelf.size) || self.size >= oldSelf.size', messageExpression: '"no less than before"' },
  ],
  properties: {
    size: { type: 'integer', minimum: 0, maximum: 100, default: 1 },
    ratio: { type: 'number', multipleOf: 0.5 },
    replicas: { type: 'integer', format: 'int32' },
    names: { type: 'array', maxItems: 20, items: { type: 'string', maxLength: 20 }, 'x-kubernetes-list-type': 'set' },
    parts: {
      type: 'array',
      maxItems: 20,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name', 'port'],
      items: {
        type: 'object',
        required: ['name'],
        properties: {
          name: { type: 'string' },
          port: { type: 'integer', default: 80 },
          when: { type: 'string', format: 'date-time' },
        },
      },
    },
    labels: { type: 'object', additionalProperties: { type: 'string', pattern: '^[a-z0-9]*$' } },
    any: { 'x-kubernetes-preserve-unknown-fields': true },
    either: { 'x-kubernetes-int-or-string': true },
    template: {
      type: 'object',
      'x-kubernetes-embedded-resource': true,
      'x-kubernetes-preserve-unknown-fields': true,
    },
    choice: {
      type: 'object',
      oneOf: [{ required: ['a'] }, { required: ['b'] }],
      properties: { a: { type: 'string' }, b: { type: 'string' } },
    },
    maybe: { type: 'string', nullable: true, enum: ['x', 'y'] },
  },
}

const definition = (plural: string, kind: string, scope: string): JsonObject =>
  ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.steady.example.com` },
    spec: {
      group: 'steady.example.com',
      scope,
      names: { plural, singular: kind.toLowerCase(), kind },
      versions: ['v1', 'v2'].map(name => ({
        name,
        served: true,
        storage: name === 'v1',
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec,
              status: { type: 'object', properties: { replicas: { type: 'integer' }, selector: { type: 'string' } } },
            },
          },
        },
        subresources: {
          status: {},
          scale: {
            specReplicasPath: '.spec.replicas',
            statusReplicasPath: '.status.replicas',
            labelSelectorPath: '.status.selector',
          },
        },
        selectableFields: [{ jsonPath: '.spec.size' }, { jsonPath: '.spec.maybe' }],
        additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.parts[0].name' }],
      })),
    },
  }) as unknown as JsonObject

const sample = (version: string, kind: string, name: string): JsonObject => ({
  apiVersion: `steady.example.com/${version}`,
  kind,
  metadata: { name, labels: { app: 'a' } },
  spec: {
    size: 3,
    ratio: 1.5,
    replicas: 2,
    names: ['a', 'b'],
    parts: [{ name: 'a', port: 1, when: '2024-01-01T00:00:00Z' }, { name: 'b' }],
    labels: { a: 'b' },
    any: { deep: [1, 'x', null] },
    either: '50%',
    template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'inner' }, data: { a: 'b' } },
    choice: { a: 'x' },
    maybe: 'x',
  },
  status: { replicas: 1, selector: 'app=a' },
})

const targetOf = (version: string, plural: string, kind: string, isNamespaced: boolean): Target => ({
  name: kind,
  path: `/apis/steady.example.com/${version}${isNamespaced ? '/namespaces/corpus' : ''}/${plural}`,
  subresources: ['status', 'scale'],
  object: (_random, number) => ({ name: `c-${number}`, object: sample(version, kind, `c-${number}`) }),
})

const established = async (server: FuzzedServer, path: string): Promise<void> => {
  for (;;) {
    const { status } = await server.ask({ method: 'GET', path, headers: { accept: 'application/json' }, user: 0 })
    if (status === 200) return
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

export async function makeCustomTargets(server: FuzzedServer): Promise<Target[]> {
  const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
  await server.make(definitions, definition('boxes', 'Box', 'Namespaced'))
  await server.make(definitions, definition('crates', 'Crate', 'Cluster'))
  const targets = [
    targetOf('v1', 'boxes', 'Box', true),
    targetOf('v2', 'boxes', 'Box', true),
    targetOf('v1', 'crates', 'Crate', false),
  ]
  for (const { path } of targets) await established(server, path)
  return targets
}
