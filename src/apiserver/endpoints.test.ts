import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Answer, send, startTestServer, type TestServer } from './testing/test-server.ts'

let server: TestServer
before(async () => {
  server = await startTestServer({ flowLimits: { seats: 100, longRunning: 100 } })
})
after(() => server.close())

const get = (path: string, headers?: Record<string, string>): Promise<Answer> =>
  send(server, 'GET', path, undefined, headers)

test('/version parses as a semantic version of v1.37', async () => {
  const { json } = await get('/version')
  assert.match(json.gitVersion, /^v1\.37\.\d+\+clipper$/)
  assert.equal(json.minor, '37')
})

test('health endpoints answer ok, in detail, and by single check', async () => {
  assert.equal((await get('/readyz')).text, 'ok')
  assert.match((await get('/readyz?verbose')).text, /\[\+\]etcd ok\n[\s\S]*readyz check passed\n$/)
  assert.equal((await get('/livez/ping')).text, 'ok')
  assert.equal((await get('/livez/none')).status, 404)
})

test('a server that drains is alive but not ready', async () => {
  const other = await startTestServer()
  try {
    other.server.drain()
    assert.equal((await send(other, 'GET', '/readyz')).status, 500)
    assert.equal((await send(other, 'GET', '/livez')).status, 200)
  } finally {
    await other.close()
  }
})

test('discovery is aggregated for those who ask, with an ETag that saves sending it again', async () => {
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json'
  const first = await get('/apis', { accept })
  assert.equal(first.json.kind, 'APIGroupDiscoveryList')
  const etag = String(first.headers.etag)
  assert.equal((await get('/apis', { accept, 'if-none-match': etag })).status, 304)
  const plain = await get('/apis')
  assert.equal(plain.json.kind, 'APIGroupList')
  assert.equal((await get('/apis/apps/v1')).json.kind, 'APIResourceList')
  assert.equal((await get('/apis/nothing/v1')).status, 404)
})

test('OpenAPI v3 documents are immutable under their hash', async () => {
  const index = await get('/openapi/v3')
  const url: string = JSON.parse(index.text).paths['apis/apps/v1'].serverRelativeURL
  const document = await get(url)
  assert.equal(document.headers['cache-control'], 'public, immutable')
  assert.ok(document.json.components.schemas['io.k8s.api.apps.v1.Deployment'])
  const old = await get('/openapi/v3/apis/apps/v1?hash=OLD')
  assert.equal(old.status, 301)
  assert.equal(old.headers.location, url)
})

test('what is asked for and not served adds nothing to the metrics', async () => {
  const lines = async () =>
    (await get('/metrics')).text.split('\n').filter(line => line.startsWith('apiserver_request_')).length
  const ask = async (i: number) => {
    await get(`/apis/g${i}.example.com/v1/things${i}`)
    await get(`/api/v1/namespaces/default/pods/a/sub${i}`)
    await get(`/path${i}`)
    await send(server, `VERB${i}`, '/api/v1/namespaces')
  }
  await ask(0)
  await lines()
  const before = await lines()
  for (let i = 1; i < 20; i++) await ask(i)
  assert.equal(await lines(), before)
})

test('metrics name writes after the method of HTTP, as dashboards ask for them', async () => {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'counted' } }
  const all = '/api/v1/namespaces/default/configmaps'
  await send(server, 'POST', all, object)
  await send(server, 'PUT', `${all}/counted`, object)
  for (const type of ['merge-patch+json', 'apply-patch+yaml'])
    await send(server, 'PATCH', `${all}/counted?fieldManager=a`, object, { 'content-type': `application/${type}` })
  await get('/api/v1/namespaces/default/pods/none/log')
  const { text } = await get('/metrics')
  for (const verb of ['POST', 'PUT', 'PATCH', 'APPLY', 'CONNECT'])
    assert.match(text, new RegExp(`^apiserver_request_total\\{verb="${verb}"[^}]*\\} 1$`, 'm'))
})

test('metrics count requests', async () => {
  await get('/api/v1/namespaces')
  const { text } = await get('/metrics')
  assert.match(
    text,
    /apiserver_request_total\{verb="LIST",group="",version="v1",resource="namespaces",[^}]*code="200"\} [1-9]/,
  )
  const value = (line: RegExp) => Number(new RegExp(`^${line.source} (.*)$`, 'm').exec(text)?.[1])
  const ofNamespaces = '\\{[^}]*verb="LIST"[^}]*resource="namespaces"[^}]*\\}'
  const durations = value(new RegExp(`apiserver_request_duration_seconds_count${ofNamespaces}`))
  assert.ok(durations >= 1)
  assert.equal(value(new RegExp(`apiserver_request_sli_duration_seconds_count${ofNamespaces}`)), durations)
  assert.ok(value(/apiserver_resource_objects\{group="",resource="namespaces"\}/) >= 1)
  assert.ok(value(/apiserver_storage_objects\{resource="namespaces"\}/) >= 1)
  assert.match(text, /^kubernetes_build_info\{.*major="1",minor="37",git_version="v1\.37\./m)
})

test('requests above the bound are sent away with Retry-After', async () => {
  // Without a group nothing but `catch-all` matches, which has no queues.
  const plain = { username: 'jane', groups: [] }
  const busy = await startTestServer({ flowLimits: { seats: 1, longRunning: 1 }, user: plain })
  try {
    const answers = await Promise.all([1, 2].map(() => send(busy, 'GET', '/api/v1/namespaces')))
    const refused = answers.find(({ status }) => status === 429)
    assert.equal(refused?.headers['retry-after'], '1')
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 429])
  } finally {
    await busy.close()
  }
})

test('paths take the methods that upstream gives them', async () => {
  const status = async (method: string, path: string) => (await send(server, method, path)).status
  const pods = '/api/v1/namespaces/default/pods'
  for (const [method, path] of [
    ['HEAD', pods],
    ['OPTIONS', '/api/v1/pods'],
    ['PUT', pods],
    ['PATCH', '/api/v1/pods'],
    ['POST', `${pods}/p`],
    ['POST', '/version'],
    ['HEAD', '/apis'],
  ] as const) {
    assert.equal(await status(method, path), 405, `${method} ${path}`)
  }
  for (const path of [`${pods}/p/nope`, '/api/v1/nope', '/nope']) assert.equal(await status('PUT', path), 404, path)
  for (const path of ['/livez', '/openapi/v2']) assert.equal(await status('PUT', path), 200, path)
})
