/** Which representations there are, side by side with what a stock server of v1.37 answered. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ConfigMap } from '../../api/core/v1/config-map.ts'
import { Status } from '../../api/meta/v1/status.ts'
import { readCbor } from '../../schema/cbor-decode.ts'
import { encodeCbor } from '../../schema/cbor-encode.ts'
import { decodeEnvelope } from '../../schema/protobuf-decode.ts'
import { parseYamlDocument } from '../../schema/yaml.ts'
import { requestOf, send, startTestServer, type TestServer } from '../testing/test-server.ts'
import { partialKinds, partialLists } from './partial-protobuf-form.ts'

const path = '/api/v1/namespaces/default/configmaps'
const protobuf = 'application/vnd.kubernetes.protobuf'
const partial = 'as=PartialObjectMetadata;g=meta.k8s.io;v=v1'
const partialList = 'as=PartialObjectMetadataList;g=meta.k8s.io;v=v1'

/** With and without CBOR. */
let plain: TestServer
let cbor: TestServer
before(async () => {
  plain = await startTestServer()
  cbor = await startTestServer({ featureGates: ['CBORServingAndStorage'] })
  for (const server of [plain, cbor]) await send(server, 'POST', path, { metadata: { name: 'a' }, data: { k: 'v' } })
})
after(() => Promise.all([plain.close(), cbor.close()]))

async function bytesOf(server: TestServer, target: string, accept: string) {
  const { status, headers, body } = await server.server.handle(requestOf('GET', target, undefined, { accept }))
  const bytes = body.is === 'bytes' ? Buffer.concat([...body.chunks]) : Buffer.alloc(0)
  return { status, type: String(headers['content-type']), bytes }
}

test('a path that never answers with a type says what it answers with', async () => {
  const message = async (target: string) => (await send(plain, 'GET', target, undefined, { accept: 'text/html' })).json
  const object = await message(`${path}/none`)
  assert.deepEqual([object.code, object.reason, object.details], [406, 'NotAcceptable', {}])
  const types = `application/json, application/yaml, ${protobuf}`
  assert.equal(object.message, `406: Not Acceptable\n\nAvailable representations: ${types}`)
  const streams = `application/json;stream=watch, ${protobuf};stream=watch`
  assert.ok((await message(path)).message.endsWith(`${types}, ${streams}`))
  assert.ok((await message('/version')).message.endsWith(': application/json'))
})

test('a list shows the same objects in every form', async () => {
  const roles = '/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles'
  await send(plain, 'POST', roles, { metadata: { name: 'empty' } })
  const compact = (await send(plain, 'GET', roles)).json
  assert.equal(compact.items[0].rules, null)
  assert.deepEqual((await send(plain, 'GET', `${roles}?pretty=1`)).json, compact)
  const yaml = await bytesOf(plain, roles, 'application/yaml')
  assert.deepEqual(parseYamlDocument(yaml.bytes.toString()), compact)
})

test('parameters that ask for what does not exist pass a clause over', async () => {
  const { status, type } = await bytesOf(
    plain,
    `${path}/a`,
    `${protobuf};as=Table;g=meta.k8s.io;v=v1, application/yaml`,
  )
  assert.deepEqual([status, type], [200, 'application/yaml'])
  for (const parameters of [
    'stream=foo',
    'sv=v2',
    'as=Foo;g=meta.k8s.io;v=v1',
    'g=meta.k8s.io;v=v1',
    'as=Table;g=meta.k8s.io;v=v2',
  ]) {
    const answer = await send(plain, 'GET', path, undefined, { accept: `application/json;${parameters}` })
    assert.equal(answer.status, 406, parameters)
    assert.match(answer.json.message, /^only the following media types are accepted: application\/json, /)
  }
})

test('a list cannot be shown as one object, nor an object as a list', async () => {
  const list = await send(plain, 'GET', path, undefined, { accept: `application/json;${partial}` })
  assert.equal(list.status, 406)
  assert.equal(
    list.json.message,
    'you requested PartialObjectMetadata, but the requested object is a list (*core.ConfigMapList)',
  )
  const one = await send(plain, 'GET', `${path}/a`, undefined, { accept: `application/json;${partialList}` })
  assert.match(one.json.message, /is not a list \(\*core\.ConfigMap\)$/)
})

test('tables and metadata have the version that was asked for', async () => {
  for (const version of ['v1', 'v1beta1']) {
    const accept = (as: string) => ({ accept: `application/json;as=${as};g=meta.k8s.io;v=${version}` })
    const { json } = await send(plain, 'GET', path, undefined, accept('Table'))
    assert.equal(json.apiVersion, `meta.k8s.io/${version}`)
    assert.equal(json.rows[0].object.apiVersion, `meta.k8s.io/${version}`)
    const metadata = await send(plain, 'GET', path, undefined, accept('PartialObjectMetadataList'))
    assert.equal(metadata.json.items[0].apiVersion, `meta.k8s.io/${version}`)
  }
  const bogus = await send(plain, 'GET', `${path}?includeObject=All`, undefined, {
    accept: 'application/json;as=Table;g=meta.k8s.io;v=v1',
  })
  assert.match(
    bogus.json.message,
    /includeObject: Invalid value: "All": must be 'Metadata', 'Object', 'None', or empty$/,
  )
})

test('errors and discovery come in the encoding that was asked for', async () => {
  const missing = await bytesOf(plain, `${path}/none`, protobuf)
  assert.equal(decodeEnvelope(Status, missing.bytes).reason, 'NotFound')
  for (const target of ['/api', '/apis', '/api/v1', '/apis/apps', '/apis/apps/v1']) {
    assert.equal((await bytesOf(plain, target, protobuf)).type, protobuf, target)
  }
  const aggregated = `${protobuf};g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList`
  assert.equal((await bytesOf(plain, '/apis', aggregated)).type, aggregated)
  assert.equal((await bytesOf(plain, '/apis/', aggregated)).status, 406)
})

test('watches have no YAML', async () => {
  const { status, bytes } = await bytesOf(plain, `${path}?watch=1`, 'application/yaml')
  assert.equal(status, 406)
  assert.match(bytes.toString(), /application\/json;stream=watch/)
})

test('CBOR is unknown while its gate is off', async () => {
  assert.equal((await bytesOf(plain, path, 'application/cbor')).status, 406)
  const body = encodeCbor({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'x' } })
  for (const [method, target, type] of [
    ['POST', path, 'application/cbor'],
    ['PATCH', `${path}/a`, 'application/apply-patch+cbor'],
  ] as const) {
    assert.equal((await send(plain, method, target, body, { 'content-type': type })).status, 415, type)
  }
})

test('CBOR carries objects, lists, metadata, errors and discovery', async () => {
  const read = async (target: string, parameters = '') => {
    const { type, bytes } = await bytesOf(cbor, target, `application/cbor${parameters}`)
    assert.ok(type.startsWith('application/cbor'), type)
    assert.equal(bytes.subarray(0, 3).toString('hex'), 'd9d9f7')
    // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
    return readCbor(bytes) as any
  }
  const { json } = await send(cbor, 'GET', `${path}/a`)
  assert.deepEqual(await read(`${path}/a`), json)
  assert.deepEqual(await read(path), (await send(cbor, 'GET', path)).json)
  assert.deepEqual((await read(`${path}/a`, `;${partial}`)).metadata, json.metadata)
  assert.equal((await read(path, `;${partialList}`)).items[0].kind, 'PartialObjectMetadata')
  assert.equal((await read(`${path}/none`)).code, 404)
  assert.equal((await read('/api')).kind, 'APIVersions')
  assert.ok((await read('/apis', ';g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList')).items.length > 5)
  assert.equal((await bytesOf(cbor, path, 'application/cbor;as=Table;g=meta.k8s.io;v=v1')).status, 406)
})

test('CBOR is taken as a body and as an applied configuration', async () => {
  const body = encodeCbor({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'b' }, data: { k: 'w' } })
  const created = await send(cbor, 'POST', path, body, { 'content-type': 'application/cbor' })
  assert.equal(created.status, 201, created.text)
  assert.equal(created.json.data.k, 'w')
  const applied = await send(cbor, 'PATCH', `${path}/b?fieldManager=m&force=true`, body, {
    'content-type': 'application/apply-patch+cbor',
  })
  assert.equal(applied.status, 200, applied.text)
  const broken = await send(cbor, 'POST', path, Buffer.from('a1', 'hex'), { 'content-type': 'application/cbor' })
  assert.equal(broken.status, 400)
})

test('a watch in CBOR is a sequence of events', async () => {
  const target = `${path}?watch=1&fieldSelector=metadata.name%3Da`
  const { headers, body } = await cbor.server.handle(
    requestOf('GET', target, undefined, { accept: 'application/cbor' }),
  )
  assert.equal(headers['content-type'], 'application/cbor-seq')
  assert.ok(body.is === 'watch')
  const event = readCbor(body.source.take()!.frame()) as { type: string; object: ConfigMap }
  assert.deepEqual([event.type, event.object.kind, event.object.data?.k], ['ADDED', ConfigMap.gvk.kind, 'v'])
  body.source.close()
})

test('what another server has stored in CBOR is read', async () => {
  const object = {
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: { name: 'c', namespace: 'default', uid: 'u' },
    data: { k: 'x' },
  }
  const key = '/registry/configmaps/default/c'
  await plain.store.transact({ compare: [], success: [{ put: key, value: encodeCbor(object) }], failure: [] })
  assert.equal((await send(plain, 'GET', `${path}/c`)).json.data.k, 'x')
})

test('lists made of parts of the stored bytes equal those made of whole objects', async () => {
  const pods = '/api/v1/namespaces/default/pods'
  await send(plain, 'POST', '/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } })
  const container = (name: string) => ({ name, image: `${name}:1` })
  const pod = (name: string) => ({
    metadata: { name, labels: { app: 'x' }, annotations: { note: 'ü "b"\n' }, finalizers: ['example.com/wait'] },
    spec: {
      initContainers: [{ ...container('proxy'), restartPolicy: 'Always' }, container('setup')],
      containers: [container('web'), container('log')],
      readinessGates: [{ conditionType: 'example.com/ready' }],
    },
  })
  const state = { running: { startedAt: '2026-01-01T00:00:00Z' } }
  const lastState = {
    terminated: { exitCode: 1, finishedAt: '2026-01-01T00:00:00Z', startedAt: '2026-01-01T00:00:00Z' },
  }
  const status = (name: string, more: object = {}) => ({
    ...{ name, image: '', imageID: '', ready: true, started: true, restartCount: 2, state, lastState },
    ...more,
  })
  for (const name of ['new', 'running', 'done']) assert.equal((await send(plain, 'POST', pods, pod(name))).status, 201)
  const running = {
    phase: 'Running',
    podIPs: [{ ip: '10.0.0.1' }],
    podIP: '10.0.0.1',
    nominatedNodeName: 'other',
    conditions: ['Initialized', 'Ready', 'example.com/ready'].map(type => ({ type, status: 'True' })),
    initContainerStatuses: [status('proxy'), status('setup', { state: lastState, started: false })],
    containerStatuses: [
      status('web'),
      status('log', { ready: false, state: { waiting: { reason: 'CrashLoopBackOff' } } }),
    ],
  }
  const merge = { 'content-type': 'application/merge-patch+json' }
  for (const [name, patched] of Object.entries({ running, done: { ...running, phase: 'Failed', reason: 'Evicted' } }))
    assert.equal((await send(plain, 'PATCH', `${pods}/${name}/status`, { status: patched }, merge)).status, 200)
  await send(plain, 'DELETE', `${pods}/done?gracePeriodSeconds=0`)
  const same = async (target: string, as: string, mark: string) => {
    const accept = { accept: `application/json;as=${as};g=meta.k8s.io;v=v1` }
    const inParts = (await send(plain, 'GET', target, undefined, accept)).json
    const whole = (await send(plain, 'GET', `${target}${mark}pretty=1`, undefined, accept)).json
    // Between the two a second may pass.
    const ageless = (list: unknown) => JSON.stringify(list, (_, value) => (/^\d+s$/.test(value) ? 'now' : value))
    assert.deepEqual(JSON.parse(ageless(inParts)), JSON.parse(ageless(whole)))
    return inParts
  }
  for (const include of ['None', 'Metadata', 'Object']) {
    const { rows } = await same(`${pods}?includeObject=${include}`, 'Table', '&')
    assert.equal(rows.length, 3)
  }
  await same('/api/v1/namespaces', 'Table', '?')
  const { items } = await same(pods, 'PartialObjectMetadataList', '?')
  for (const v of ['v1', 'v1beta1'] as const) {
    const { bytes } = await bytesOf(plain, pods, `${protobuf};as=PartialObjectMetadataList;g=meta.k8s.io;v=${v}`)
    const decoded = decodeEnvelope(partialLists[v], bytes) as unknown as { items: { metadata: object }[] }
    assert.deepEqual(
      decoded.items.map(({ metadata }) => metadata),
      items.map(({ metadata }: { metadata: object }) => metadata),
    )
  }
  const one = await bytesOf(plain, `${pods}/running`, `${protobuf};${partial}`)
  const decoded = decodeEnvelope(partialKinds.v1, one.bytes) as unknown as { metadata: { name: string } }
  assert.deepEqual(decoded.metadata, items.find(({ metadata }: typeof decoded) => metadata.name === 'running').metadata)
})
