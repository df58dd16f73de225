import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ConfigMap } from '../api/core/v1/config-map.ts'
import { decodeEnvelope, decodeWatchEvent } from '../schema/protobuf-decode.ts'
import { type Answer, requestOf, send, startTestServer, type TestServer } from './testing/test-server.ts'
import type { WatchItem, WatchSource } from './watch/watch-source.ts'

let server: TestServer
before(async () => {
  server = await startTestServer()
})
after(() => server.close())

const call = (method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer> =>
  send(server, method, path, body, headers)

async function namespaceOf(name: string): Promise<string> {
  await call('POST', '/api/v1/namespaces', { metadata: { name } })
  return `/api/v1/namespaces/${name}/configmaps`
}

async function openWatch(path: string, headers?: Record<string, string>): Promise<WatchSource> {
  const response = await server.server.handle(requestOf('GET', path, undefined, headers))
  if (response.body.is !== 'watch') {
    const chunks = response.body.is === 'bytes' ? [...response.body.chunks] : []
    throw new Error(Buffer.concat(chunks).toString())
  }
  return response.body.source
}

async function nextItem(source: WatchSource): Promise<WatchItem> {
  for (;;) {
    const item = source.take()
    if (item) return item
    if (source.ended) throw new Error('the watch has ended')
    await new Promise<void>(resolve => {
      source.onReady = resolve
    })
  }
}

const nextEvent = async (source: WatchSource) => JSON.parse((await nextItem(source)).frame().toString())

const names = (answer: Answer): string[] =>
  answer.json.items.map((item: { metadata: { name: string } }) => item.metadata.name)

test('a limited list goes on by its continue token in the state of its first page', async () => {
  const path = await namespaceOf('paged')
  for (const name of ['a', 'b', 'c', 'd', 'e']) await call('POST', path, { metadata: { name } })
  const first = await call('GET', `${path}?limit=2`)
  assert.deepEqual(names(first), ['a', 'b'])
  assert.equal(first.json.metadata.remainingItemCount, 3)
  await call('DELETE', `${path}/c`)
  await call('POST', path, { metadata: { name: 'bb' } })
  const second = await call('GET', `${path}?limit=2&continue=${first.json.metadata.continue}`)
  assert.deepEqual(names(second), ['c', 'd'])
  assert.equal(second.json.metadata.resourceVersion, first.json.metadata.resourceVersion)
  const third = await call('GET', `${path}?limit=2&continue=${second.json.metadata.continue}`)
  assert.deepEqual(names(third), ['e'])
  assert.equal(third.json.metadata.continue, undefined)
})

test('a continue token whose revision was compacted is expired and offers one for the present', async () => {
  const path = await namespaceOf('compacted')
  for (const name of ['a', 'b', 'c']) await call('POST', path, { metadata: { name } })
  const first = await call('GET', `${path}?limit=1`)
  await call('DELETE', `${path}/b`)
  await server.store.compact(await server.store.currentRevision())
  const expired = await call('GET', `${path}?limit=1&continue=${first.json.metadata.continue}`)
  assert.equal(expired.status, 410)
  assert.equal(expired.json.reason, 'Expired')
  const rest = await call('GET', `${path}?continue=${expired.json.metadata.continue}`)
  assert.deepEqual(names(rest), ['c'])
})

test('a continue token expires with its revision also where its kind has not changed since', async () => {
  const path = await namespaceOf('unchanged')
  for (const name of ['a', 'b']) await call('POST', path, { metadata: { name } })
  const first = await call('GET', `${path}?limit=1`)
  await namespaceOf('another')
  const next = `${path}?limit=1&continue=${first.json.metadata.continue}`
  assert.deepEqual(names(await call('GET', next)), ['b'])
  await server.store.compact(await server.store.currentRevision())
  assert.equal((await call('GET', next)).status, 410)
})

test('lists obey label and field selectors', async () => {
  const path = await namespaceOf('selected')
  await call('POST', path, { metadata: { name: 'x', labels: { app: 'one' } } })
  await call('POST', path, { metadata: { name: 'y', labels: { app: 'two' } } })
  assert.deepEqual(names(await call('GET', `${path}?labelSelector=app%3Done`)), ['x'])
  assert.deepEqual(names(await call('GET', `${path}?labelSelector=app+notin+(one)`)), ['y'])
  assert.deepEqual(names(await call('GET', `${path}?fieldSelector=metadata.name%3Dy`)), ['y'])
  const unknown = await call('GET', `${path}?fieldSelector=spec.x%3Dy`)
  assert.equal(unknown.status, 400)
  assert.match(unknown.json.message, /^"spec.x" is not a known field selector/)
})

test('an exact list shows the past, and a version of the future is refused with its cause', async () => {
  const path = await namespaceOf('exact')
  const created = await call('POST', path, { metadata: { name: 'a' } })
  const revision = created.json.metadata.resourceVersion
  await call('POST', path, { metadata: { name: 'b' } })
  assert.deepEqual(names(await call('GET', `${path}?resourceVersion=${revision}&resourceVersionMatch=Exact`)), ['a'])
  assert.deepEqual(names(await call('GET', `${path}?resourceVersion=${revision}&resourceVersionMatch=NotOlderThan`)), [
    'a',
    'b',
  ])
  const future = await call('GET', `${path}?resourceVersion=999999`)
  assert.equal(future.status, 504)
  assert.equal(future.json.details.causes[0].reason, 'ResourceVersionTooLarge')
})

test('a watch from a revision brings what came after it, and deletions with the last value', async () => {
  const path = await namespaceOf('watched')
  const start = (await call('GET', path)).json.metadata.resourceVersion
  await call('POST', path, { metadata: { name: 'a' }, data: { n: '1' } })
  const source = await openWatch(`${path}?watch=true&resourceVersion=${start}`)
  await call('PATCH', `${path}/a`, { data: { n: '2' } }, { 'content-type': 'application/merge-patch+json' })
  await call('DELETE', `${path}/a`)
  const events = [await nextEvent(source), await nextEvent(source), await nextEvent(source)]
  assert.deepEqual(
    events.map(event => [event.type, event.object.data.n]),
    [
      ['ADDED', '1'],
      ['MODIFIED', '2'],
      ['DELETED', '2'],
    ],
  )
  const versions = events.map(event => Number(event.object.metadata.resourceVersion))
  assert.ok(versions[0]! < versions[1]! && versions[1]! < versions[2]!)
  source.close()
})

test('objects enter and leave the selector of a watch as ADDED and DELETED', async () => {
  const path = await namespaceOf('entering')
  await call('POST', path, { metadata: { name: 'a', labels: { on: 'no' } } })
  const source = await openWatch(`${path}?watch=true&labelSelector=on%3Dyes`)
  const label = (value: string) =>
    call(
      'PATCH',
      `${path}/a`,
      { metadata: { labels: { on: value } } },
      { 'content-type': 'application/merge-patch+json' },
    )
  await label('yes')
  await label('no')
  const entered = await nextEvent(source)
  const left = await nextEvent(source)
  assert.equal(entered.type, 'ADDED')
  assert.equal(left.type, 'DELETED')
  assert.equal(left.object.metadata.labels.on, 'yes')
  source.close()
})

test('a streaming list ends its initial events with an annotated bookmark', async () => {
  const path = await namespaceOf('streamed')
  await call('POST', path, { metadata: { name: 'a' } })
  const query = 'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'
  const source = await openWatch(`${path}?${query}`)
  assert.equal((await nextEvent(source)).object.metadata.name, 'a')
  const bookmark = await nextEvent(source)
  assert.equal(bookmark.type, 'BOOKMARK')
  assert.equal(bookmark.object.metadata.annotations['k8s.io/initial-events-end'], 'true')
  source.close()
})

test('a watch from before the history ends with 410', async () => {
  const path = await namespaceOf('old')
  await call('GET', path)
  const source = await openWatch(`${path}?watch=true&resourceVersion=1`)
  const { type, object } = await nextEvent(source)
  assert.deepEqual([type, object.code, object.reason], ['ERROR', 410, 'Expired'])
  assert.match(object.message, /^too old resource version: 1 \(\d+\)$/)
  assert.equal(source.ended, true)
})

test('a watch from a version that is still to come brings what comes after it; its state cannot be had', async () => {
  const path = await namespaceOf('future')
  const now = Number((await call('GET', path)).json.metadata.resourceVersion)
  const source = await openWatch(`${path}?watch=true&resourceVersion=${now + 1}`)
  await call('POST', path, { metadata: { name: 'a' } })
  await call('POST', path, { metadata: { name: 'b' } })
  assert.equal((await nextEvent(source)).object.metadata.name, 'b')
  source.close()
  const initial = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan'
  const failed = await openWatch(`${path}?watch=true&${initial}&resourceVersion=999999`)
  assert.equal((await nextEvent(failed)).object.details.causes[0].reason, 'ResourceVersionTooLarge')
})

test('a watch that names no version begins with what there is, as a streaming list does', async () => {
  const path = await namespaceOf('legacy')
  await call('POST', path, { metadata: { name: 'a' } })
  const source = await openWatch(`${path}?watch=true&resourceVersion=0&allowWatchBookmarks=true`)
  assert.equal((await nextEvent(source)).type, 'ADDED')
  const { type, object } = await nextEvent(source)
  assert.deepEqual([type, object.metadata.annotations['k8s.io/initial-events-end']], ['BOOKMARK', 'true'])
  source.close()
})

test('what cannot be read in a query is refused in upstream’s words', async () => {
  const path = await namespaceOf('unreadable')
  const message = async (query: string) => {
    const { status, json } = await call('GET', `${path}?${query}`)
    assert.ok(status === 400 || status === 422, `${query}: ${status}`)
    return json.message
  }
  const version = 'invalid resource version: resourceVersion: Invalid value'
  assert.equal(await message('resourceVersion=a'), `${version}: "a": strconv.ParseUint: parsing "a": invalid syntax`)
  const large = '9'.repeat(20)
  assert.match(await message(`resourceVersion=${large}`), /value out of range$/)
  assert.equal(await message('limit='), 'strconv.ParseInt: parsing "": invalid syntax')
  assert.match(await message(`limit=${large}`), /value out of range$/)
  assert.equal(
    await message('continue=e30'),
    'invalid continue token: continue key is not valid: server does not recognize this encoded version ',
  )
  const token = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  assert.match(await message(`continue=${token({ v: 'meta.k8s.io/v1', rv: 1, start: '../x' })}`), /: \.\.\/x$/)
  assert.match(await message('resourceVersionMatch=Exact'), /forbidden unless resourceVersion is provided/)
})

test('a watch ends after timeoutSeconds', async () => {
  const path = await namespaceOf('short')
  const source = await openWatch(`${path}?watch=true&timeoutSeconds=1`)
  await new Promise<void>(resolve => source.whenEnded(resolve))
  assert.equal(source.ended, true)
})

test('a watch with bookmarks may be shorter than the time at which its last bookmark is due', async () => {
  const path = await namespaceOf('short-bookmarks')
  const source = await openWatch(`${path}?watch=true&allowWatchBookmarks=true&timeoutSeconds=1`)
  await new Promise<void>(resolve => source.whenEnded(resolve))
  assert.equal((await nextEvent(source)).type, 'BOOKMARK')
  assert.equal(source.ended, true)
})

test('pods are watched by the node that they are bound to', async () => {
  const pods = '/api/v1/namespaces/default/pods'
  const source = await openWatch('/api/v1/pods?watch=true&fieldSelector=spec.nodeName%3Dnode-1')
  await call('POST', pods, { metadata: { name: 'w' }, spec: { containers: [{ name: 'c', image: 'i' }] } })
  const bound = await call('POST', `${pods}/w/binding`, { metadata: { name: 'w' }, target: { name: 'node-1' } })
  assert.equal(bound.status, 201, bound.text)
  const event = await nextEvent(source)
  assert.equal(event.type, 'ADDED')
  assert.equal(event.object.spec.nodeName, 'node-1')
  for (const field of ['spec.nodeName', 'spec.host']) {
    assert.deepEqual(names(await call('GET', `/api/v1/pods?fieldSelector=${field}%3Dnode-1`)), ['w'])
  }
  source.close()
})

test('protobuf carries objects, lists and watch frames', async () => {
  const path = await namespaceOf('proto')
  const accept = { accept: 'application/vnd.kubernetes.protobuf' }
  await call('POST', path, { metadata: { name: 'a' }, data: { k: 'v' } })
  const response = await server.server.handle(requestOf('GET', `${path}/a`, undefined, accept))
  assert.equal(response.headers['content-type'], 'application/vnd.kubernetes.protobuf')
  assert.ok(response.body.is === 'bytes')
  const object = decodeEnvelope(ConfigMap, Buffer.concat([...response.body.chunks]))
  assert.equal(object.data?.k, 'v')
  assert.match(object.metadata.resourceVersion, /^\d+$/)
  const source = await openWatch(`${path}?watch=true`, accept)
  const frame = (await nextItem(source)).frame()
  assert.equal(frame.readUInt32BE(0), frame.length - 4)
  const event = decodeWatchEvent(frame.subarray(4))
  assert.equal(event.type, 'ADDED')
  assert.equal(decodeEnvelope(ConfigMap, event.object).metadata.name, 'a')
  source.close()
})

test('tables and metadata alone are made on demand; what cannot be made is 406', async () => {
  const path = await namespaceOf('forms')
  await call('POST', path, { metadata: { name: 'a' }, data: { k: 'v' } })
  const table = await call('GET', path, undefined, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' })
  assert.equal(table.json.kind, 'Table')
  assert.equal(table.json.rows[0].cells[0], 'a')
  const partial = await call('GET', path, undefined, {
    accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
  })
  assert.equal(partial.json.items[0].kind, 'PartialObjectMetadata')
  assert.equal(partial.json.items[0].data, undefined)
  const yaml = await call('GET', `${path}/a`, undefined, { accept: 'application/yaml' })
  assert.match(yaml.text, /^apiVersion: v1\ndata:\n {2}k: v\n/)
  assert.equal((await call('GET', path, undefined, { accept: 'text/html' })).status, 406)
})

test('items of a list carry no kind, the list names it', async () => {
  const path = await namespaceOf('items')
  await call('POST', path, { metadata: { name: 'a' } })
  const { json } = await call('GET', path)
  assert.equal(json.kind, 'ConfigMapList')
  assert.equal(json.items[0].kind, undefined)
})
