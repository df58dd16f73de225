import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { CustomResourceDefinition } from '../../api/apiextensions/v1/custom-resource-definition.ts'
import type { JSONSchemaProps } from '../../api/apiextensions/v1/json-schema-props.ts'
import { Document } from '../../machinery/openapi/v3-messages.ts'
import { decodeMessage } from '../../schema/protobuf-decode.ts'
import { type Answer, requestOf, send, startTestServer, type TestServer } from '../testing/test-server.ts'
import { WebhookClient } from '../webhooks/webhook-client.ts'
import type { CustomResources } from './custom-resources.ts'
import { customResourcesOf, settle } from './testing/custom-resources.ts'

let server: TestServer
let resources: CustomResources

const settled = () => settle(server, resources)
before(async () => {
  server = await startTestServer()
  const { reader } = server.server.registry
  resources = customResourcesOf(server, new WebhookClient({ reader, random: () => 0 }))
})
after(async () => {
  await resources.stop()
  await server.close()
})

const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'

const schema: JSONSchemaProps = {
  type: 'object',
  description: 'A widget.',
  properties: {
    spec: {
      type: 'object',
      required: ['size'],
      properties: {
        size: { type: 'integer', minimum: 1, maximum: 10 },
        colour: { type: 'string', default: 'red', enum: ['red', 'green'] },
        port: { 'x-kubernetes-int-or-string': true },
        open: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        parts: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
          items: {
            type: 'object',
            required: ['name'],
            properties: { name: { type: 'string' }, count: { type: 'integer' } },
          },
        },
        replicas: { type: 'integer' },
      },
    },
    status: {
      type: 'object',
      properties: { ready: { type: 'boolean' }, replicas: { type: 'integer' }, selector: { type: 'string' } },
    },
  },
}

function definition(plural: string, change: object = {}, version: object = {}) {
  const kind = `${plural[0]!.toUpperCase()}${plural.slice(1, -1)}`
  return {
    metadata: { name: `${plural}.example.com` },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural, kind },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: schema },
          subresources: {
            status: {},
            scale: {
              specReplicasPath: '.spec.replicas',
              statusReplicasPath: '.status.replicas',
              labelSelectorPath: '.status.selector',
            },
          },
          additionalPrinterColumns: [
            { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
            { name: 'Parts', type: 'string', jsonPath: '.spec.parts[*].name' },
          ],
          selectableFields: [{ jsonPath: '.spec.colour' }],
          ...version,
        },
      ],
      ...change,
    },
  }
}

async function define(object: { metadata: { name: string } }): Promise<CustomResourceDefinition> {
  const made = await send(server, 'POST', crds, object)
  assert.equal(made.status, 201, made.text)
  await settled()
  return (await send(server, 'GET', `${crds}/${object.metadata.name}`)).json
}

const widgets = '/apis/example.com/v1/namespaces/default/widgets'
const widget = (name: string, spec: object) => ({
  apiVersion: 'example.com/v1',
  kind: 'Widget',
  metadata: { name },
  spec,
})

const causes = ({ json }: Answer): string[] =>
  json.details.causes.map(({ field, message }: { field: string; message: string }) => `${field}: ${message}`)

test('a definition is established, and its resource is in discovery and OpenAPI', async () => {
  const { status } = await define(definition('widgets'))
  assert.deepEqual(
    status.conditions?.map(({ type, status: value, reason }) => [type, value, reason]),
    [
      ['NamesAccepted', 'True', 'NoConflicts'],
      ['Established', 'True', 'InitialNamesAccepted'],
    ],
  )
  assert.deepEqual(status.storedVersions, ['v1'])
  assert.deepEqual(status.acceptedNames, {
    plural: 'widgets',
    singular: 'widget',
    kind: 'Widget',
    listKind: 'WidgetList',
  })
  const { json } = await send(server, 'GET', '/apis/example.com/v1')
  assert.deepEqual(json.resources.map(({ name }: { name: string }) => name).sort(), [
    'widgets',
    'widgets/scale',
    'widgets/status',
  ])
  const index = await send(server, 'GET', '/openapi/v3')
  const url = JSON.parse(index.text).paths['apis/example.com/v1'].serverRelativeURL
  const document = await send(server, 'GET', url)
  assert.equal(document.json.components.schemas['com.example.v1.Widget'].properties.spec.properties.size.maximum, 10)
  const accept = 'application/com.github.proto-openapi.spec.v3@v1.0+protobuf'
  const protobuf = await server.server.handle(requestOf('GET', url, undefined, { accept }))
  assert.equal(protobuf.headers['content-type'], accept.replace('@', '.'))
  assert.equal(protobuf.headers.etag, document.headers.etag)
  assert.ok(protobuf.body.is === 'bytes')
  const { components } = decodeMessage(Document, Buffer.concat([...protobuf.body.chunks]))
  assert.deepEqual(
    components?.schemas?.additionalProperties?.map(({ name }) => name),
    Object.keys(document.json.components.schemas),
  )
  const patch = document.json.paths['/apis/example.com/v1/namespaces/{namespace}/widgets/{name}'].patch
  assert.ok(!('application/strategic-merge-patch+json' in patch.requestBody.content))
  const service = await send(server, 'GET', '/apis/apiregistration.k8s.io/v1/apiservices/v1.example.com')
  assert.equal(service.json.spec.groupPriorityMinimum, 1000)
})

test('objects are pruned, filled in, checked and kept exactly', async () => {
  const sent = widget('a', { size: 3, extra: 1, zero: 0, open: { any: { thing: [0, '', false, null] } }, port: 'http' })
  const made = await send(server, 'POST', widgets, sent)
  assert.equal(made.status, 201, made.text)
  assert.deepEqual(made.json.spec, {
    size: 3,
    open: { any: { thing: [0, '', false, null] } },
    port: 'http',
    colour: 'red',
  })
  assert.equal(made.json.metadata.generation, 1)
  assert.match(String(made.headers.warning), /unknown field \\"spec.extra\\"/)
  const strict = await send(server, 'POST', `${widgets}?fieldValidation=Strict`, widget('b', { size: 3, extra: 1 }))
  assert.equal(strict.status, 400)
  assert.match(strict.json.message, /strict decoding error: unknown field "spec.extra"/)
})

test('what the schema does not allow is refused in upstream’s words', async () => {
  const wrong = { size: 11, colour: 'blue', port: true, parts: [{ count: 'x' }, { name: 'p' }, { name: 'p' }] }
  const refused = await send(server, 'POST', widgets, widget('c', wrong))
  assert.equal(refused.status, 422)
  assert.deepEqual(causes(refused), [
    'spec.size: Invalid value: 11: spec.size in body should be less than or equal to 10',
    'spec.colour: Unsupported value: "blue": supported values: "red", "green"',
    'spec.port: Invalid value: "boolean": spec.port in body must be of type integer,string: "boolean"',
    'spec.parts[0].name: Required value',
    'spec.parts[0].count: Invalid value: "string": spec.parts[0].count in body must be of type integer: "string"',
    'spec.parts[2]: Duplicate value: {"name":"p"}',
  ])
  const missing = await send(server, 'POST', widgets, widget('c', {}))
  assert.deepEqual(causes(missing), ['spec.size: Required value'])
})

test('the status is written apart; the generation counts changes of the rest', async () => {
  await send(server, 'POST', widgets, { ...widget('s', { size: 1 }), status: { ready: true } })
  const path = `${widgets}/s`
  const first = await send(server, 'GET', path)
  assert.equal(first.json.status, undefined)
  const status = await send(server, 'PUT', `${path}/status`, {
    ...first.json,
    spec: { size: 9 },
    status: { ready: true },
  })
  assert.equal(status.status, 200, status.text)
  assert.deepEqual([status.json.spec.size, status.json.status], [1, { ready: true }])
  assert.equal(status.json.metadata.generation, 1)
  const merge = { 'content-type': 'application/merge-patch+json' }
  const changed = await send(server, 'PATCH', path, { spec: { size: 2 }, status: { ready: false } }, merge)
  assert.deepEqual(
    [changed.json.spec.size, changed.json.status, changed.json.metadata.generation],
    [2, { ready: true }, 2],
  )
  const strategic = await send(server, 'PATCH', path, {}, { 'content-type': 'application/strategic-merge-patch+json' })
  assert.equal(strategic.status, 415)
})

test('server-side apply merges lists by the schema’s keys', async () => {
  const apply = (manager: string, spec: object) =>
    send(server, 'PATCH', `${widgets}/ssa?fieldManager=${manager}`, widget('ssa', spec), {
      'content-type': 'application/apply-patch+yaml',
    })
  const one = await apply('one', { size: 1, parts: [{ name: 'a', count: 1 }] })
  assert.equal(one.status, 201, one.text)
  const two = await apply('two', { parts: [{ name: 'b', count: 2 }] })
  assert.equal(two.status, 200, two.text)
  assert.deepEqual(two.json.spec.parts, [
    { name: 'a', count: 1 },
    { name: 'b', count: 2 },
  ])
  const conflict = await apply('two', { size: 2 })
  assert.equal(conflict.status, 409)
})

test('scale, tables and selectable fields follow the definition', async () => {
  await send(
    server,
    'POST',
    widgets,
    widget('t', { size: 4, colour: 'green', replicas: 2, parts: [{ name: 'x' }, { name: 'y' }] }),
  )
  const scale = await send(server, 'GET', `${widgets}/t/scale`)
  assert.deepEqual([scale.json.kind, scale.json.spec], ['Scale', { replicas: 2 }])
  const merge = { 'content-type': 'application/merge-patch+json' }
  const scaled = await send(server, 'PATCH', `${widgets}/t/scale`, { spec: { replicas: 5 } }, merge)
  assert.equal(scaled.json.spec.replicas, 5)
  assert.equal((await send(server, 'GET', `${widgets}/t`)).json.spec.replicas, 5)
  const accept = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }
  const table = await send(server, 'GET', `${widgets}?fieldSelector=spec.colour%3Dgreen`, undefined, accept)
  assert.deepEqual(
    table.json.columnDefinitions.map(({ name }: { name: string }) => name),
    ['Name', 'Size', 'Parts'],
  )
  assert.deepEqual(
    table.json.rows.map(({ cells }: { cells: unknown[] }) => cells),
    [['t', 4, 'x,y']],
  )
  const none = await send(server, 'GET', `${widgets}?fieldSelector=spec.size%3D4`)
  assert.equal(none.status, 400)
  const protobuf = { accept: 'application/vnd.kubernetes.protobuf' }
  assert.equal((await send(server, 'GET', widgets, undefined, protobuf)).status, 406)
})

test('versions differ in their apiVersion; a deprecated one warns', async () => {
  const second = {
    name: 'v1beta1',
    served: true,
    storage: false,
    deprecated: true,
    // Upstream, versions of one schema have their selectable fields in common too.
    schema: { openAPIV3Schema: { ...schema, description: 'As it was.' } },
  }
  const made = definition('gadgets')
  await define({ ...made, spec: { ...made.spec, versions: [...made.spec.versions, second] } } as never)
  const old = '/apis/example.com/v1beta1/namespaces/default/gadgets'
  const posted = await send(server, 'POST', old, {
    apiVersion: 'example.com/v1beta1',
    kind: 'Gadget',
    metadata: { name: 'g' },
    spec: { size: 1 },
  })
  assert.equal(posted.status, 201, posted.text)
  assert.match(String(posted.headers.warning), /example.com\/v1beta1 Gadget is deprecated; use example.com\/v1 Gadget/)
  assert.equal(posted.json.apiVersion, 'example.com/v1beta1')
  const read = await send(server, 'GET', '/apis/example.com/v1/namespaces/default/gadgets/g')
  assert.equal(read.json.apiVersion, 'example.com/v1')
})

test('an object stored in an older version is written in the present one by a patch that changes nothing', async () => {
  const version = (name: string, storage: boolean) => ({
    name,
    served: true,
    storage,
    schema: { openAPIV3Schema: schema },
  })
  const versions = [version('v1', true), version('v2', false)]
  await define(definition('movers', { versions }))
  const movers = '/apis/example.com/v1/namespaces/default/movers'
  const mover = { apiVersion: 'example.com/v1', kind: 'Mover', metadata: { name: 'm' }, spec: { size: 1 } }
  assert.equal((await send(server, 'POST', movers, mover)).status, 201)
  const path = `${crds}/movers.example.com`
  const current = (await send(server, 'GET', path)).json
  current.spec.versions = [version('v1', false), version('v2', true)]
  const changed = await send(server, 'PUT', path, current)
  assert.deepEqual(changed.json.status.storedVersions, ['v1', 'v2'])
  await settled()
  const touch = () => send(server, 'PATCH', `${movers}/m`, {}, { 'content-type': 'application/merge-patch+json' })
  const storedVersion = async () => {
    const start = '/registry/example.com/movers/default/m'
    const { kvs } = await server.store.range({ start })
    return JSON.parse(Buffer.from(kvs[0]!.value).toString()).apiVersion
  }
  assert.equal(await storedVersion(), 'example.com/v1')
  const first = await touch()
  assert.equal(await storedVersion(), 'example.com/v2')
  assert.equal((await touch()).json.metadata.resourceVersion, first.json.metadata.resourceVersion)
})

test('a name that another definition holds is not accepted until it is free', async () => {
  const clash = definition('wodgets')
  const names = { plural: 'wodgets', kind: 'Wodget', shortNames: ['widgets'] }
  const { status } = await define({ ...clash, spec: { ...clash.spec, names } } as never)
  assert.deepEqual(
    status.conditions?.map(({ type, status: value, reason, message }) => [type, value, reason, message]),
    [
      ['NamesAccepted', 'False', 'ShortNamesConflict', '"widgets" is already in use'],
      ['Established', 'False', 'NotAccepted', 'not all names are accepted'],
    ],
  )
  assert.equal((await send(server, 'GET', '/apis/example.com/v1/namespaces/default/wodgets')).status, 404)
})

test('a changed definition is served as it is now; a deleted one goes with its objects', async () => {
  await define(definition('things', {}, { additionalPrinterColumns: undefined }))
  const things = '/apis/example.com/v1/namespaces/default/things'
  const thing = { apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 'x' }, spec: { size: 5 } }
  assert.equal((await send(server, 'POST', things, thing)).status, 201)
  const path = `${crds}/things.example.com`
  const current = (await send(server, 'GET', path)).json
  current.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.size.maximum = 5
  assert.equal((await send(server, 'PUT', path, current)).status, 200)
  await settled()
  assert.equal(
    (await send(server, 'POST', things, { ...thing, metadata: { name: 'y' }, spec: { size: 6 } })).status,
    422,
  )
  assert.equal((await send(server, 'GET', `${things}/x`)).json.spec.size, 5)
  const deleted = await send(server, 'DELETE', path)
  assert.equal(deleted.status, 200)
  while ((await send(server, 'GET', path)).status !== 404) await new Promise(resolve => setImmediate(resolve))
  await settled()
  assert.equal((await send(server, 'GET', things)).status, 404)
  const rest = await server.store.range({
    start: '/registry/example.com/things/',
    end: '/registry/example.com/things0',
  })
  assert.equal(rest.count, 0)
})

test('objects of before have the defaults that the schema was given since', async () => {
  const { metadata, spec } = await define(definition('olders'))
  const path = '/apis/example.com/v1/namespaces/default/olders'
  const made = await send(server, 'POST', path, { ...widget('old', { size: 1 }), kind: 'Older' })
  assert.equal(made.status, 201, made.text)
  const [version] = spec.versions ?? []
  const grown = structuredClone(schema)
  const specSchema = grown.properties?.spec as { properties: Record<string, JSONSchemaProps> }
  specSchema.properties.shape = { type: 'string', default: 'round' }
  const changed = { metadata, spec: { ...spec, versions: [{ ...version, schema: { openAPIV3Schema: grown } }] } }
  assert.equal((await send(server, 'PUT', `${crds}/${metadata.name}`, changed)).status, 200)
  await settled()
  const { json } = await send(server, 'GET', `${path}/old`)
  assert.deepEqual(json.spec, { size: 1, colour: 'red', shape: 'round' })
  const list = await send(server, 'GET', path)
  assert.equal(list.json.items[0].spec.shape, 'round')
})

test('a version that is not stored takes applied objects of any members', async () => {
  const open = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }
  const version = (name: string, storage: boolean) => ({
    name,
    served: true,
    storage,
    schema: open,
    subresources: { status: {} },
  })
  const versions = [version('v1beta1', false), version('v1', true)]
  await define(definition('opens', { scope: 'Cluster', versions }))
  const body =
    'apiVersion: example.com/v1beta1\nkind: Open\nmetadata:\n  name: a\nspec:\n  unknown: uk1\n  ports:\n  - name: x\n'
  const path = '/apis/example.com/v1beta1/opens/a?fieldManager=m&fieldValidation=Strict'
  const made = await send(server, 'PATCH', path, Buffer.from(body), { 'content-type': 'application/apply-patch+yaml' })
  assert.equal(made.status, 201, made.text)
  assert.deepEqual(made.json.spec, { unknown: 'uk1', ports: [{ name: 'x' }] })
})

test('numbers of any size are kept as Go keeps them, in defaults too', async () => {
  const properties = {
    exact: { type: 'integer', format: 'int64', default: 1 },
    any: { 'x-kubernetes-preserve-unknown-fields': true },
  }
  const plain = { schema: { openAPIV3Schema: { type: 'object', properties } }, selectableFields: [] }
  const object = definition('numbers', {}, { ...plain, subresources: {}, additionalPrinterColumns: [] })
  // JavaScript has no literal for what is beyond 2^53.
  const asText = (value: object, number: string) => Buffer.from(JSON.stringify(value).replace('"default":1', number))
  const json = { 'content-type': 'application/json' }
  const made = await send(server, 'POST', crds, asText(object, '"default":9007199254740993'), json)
  assert.equal(made.status, 201, made.text)
  await settled()
  const path = '/apis/example.com/v1/namespaces/default/numbers'
  const typed = `"apiVersion":"example.com/v1","kind":${JSON.stringify(object.spec.names.kind)}`
  const make = (name: string, any: string) =>
    send(server, 'POST', path, Buffer.from(`{${typed},"metadata":{"name":"${name}"},"any":${any}}`), json)
  const kept = await make('kept', '[9223372036854775807,9223372036854775808,1e3]')
  assert.equal(kept.status, 201, kept.text)
  for (const { text } of [kept, await send(server, 'GET', `${path}/kept`)]) {
    assert.match(text, /"exact":9007199254740993\b/)
    assert.match(text, /"any":\[9223372036854775807,9223372036854776000,1000\]/)
  }
  for (const number of ['1e400', '-1e400']) {
    const refused = await make('refused', number)
    assert.deepEqual([refused.status, refused.json.reason], [400, 'BadRequest'])
    const why = `json: cannot unmarshal number ${number} into Go value of type float64`
    assert.ok(refused.json.message.endsWith(why), refused.json.message)
  }
})
