/** Stores move between implementations, and revisions never go back. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { freePorts } from '../base/testing/free-ports.ts'
import { copyStore } from './copy-store.ts'
import { openEmbeddedStore } from './embedded/embedded-store.ts'
import { openEtcdStore } from './etcd/etcd-store.ts'
import { CompactedError, InvalidRequestError, type Store } from './store.ts'

const hasEtcd = spawnSync('etcd', ['--version']).status === 0
const all = { start: '\0', end: '\0' }

function setUp(t: TestContext) {
  const root = mkdtempSync(join(tmpdir(), 'clipper-copy-'))
  t.after(() => rmSync(root, { recursive: true }))
  return {
    root,
    async open(name: string): Promise<Store> {
      const store = await openEmbeddedStore({ directory: join(root, name) })
      t.after(() => store.close())
      return store
    },
  }
}

async function fill(store: Store): Promise<void> {
  for (let i = 0; i < 60; i++) {
    const value = Buffer.alloc(i === 7 ? 1_500_000 : 100, `value ${i}`)
    await store.transact({ compare: [], success: [{ put: `/k/${i % 40}`, value }], failure: [] })
  }
  await store.transact({ compare: [], success: [{ delete: '/k/3' }], failure: [] })
  const lease = await store.grantLease(1000)
  const binary = Buffer.from([0, 255, 10]).toString('latin1')
  await store.transact({ compare: [], success: [{ put: `/l/${binary}`, value: Buffer.from('x'), lease }], failure: [] })
}

/** Every key with its value, and whether it has a lease. */
const contents = async (store: Store) =>
  (await store.range(all)).kvs.map(({ key, value, lease }) => [key, Buffer.from(value).toString('base64'), lease !== 0])

async function checkCopy(from: Store, to: Store): Promise<void> {
  const sourceRevision = await from.currentRevision()
  const result = await copyStore(from, to)
  assert.equal(result.sourceRevision, sourceRevision)
  assert.deepEqual(await contents(to), await contents(from))
  const { kvs } = await to.range(all)
  assert.ok(kvs.every(({ modRevision }) => modRevision > sourceRevision))
  const withLease = kvs.find(({ lease }) => lease !== 0)!
  const status = await to.leaseStatus(withLease.lease)
  assert.ok(status!.grantedTtlSeconds > 900 && status!.grantedTtlSeconds <= 1000)
  const ended = Promise.withResolvers<Error>()
  to.watch({ start: '/', end: '0', startRevision: 5 }, { events() {}, progress() {}, ended: ended.resolve })
  assert.ok((await ended.promise) instanceof CompactedError)
}

describe('copies of a store', () => {
  it('have every key with newer revisions than anyone has seen', async t => {
    const { open } = setUp(t)
    const from = await open('from')
    await fill(from)
    await checkCopy(from, await open('to'))
  })

  it('go into an etcd and back', { skip: !hasEtcd && 'no etcd on PATH' }, async t => {
    const { root, open } = setUp(t)
    const from = await open('from')
    await fill(from)
    const { url, etcd } = await startEtcd(join(root, 'etcd'))
    t.after(async () => {
      etcd.kill('SIGKILL')
      await once(etcd, 'exit')
    })
    const cluster = await openEtcdStore({ servers: [url] })
    t.after(() => cluster.close())
    await checkCopy(from, cluster)
    await checkCopy(cluster, await open('back'))
  })

  it('are refused into a store with keys, and when the source is written to', async t => {
    const { open } = setUp(t)
    const from = await open('from')
    await fill(from)
    const to = await open('to')
    let writes = 0
    const busy: Store = Object.create(from, {
      currentRevision: { value: async () => (await from.currentRevision()) + writes++ },
      range: { value: from.range.bind(from) },
      leaseStatus: { value: from.leaseStatus.bind(from) },
    })
    await assert.rejects(copyStore(busy, to), /the source was written to meanwhile/)
    await assert.rejects(
      copyStore(from, to),
      error => error instanceof InvalidRequestError && /has keys/.test(error.message),
    )
  })
})

async function startEtcd(directory: string): Promise<{ url: string; etcd: ChildProcess }> {
  const [client, peer] = (await freePorts(2)).map(port => `http://127.0.0.1:${port}`)
  const etcd = spawn(
    'etcd',
    [
      ...[
        '--data-dir',
        directory,
        '--log-level',
        'error',
        '--listen-client-urls',
        client!,
        '--advertise-client-urls',
        client!,
      ],
      ...['--listen-peer-urls', peer!, '--initial-advertise-peer-urls', peer!, '--initial-cluster', `default=${peer}`],
    ],
    { stdio: 'ignore' },
  )
  return { url: client!, etcd }
}
