/** What the store's limits and faults look like to clients (etcd's, as kube-apiserver passes them on). */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ManualClock, settle } from '../client/testing/manual-clock.ts'
import { CompactedError, type Store, StoreUnavailableError } from '../store/store.ts'
import { compactionIntervalMs, compactOnce } from './registry/compaction.ts'
import { requestOf, send, startTestServer, type TestServer } from './testing/test-server.ts'

const maps = '/api/v1/namespaces/default/configmaps'
const mapNamed = (name: string, data = {}) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data })

async function eventually(what: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 5_000
  while (!(await what())) {
    assert.ok(performance.now() < deadline, 'it did not come about')
    await settle()
  }
}

const isCompacted = (store: Store, revision: number): Promise<boolean> =>
  store.range({ start: '/registry/', revision }).then(
    () => false,
    error => error instanceof CompactedError,
  )

describe('compaction', () => {
  it('forgets what is older than the interval before last, and stops with the server', async t => {
    const clock = new ManualClock()
    const test = await startTestServer({ clock })
    t.after(() => test.close())
    for (let n = 0; n < 3; n++) await send(test, 'POST', maps, mapNamed(`a${n}`))
    const { json: page } = await send(test, 'GET', `${maps}?limit=1`)
    const early = Number(page.metadata.resourceVersion)
    await send(test, 'DELETE', `${maps}/a1`)
    await clock.advance(compactionIntervalMs)
    await eventually(async () => (await test.store.range({ start: 'compact_rev_key' })).count === 1)
    assert.equal(await isCompacted(test.store, early), false)
    // The next interval begins when the turn is over, which on a busy machine may be after this one has passed.
    await eventually(async () => {
      await clock.advance(compactionIntervalMs)
      return isCompacted(test.store, early)
    })

    const continued = await send(test, 'GET', `${maps}?limit=1&continue=${page.metadata.continue}`)
    assert.equal(continued.status, 410)
    assert.equal(continued.json.reason, 'Expired')
    assert.match(continued.json.message, /^The provided continue parameter is too old/)
    const inconsistent = await send(test, 'GET', `${maps}?continue=${continued.json.metadata.continue}`)
    assert.deepEqual(
      inconsistent.json.items.map((item: { metadata: { name: string } }) => item.metadata.name),
      ['a2'],
    )
    const exact = await send(test, 'GET', `${maps}?resourceVersion=${early}&resourceVersionMatch=Exact`)
    assert.equal(exact.status, 410)
    assert.equal(exact.json.reason, 'Expired')

    test.server.close()
    const version = async () => (await test.store.range({ start: 'compact_rev_key' })).kvs[0]?.version
    const before = await version()
    await clock.advance(10 * compactionIntervalMs)
    await settle()
    assert.equal(await version(), before)
  })

  it('refuses a watch from a compacted revision once another server serves it', async t => {
    const first = await startTestServer()
    t.after(() => first.close())
    const { json: made } = await send(first, 'POST', maps, mapNamed('a'))
    await send(first, 'POST', maps, mapNamed('b'))
    const now = await first.store.currentRevision()
    await first.store.compact(now)
    // What the first server still holds in memory is another matter: a second one has only the store.
    const second = await startTestServer({ storeSeen: () => first.store })
    t.after(() => second.close())
    const watch = await second.server.handle(
      requestOf('GET', `${maps}?watch=true&resourceVersion=${made.metadata.resourceVersion}`),
    )
    const { body } = watch
    assert.ok(body.is === 'watch')
    const { type, object } = JSON.parse(String(body.source.take()?.frame()))
    assert.deepEqual([type, object.code, object.reason], ['ERROR', 410, 'Expired'])
  })

  it('is done by one of several servers on a store', async t => {
    const test = await startTestServer()
    t.after(() => test.close())
    let compactions = 0
    const counting: Store = { ...bound(test), compact: async () => void compactions++ }
    let one = { version: 0, revision: 0 }
    let two = one
    for (let turn = 0; turn < 5; turn++) {
      one = await compactOnce(counting, one)
      two = await compactOnce(counting, two)
    }
    assert.ok(compactions >= 3 && compactions <= 5, `${compactions} compactions in 5 intervals`)
  })
})

const bound = ({ store }: TestServer): Store => ({
  currentRevision: () => store.currentRevision(),
  range: options => store.range(options),
  transact: transaction => store.transact(transaction),
  watch: (options, handler) => store.watch(options, handler),
  compact: revision => store.compact(revision),
  grantLease: seconds => store.grantLease(seconds),
  keepAliveLease: lease => store.keepAliveLease(lease),
  revokeLease: lease => store.revokeLease(lease),
  leases: () => store.leases(),
  leaseStatus: lease => store.leaseStatus(lease),
  size: () => store.size(),
  close: () => store.close(),
})

describe('requests that the store refuses', () => {
  it('answers an object over 1.5 MiB as kube-apiserver passes on etcd: 500 in its words', async t => {
    const test = await startTestServer()
    t.after(() => test.close())
    const text = 'x'.repeat(1_000_000)
    const annotations = { big: 'y'.repeat(200_000) }
    const pod = { name: 'big', annotations }
    const containers = [
      {
        name: 'a',
        image: 'i',
        env: [
          { name: 'A', value: text },
          { name: 'B', value: text },
        ],
      },
    ]
    const body = { apiVersion: 'v1', kind: 'Pod', metadata: pod, spec: { containers } }
    const answer = await send(test, 'POST', '/api/v1/namespaces/default/pods', body)
    assert.equal(answer.status, 500)
    assert.deepEqual(answer.json, {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'etcdserver: request is too large',
      code: 500,
    })
    assert.equal((await send(test, 'GET', '/api/v1/namespaces/default/pods/big')).status, 404)
    assert.equal((await send(test, 'POST', maps, mapNamed('small'))).status, 201)
  })

  it('answers 503 while the disk is full, loses nothing, and goes on when there is room', async t => {
    let full = false
    const refuse = () => new StoreUnavailableError('the store cannot write: database or disk is full')
    const test = await startTestServer({
      storeSeen: store => ({
        ...bound({ store } as TestServer),
        transact: async transaction => {
          if (full) throw refuse()
          return store.transact(transaction)
        },
        grantLease: async seconds => {
          if (full) throw refuse()
          return store.grantLease(seconds)
        },
      }),
    })
    t.after(() => test.close())
    const { json: made } = await send(test, 'POST', maps, mapNamed('kept', { a: '1' }))
    full = true
    const event = {
      metadata: { name: 'e' },
      involvedObject: { kind: 'Pod', namespace: 'default', name: 'p' },
      reason: 'R',
      message: 'm',
    }
    const refusals = [
      await send(test, 'POST', maps, mapNamed('new')),
      await send(test, 'PUT', `${maps}/kept`, mapNamed('kept', { a: '2' })),
      await send(
        test,
        'PATCH',
        `${maps}/kept`,
        { data: { a: '3' } },
        { 'content-type': 'application/merge-patch+json' },
      ),
      await send(test, 'DELETE', `${maps}/kept`),
      await send(test, 'POST', '/api/v1/namespaces/default/events', event),
    ]
    for (const { status, json } of refusals) {
      assert.equal(status, 503)
      assert.equal(json.reason, 'ServiceUnavailable')
      assert.match(json.message, /disk is full/)
    }
    assert.deepEqual((await send(test, 'GET', `${maps}/kept`)).json, made)
    full = false
    assert.equal((await send(test, 'POST', maps, mapNamed('new'))).status, 201)
    const put = await send(test, 'PUT', `${maps}/kept`, mapNamed('kept', { a: '2' }))
    assert.equal(put.json.data.a, '2')
    assert.equal((await send(test, 'POST', '/api/v1/namespaces/default/events', event)).status, 201)
  })
})
