import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { systemClock } from '../../base/clock.ts'
import { issueCertificate, makeAuthority, newKey } from '../../base/pki/certificate.ts'
import type { ServerResponse } from '../chain/server-request.ts'
import { bootstrapApiOf, requestOf, send, startTestServer, type TestServer } from '../testing/test-server.ts'
import { Aggregator } from './aggregator.ts'

let server: TestServer
let extension: Server
let aggregator: Aggregator
let caBundle: string
const seen: { path: string; headers: Record<string, unknown>; client: string | undefined }[] = []

const resources = [
  { name: 'flunders', singularName: 'flunder', namespaced: true, kind: 'Flunder', verbs: ['get', 'list', 'watch'] },
  { name: 'flunders/status', singularName: '', namespaced: true, kind: 'Flunder', verbs: ['get'] },
]

before(async () => {
  const now = Date.now()
  const key = newKey()
  const ca = makeAuthority('extension', key, now - 1000, now + 3_600_000)
  caBundle = Buffer.from(ca).toString('base64')
  const life = { notBeforeMs: now - 1000, notAfterMs: now + 3_600_000 }
  const authority = { certificate: new X509Certificate(ca), key }
  const serving = issueCertificate(authority, {
    subject: { commonName: 'extension' },
    usages: ['serverAuth'],
    altNames: ['api.wardle.svc'],
    ...life,
  })
  const client = issueCertificate(authority, {
    subject: { commonName: 'front-proxy-client' },
    usages: ['clientAuth'],
    ...life,
  })
  const tls = { cert: serving.certificatePem, key: serving.privateKeyPem, ca, requestCert: true }
  extension = createServer(tls, (message, response) => {
    const url = new URL(message.url ?? '', 'https://x')
    const client = (message.socket as TLSSocket).getPeerCertificate().subject?.CN
    seen.push({ path: url.pathname + url.search, headers: message.headers, client: client && String(client) })
    const json = (value: unknown, status = 200) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(value))
    }
    if (url.pathname === '/apis/wardle.example.com/v1')
      return json({ kind: 'APIResourceList', groupVersion: 'wardle.example.com/v1', resources })
    if (url.pathname === '/openapi/v3')
      return json({
        paths: { 'apis/wardle.example.com/v1': { serverRelativeURL: '/openapi/v3/apis/wardle.example.com/v1?hash=1' } },
      })
    if (url.searchParams.get('watch') === 'true') {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write(`${JSON.stringify({ type: 'ADDED', object: { metadata: { name: 'a' } } })}\n`)
      return response.end(`${JSON.stringify({ type: 'DELETED', object: { metadata: { name: 'a' } } })}\n`)
    }
    if (url.pathname.endsWith('/flunders')) return json({ kind: 'FlunderList', items: [{ metadata: { name: 'a' } }] })
    json({ kind: 'Status', status: 'Failure', message: 'no such flunder', reason: 'NotFound', code: 404 }, 404)
  })
  await new Promise<void>(resolve => extension.listen(0, '127.0.0.1', resolve))
  server = await startTestServer()
  aggregator = new Aggregator({
    reader: server.server.registry.reader,
    api: bootstrapApiOf(server),
    clock: systemClock,
    random: () => 0,
    client,
    onGroups: groups => server.server.setRemoteGroups(groups),
  })
  server.server.aggregate(aggregator)
})
after(async () => {
  await aggregator.stop()
  extension.closeAllConnections()
  extension.close()
  await server.close()
})

const services = '/apis/apiregistration.k8s.io/v1/apiservices'
const name = 'v1.wardle.example.com'

async function conditionIs(reason: string): Promise<{ status: string; message: string }> {
  for (;;) {
    const { json } = await send(server, 'GET', `${services}/${name}`)
    const found = json.status.conditions?.find((one: { reason: string }) => one.reason === reason)
    if (found) return found
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

/** As a client in the same process. */
async function inProcess(path: string): Promise<ServerResponse> {
  return server.server.handle({ ...requestOf('GET', path), wantsObjects: true })
}

test('an APIService is available once its server answers', async () => {
  const made = await send(server, 'POST', services, {
    metadata: { name },
    spec: {
      group: 'wardle.example.com',
      version: 'v1',
      groupPriorityMinimum: 2000,
      versionPriority: 200,
      service: { namespace: 'wardle', name: 'api' },
      caBundle,
    },
  })
  assert.equal(made.status, 201, made.text)
  assert.equal((await conditionIs('ServiceNotFound')).message, 'service/api in "wardle" is not present')
  const refused = await send(server, 'GET', '/apis/wardle.example.com/v1/flunders')
  assert.deepEqual([refused.status, refused.json.message], [503, 'service unavailable'])
  await send(server, 'POST', '/api/v1/namespaces', { metadata: { name: 'wardle' } })
  const service = { metadata: { name: 'api' }, spec: { ports: [{ port: 443, targetPort: 8443 }] } }
  await send(server, 'POST', '/api/v1/namespaces/wardle/services', service)
  await conditionIs('MissingEndpoints')
  const slice = {
    kind: 'EndpointSlice',
    apiVersion: 'discovery.k8s.io/v1',
    metadata: { name: 'api-1', namespace: 'wardle', uid: 'u', labels: { 'kubernetes.io/service-name': 'api' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['127.0.0.1'], conditions: { ready: true } }],
    ports: [{ name: '', port: (extension.address() as AddressInfo).port, protocol: 'TCP' }],
  }
  // Past validation, which refuses loopback addresses.
  const value = Buffer.from(JSON.stringify(slice))
  await server.store.transact({
    compare: [],
    success: [{ put: '/registry/endpointslices/wardle/api-1', value }],
    failure: [],
  } as never)
  assert.equal((await conditionIs('Passed')).status, 'True')
})

test('its resources are in discovery and its document in OpenAPI', async () => {
  const { json } = await send(server, 'GET', '/apis')
  const group = json.groups.find((one: { name: string }) => one.name === 'wardle.example.com')
  assert.deepEqual(group.preferredVersion, { groupVersion: 'wardle.example.com/v1', version: 'v1' })
  const accept = { accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' }
  const all = await send(server, 'GET', '/apis', undefined, accept)
  const aggregated = JSON.parse(all.text).items.at(-1)
  assert.equal(aggregated.versions[0].freshness, 'Current')
  assert.equal(aggregated.versions[0].resources[0].subresources[0].subresource, 'status')
  const index = JSON.parse((await send(server, 'GET', '/openapi/v3')).text)
  assert.equal(
    index.paths['apis/wardle.example.com/v1'].serverRelativeURL,
    '/openapi/v3/apis/wardle.example.com/v1?hash=1',
  )
})

test('requests go on for their user, under the front proxy’s certificate; failures come back as they are', async () => {
  seen.length = 0
  const { body } = await inProcess('/apis/wardle.example.com/v1/namespaces/default/flunders?limit=5')
  assert.deepEqual((body as { object: unknown }).object, { kind: 'FlunderList', items: [{ metadata: { name: 'a' } }] })
  const [{ path, headers, client }] = seen as [(typeof seen)[number]]
  assert.equal(path, '/apis/wardle.example.com/v1/namespaces/default/flunders?limit=5')
  assert.equal(client, 'front-proxy-client')
  assert.equal(headers['x-remote-user'], 'admin')
  assert.equal(headers['x-remote-group'], 'system:masters, system:authenticated')
  const missing = await inProcess('/apis/wardle.example.com/v1/namespaces/default/flunders/x')
  assert.equal(missing.status, 404)
})

test('a watch in this process gives its events as objects', async () => {
  const { body } = await inProcess('/apis/wardle.example.com/v1/flunders?watch=true')
  assert.equal(body.is, 'watch')
  const { source } = body as Extract<ServerResponse['body'], { is: 'watch' }>
  await new Promise<void>(resolve => source.whenEnded(resolve))
  assert.deepEqual([source.take()?.type, source.take()?.type, source.ended], ['ADDED', 'DELETED', true])
})

test('a server that goes away is unavailable, and its resources are told as stale', async () => {
  await send(server, 'DELETE', '/api/v1/namespaces/wardle/services/api')
  await conditionIs('ServiceNotFound')
  const accept = { accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' }
  const all = await send(server, 'GET', '/apis', undefined, accept)
  assert.equal(JSON.parse(all.text).items.at(-1).versions[0].freshness, 'Stale')
  await send(server, 'DELETE', `${services}/${name}`)
  while ((await send(server, 'GET', '/apis')).text.includes('wardle'))
    await new Promise(resolve => setImmediate(resolve))
  assert.equal((await send(server, 'GET', '/apis/wardle.example.com/v1/flunders')).status, 404)
})
