import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ConfigMap } from '../api/core/v1/config-map.ts'
import { allowAll, startTestServer, type TestServer } from '../apiserver/testing/test-server.ts'
import { Client } from '../client/client.ts'
import { ApiError } from '../machinery/api-error.ts'
import { InProcessTransport } from './in-process-transport.ts'

let server: TestServer
let allowed = true
before(async () => {
  server = await startTestServer({
    authorizer: {
      ...allowAll,
      authorize: async ({ user }) =>
        allowed || user.username === 'admin'
          ? { decision: 'allow', reason: '' }
          : { decision: 'noOpinion', reason: 'no role' },
    },
  })
})
after(() => server.close())

const clientOf = () =>
  new Client(new InProcessTransport(server.server, { username: 'part', groups: [] }, 'part'), 'part')

test('objects are written, read and shared without copies', async () => {
  const maps = clientOf().of(ConfigMap)
  const created = await maps.create('default', { metadata: { name: 'a' }, data: { k: 'v' } })
  assert.equal(created.data?.k, 'v')
  assert.equal(await maps.get('default', 'a'), await maps.get('default', 'a'))
  const list = await maps.list('default')
  assert.ok(list.items.some(item => item.metadata.name === 'a'))
})

test('what a client sends is not changed by the server', async () => {
  const draft = Object.freeze({ metadata: Object.freeze({ name: 'frozen' }), data: Object.freeze({ k: 'v' }) })
  await clientOf().of(ConfigMap).create('default', draft)
  assert.deepEqual(draft, { metadata: { name: 'frozen' }, data: { k: 'v' } })
})

test('failures are thrown as ApiError', async () => {
  const failure = await clientOf()
    .of(ConfigMap)
    .get('default', 'missing')
    .catch(error => error)
  assert.ok(failure instanceof ApiError)
  assert.equal(failure.code, 404)
})

test('a client whose permission is taken away gets 403', async () => {
  allowed = false
  try {
    const failure = await clientOf()
      .of(ConfigMap)
      .list('default')
      .catch(error => error)
    assert.equal((failure as ApiError).code, 403)
  } finally {
    allowed = true
  }
})

test('a watch yields the shared objects and ends with its signal', async () => {
  const maps = clientOf().of(ConfigMap)
  const stop = new AbortController()
  const types: string[] = []
  const list = await maps.list('default')
  const { resourceVersion = '' } = list.metadata
  const watching = (async () => {
    for await (const event of maps.watch('default', { resourceVersion, signal: stop.signal })) {
      types.push(event.type)
      if (event.type === 'ADDED') assert.equal(event.object, await maps.get('default', event.object.metadata.name))
      if (types.length === 2) stop.abort()
    }
  })()
  await maps.create('default', { metadata: { name: 'w1' } })
  await maps.create('default', { metadata: { name: 'w2' } })
  await watching
  assert.deepEqual(types, ['ADDED', 'ADDED'])
})
