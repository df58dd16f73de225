/** Custom resources whose versions a webhook converts, over real HTTPS (upstream's conformance tests of it, and failures). */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, test } from 'node:test'
import { ValidatingAdmissionPolicy } from '../../api/admissionregistration/v1/validating-admission-policy.ts'
import { ValidatingAdmissionPolicyBinding } from '../../api/admissionregistration/v1/validating-admission-policy-binding.ts'
import { issueCertificate, makeAuthority, newKey } from '../../base/pki/certificate.ts'
import { ValidatingPolicies } from '../admission/policies/validating-policies.ts'
import { type Answer, allowAll, requestOf, send, startTestServer, type TestServer } from '../testing/test-server.ts'
import type { WatchSource } from '../watch/watch-source.ts'
import { WebhookClient } from '../webhooks/webhook-client.ts'
import type { CustomResources } from './custom-resources.ts'
import { customResourcesOf, settle } from './testing/custom-resources.ts'

// biome-ignore lint/suspicious/noExplicitAny: objects of every kind come here.
type Json = any

let server: TestServer
let resources: CustomResources
let client: WebhookClient
let hooks: Server
let caBundle: string
const table = () => server.server.registry.table
/** Spoils the webhook's response. */
let spoil: (response: Json) => void = () => {}
let reviews: Json[] = []

/** `host` and `port` of v2 are `hostPort` of v1, as in the documentation's example. */
function converted(object: Json, apiVersion: string): Json {
  const out = structuredClone(object)
  if (apiVersion.endsWith('/v2') && out.hostPort !== undefined) {
    ;[out.host, out.port] = out.hostPort.split(':')
    delete out.hostPort
  }
  if (apiVersion.endsWith('/v1') && out.host !== undefined) {
    out.hostPort = `${out.host}:${out.port}`
    delete out.host
    delete out.port
  }
  return { ...out, apiVersion }
}

const settled = () => settle(server, resources)
before(async () => {
  const now = Date.now()
  const key = newKey()
  const ca = makeAuthority('hooks', key, now - 1000, now + 3_600_000)
  caBundle = Buffer.from(ca).toString('base64')
  const pair = issueCertificate(
    { certificate: new X509Certificate(ca), key },
    {
      subject: { commonName: 'hook' },
      usages: ['serverAuth'],
      altNames: ['127.0.0.1'],
      notBeforeMs: now - 1000,
      notAfterMs: now + 3_600_000,
    },
  )
  hooks = createServer({ cert: pair.certificatePem, key: pair.privateKeyPem }, (message, answer) => {
    const chunks: Buffer[] = []
    message.on('data', chunk => chunks.push(chunk))
    message.on('end', () => {
      const { apiVersion, kind, request } = JSON.parse(Buffer.concat(chunks).toString())
      reviews.push(request)
      const convertedObjects = request.objects.map((one: Json) => converted(one, request.desiredAPIVersion))
      const response = { uid: request.uid, result: { status: 'Success' }, convertedObjects }
      spoil(response)
      answer.end(JSON.stringify({ apiVersion, kind, response }))
    })
  })
  await new Promise<void>(resolve => hooks.listen(0, '127.0.0.1', resolve))
  server = await startTestServer({
    admission: {
      kinds: [ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding],
      plugins: reader => [new ValidatingPolicies(reader, allowAll, (...names) => table().equivalents(...names))],
    },
  })
  client = new WebhookClient({ reader: server.server.registry.reader, random: () => 0 })
  resources = customResourcesOf(server, client)
  const version = (name: string, storage: boolean, ...fields: string[]) => ({
    name,
    selectableFields: fields.map(field => ({ jsonPath: `.${field}` })),
    served: true,
    storage,
    schema: {
      openAPIV3Schema: {
        type: 'object',
        properties: Object.fromEntries(fields.map(field => [field, { type: 'string' }])),
      },
    },
  })
  const made = await call('POST', crds, {
    metadata: { name: 'doors.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'doors', kind: 'Door', listKind: 'Doors' },
      versions: [version('v1', true, 'hostPort'), version('v2', false, 'host', 'port')],
      conversion: {
        strategy: 'Webhook',
        webhook: {
          conversionReviewVersions: ['v1'],
          clientConfig: { url: `https://127.0.0.1:${(hooks.address() as AddressInfo).port}/convert`, caBundle },
        },
      },
    },
  })
  assert.equal(made.status, 201, made.text)
  await settled()
})
after(async () => {
  await resources.stop()
  client.close()
  hooks.closeAllConnections()
  hooks.close()
  await server.close()
})
beforeEach(() => {
  spoil = () => {}
  reviews = []
})

const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const call = (method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer> =>
  send(server, method, path, method === 'POST' && path.includes('/doors') ? door(path, body) : body, headers)
const door = (path: string, body: unknown) => ({
  apiVersion: `example.com/${path.split('/')[3]}`,
  kind: 'Door',
  ...(body as object),
})
const doors = (version: string, name = '') =>
  `/apis/example.com/${version}/namespaces/default/doors${name === '' ? '' : `/${name}`}`

test('an object is read and written in either version', async () => {
  const made = await call('POST', doors('v1'), { metadata: { name: 'a' }, hostPort: 'here:80' })
  assert.equal(made.status, 201, made.text)
  assert.equal(reviews.length, 0, 'the storage version needs no webhook')
  const read = await call('GET', doors('v2', 'a'))
  const { apiVersion, kind, host, port, hostPort } = read.json
  assert.deepEqual([apiVersion, kind, host, port, hostPort], ['example.com/v2', 'Door', 'here', '80', undefined])
  assert.equal(read.json.metadata.resourceVersion, made.json.metadata.resourceVersion)
  await call('GET', doors('v2', 'a'))
  assert.equal(reviews.length, 1, 'converted once')

  const put = await call('PUT', doors('v2', 'a'), { ...read.json, port: '81' })
  assert.equal(put.status, 200, put.text)
  assert.equal(put.json.port, '81')
  assert.equal((await call('GET', doors('v1', 'a'))).json.hostPort, 'here:81')
  const merge = { 'content-type': 'application/merge-patch+json' }
  const patched = await call('PATCH', doors('v2', 'a'), { host: 'there' }, merge)
  assert.equal(patched.json.host, 'there', patched.text)
  assert.equal((await call('GET', doors('v1', 'a'))).json.hostPort, 'there:81')

  const born = await call('POST', doors('v2'), { metadata: { name: 'b' }, host: 'x', port: '1' })
  assert.equal(born.status, 201, born.text)
  assert.deepEqual([born.json.host, born.json.hostPort], ['x', undefined])
  assert.equal((await call('GET', doors('v1', 'b'))).json.hostPort, 'x:1')
  assert.equal((await call('DELETE', doors('v2', 'b'))).status, 200)
})

test('a list of objects that were stored in different versions is converted in one review', async () => {
  await call('POST', doors('v1'), { metadata: { name: 'old' }, hostPort: 'old:1' })
  const { json } = await call('GET', `${crds}/doors.example.com`)
  for (const one of json.spec.versions) one.storage = one.name === 'v2'
  const put = await call('PUT', `${crds}/doors.example.com`, json)
  assert.equal(put.status, 200, put.text)
  await settled()
  await call('POST', doors('v2'), { metadata: { name: 'new' }, host: 'new', port: '2' })
  reviews = []
  const first = await call('GET', doors('v1'))
  assert.deepEqual([first.json.kind, first.json.apiVersion], ['Doors', 'example.com/v1'])
  const shown = (list: Answer) => list.json.items.map((one: Json) => `${one.kind} ${one.apiVersion} ${one.hostPort}`)
  assert.deepEqual(shown(first), [
    'Door example.com/v1 there:81',
    'Door example.com/v1 new:2',
    'Door example.com/v1 old:1',
  ])
  const second = await call('GET', doors('v2'))
  assert.deepEqual(
    second.json.items.map((one: Json) => `${one.apiVersion} ${one.host} ${one.port}`),
    ['example.com/v2 there 81', 'example.com/v2 new 2', 'example.com/v2 old 1'],
  )
  assert.deepEqual(
    reviews.map(review => [review.desiredAPIVersion, review.objects.length]),
    [
      ['example.com/v1', 1],
      ['example.com/v2', 2],
    ],
  )
  const touched = await call('PUT', doors('v2', 'old'), second.json.items[2])
  assert.notEqual(touched.json.metadata.resourceVersion, second.json.items[2].metadata.resourceVersion, 'is migrated')
})

/** The next events of a watch, which is closed then. */
async function take(source: WatchSource, count: number): Promise<Json[]> {
  const events: Json[] = []
  while (events.length < count) {
    const item = source.take()
    if (item) events.push(JSON.parse(item.frame().toString()))
    else
      await new Promise<void>(resolve => {
        source.onReady = resolve
      })
  }
  source.close()
  return events
}

test('a watch sends events in its own version, in order', async () => {
  const { body } = await server.server.handle(
    requestOf('GET', `${doors('v1')}?watch=1&fieldSelector=metadata.name%3Dw`),
  )
  const { source } = body as Extract<typeof body, { is: 'watch' }>
  await call('POST', doors('v2'), { metadata: { name: 'w' }, host: 'w', port: '1' })
  await call('POST', `${doors('v1')}`, { metadata: { name: 'other' }, hostPort: 'o:1' })
  await call('PATCH', doors('v2', 'w'), { port: '2' }, { 'content-type': 'application/merge-patch+json' })
  await call('DELETE', doors('v2', 'w'))
  const seen = (await take(source, 3)).map(event => `${event.type} ${event.object.apiVersion} ${event.object.hostPort}`)
  assert.deepEqual(seen, ['ADDED example.com/v1 w:1', 'MODIFIED example.com/v1 w:2', 'DELETED example.com/v1 w:2'])
})

const query = (selector: Record<string, string>) => new URLSearchParams(selector).toString()

test('fields are selected as the version of the request has them, whatever is stored', async () => {
  const made = async (name: string, host: string, port: string) =>
    assert.equal((await call('POST', doors('v2'), { metadata: { name }, host, port })).status, 201)
  await made('s1', 'red', '1')
  await made('s2', 'red', '2')
  await made('s3', 'blue', '1')
  const named = async (version: string, fieldSelector: string, more = {}) => {
    const { json } = await call('GET', `${doors(version)}?${query({ fieldSelector, ...more })}`)
    return (json.items ?? [json.message]).map((one: Json) => one.metadata?.name ?? one)
  }
  assert.deepEqual(await named('v2', 'host=red'), ['s1', 's2'])
  assert.deepEqual(await named('v2', 'host=red,port=2'), ['s2'])
  assert.deepEqual(await named('v1', 'hostPort=red:2'), ['s2'])
  assert.deepEqual(await named('v1', 'hostPort=blue:1', { limit: '1' }), ['s3'])
  const { revision } = await server.store.range({ start: '/registry/example.com/doors/', limit: 1 })
  const before = String(revision)
  await call('PATCH', doors('v2', 's3'), { port: '9' }, { 'content-type': 'application/merge-patch+json' })
  const past = { resourceVersion: before, resourceVersionMatch: 'Exact' }
  assert.deepEqual(await named('v1', 'hostPort=blue:1', past), ['s3'])
  assert.deepEqual(await named('v1', 'host=red'), ['field label not supported: host'])
})

test('a watch tells when an object begins and ceases to be selected in its version', async () => {
  const fieldSelector = 'hostPort=green:1'
  const { body } = await server.server.handle(
    requestOf('GET', `${doors('v1')}?${query({ watch: '1', fieldSelector })}`),
  )
  const { source } = body as Extract<typeof body, { is: 'watch' }>
  const patch = (name: string, change: object) =>
    call('PATCH', doors('v2', name), change, { 'content-type': 'application/merge-patch+json' })
  await call('POST', doors('v2'), { metadata: { name: 'g' }, host: 'green', port: '0' })
  await patch('g', { port: '1' })
  await call('POST', doors('v1'), { metadata: { name: 'h' }, hostPort: 'green:1' })
  await patch('g', { metadata: { labels: { seen: 'yes' } } })
  await patch('g', { port: '2' })
  await patch('h', { host: 'grey' })
  await patch('g', { port: '1' })
  const seen = (await take(source, 6)).map(
    event => `${event.type} ${event.object.metadata.name} ${event.object.hostPort}`,
  )
  assert.deepEqual(seen, [
    'ADDED g green:1',
    'ADDED h green:1',
    'MODIFIED g green:1',
    'DELETED g green:1',
    'DELETED h green:1',
    'ADDED g green:1',
  ])
})

test('a policy for another version judges what the webhook makes of a write', async () => {
  const group = '/apis/admissionregistration.k8s.io/v1'
  const resourceRules = [
    { apiGroups: ['example.com'], apiVersions: ['v2'], operations: ['CREATE'], resources: ['doors', 'doors/*'] },
  ]
  const names = ['ports', 'ports-too']
  for (const name of names) {
    const policy = await call('POST', `${group}/validatingadmissionpolicies`, {
      metadata: { name },
      spec: { matchConstraints: { resourceRules }, validations: [{ expression: "object.port != '13'" }] },
    })
    assert.equal(policy.status, 201, policy.text)
    const binding = await call('POST', `${group}/validatingadmissionpolicybindings`, {
      metadata: { name },
      spec: { policyName: name, validationActions: ['Deny'] },
    })
    assert.equal(binding.status, 201, binding.text)
  }
  const refused = await call('POST', doors('v1'), { metadata: { name: 'judged' }, hostPort: 'x:13' })
  assert.deepEqual([refused.status, refused.json.reason], [422, 'Invalid'])
  assert.match(refused.json.message, /denied request: failed expression: object.port != '13'$/)
  reviews = []
  const fine = await call('POST', doors('v1'), { metadata: { name: 'judged' }, hostPort: 'x:14' })
  assert.equal(fine.status, 201, fine.text)
  const wanted = reviews.map(({ desiredAPIVersion }) => desiredAPIVersion)
  const [forPolicies, toStore, toShow] = ['example.com/v2', 'example.com/v2', 'example.com/v1']
  assert.deepEqual(wanted, [forPolicies, toStore, toShow], 'once for both policies')
  spoil = response => {
    response.result = { status: 'Failure', message: 'not today' }
  }
  const broken = await call('POST', doors('v1'), { metadata: { name: 'unjudged' }, hostPort: 'x:14' })
  assert.match(
    broken.json.message,
    /failed to configure binding: failed to convert object version: conversion webhook for example.com\/v1, Kind=Door failed: not today$/,
  )
  spoil = () => {}
  for (const name of names)
    assert.equal((await call('DELETE', `${group}/validatingadmissionpolicybindings/${name}`)).status, 200)
})

test('failures of the webhook are told', async () => {
  await call('POST', doors('v2'), { metadata: { name: 'bad' }, host: 'bad', port: '1' })
  const failure = async (how: (response: Json) => void) => {
    spoil = how
    const answer = await call('GET', doors('v1', 'bad'))
    assert.equal(answer.status, 500)
    return answer.json.message.replace(/^conversion webhook for example.com\/v2, Kind=Door /, '')
  }
  assert.equal(
    await failure(response => {
      response.result = { status: 'Failure', message: 'no way' }
    }),
    'failed: no way',
  )
  assert.equal(
    await failure(response => {
      response.convertedObjects = []
    }),
    'returned 0 objects, expected 1',
  )
  assert.equal(
    await failure(response => {
      response.convertedObjects[0].metadata.name = 'good'
    }),
    'returned invalid converted object at index 0: must have the same name: bad != good',
  )
  assert.equal(
    await failure(response => {
      response.convertedObjects[0].apiVersion = 'example.com/v2'
    }),
    'returned invalid converted object at index 0: invalid groupVersion (expected example.com/v1, received example.com/v2)',
  )
  spoil = response => {
    response.convertedObjects[0].metadata = {
      ...response.convertedObjects[0].metadata,
      labels: { added: 'yes' },
      finalizers: ['example.com/sneaky'],
    }
  }
  const { metadata } = (await call('GET', doors('v1', 'bad'))).json
  assert.deepEqual([metadata.labels, metadata.finalizers], [{ added: 'yes' }, undefined], 'labels are its to change')
})
