/** Snapshots of a real etcd restored as a store of ours, and ours by etcd's own tools. */
import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it, type TestContext } from 'node:test'
import { freePorts } from '../../base/testing/free-ports.ts'
import { openEmbeddedStore } from '../embedded/embedded-store.ts'
import { openEtcdStore } from '../etcd/etcd-store.ts'
import { CompactedError, type RangeResult, type Store, type StoreEvent } from '../store.ts'
import { BoltError } from './bolt-file.ts'
import { EtcdHistory } from './etcd-history.ts'
import { restoreSnapshot } from './restore-snapshot.ts'
import { saveSnapshot } from './save-snapshot.ts'
import { revisionOf } from './snapshot-file.ts'

const hasEtcd = ['etcd --version', 'etcdutl version'].every(line => spawnSync('sh', ['-c', line]).status === 0)
const all = { start: '\0', end: '\0' }
const plain = ({ kvs }: RangeResult) => kvs.map(kv => ({ ...kv, value: Buffer.from(kv.value).toString('base64') }))

/** `snapshot`: what it is restored from first. */
async function startEtcd(t: TestContext, directory: string, snapshot?: string): Promise<string> {
  const [client, peer] = (await freePorts(2)).map(port => `http://127.0.0.1:${port}`)
  const args = [
    ...['--data-dir', directory, '--log-level', 'error', '--listen-client-urls', client!],
    ...['--advertise-client-urls', client!, '--listen-peer-urls', peer!],
    ...['--initial-advertise-peer-urls', peer!, '--initial-cluster', `default=${peer}`],
  ]
  if (snapshot !== undefined) {
    const cluster = ['--initial-cluster', `default=${peer}`, '--initial-advertise-peer-urls', peer!]
    execFileSync('etcdutl', ['snapshot', 'restore', snapshot, '--data-dir', directory, ...cluster], { stdio: 'pipe' })
  }
  const etcd = spawn('etcd', args, { stdio: 'ignore' })
  t.after(async () => {
    etcd.kill('SIGKILL')
    await once(etcd, 'exit')
  })
  return client!
}

const eventsOf = (store: Store, from: number, to: number): Promise<string[]> =>
  new Promise((resolve, reject) => {
    const seen: string[] = []
    const shown = ({ type, kv, previous }: StoreEvent) =>
      `${type} ${kv.key} ${kv.createRevision} ${kv.modRevision} ${kv.version} ${kv.lease} ${kv.value.length} after ${previous?.modRevision}`
    const watch = store.watch(
      { start: '/', end: '0', startRevision: from },
      {
        events(events, revision) {
          seen.push(...events.map(shown))
          if (revision < to) return
          watch.close()
          resolve(seen)
        },
        progress() {},
        ended: reject,
      },
    )
  })

async function fill(store: Store) {
  const put = (key: string, bytes: number, lease = 0) => ({ put: key, value: Buffer.alloc(bytes, key), lease })
  const write = (...success: object[]) => store.transact({ compare: [], success: success as never, failure: [] })
  const lease = await store.grantLease(5000)
  // Enough for branches of branches, values of several pages, and several operations in one revision.
  for (let i = 0; i < 40; i++) {
    await write(...Array.from({ length: 100 }, (_, j) => put(`/k/${i}/${j}`, 100 + j)))
  }
  await write(put('/large', 1_200_000), put('/leased', 10, lease as number))
  const { revision: compacted } = await write({ delete: '/k/3/', end: '/k/30' })
  await write(put('/k/3/1', 5), put('/large', 50_000))
  await store.compact(compacted, { physical: true })
  const { revision: last } = await write({ delete: '/k/5/0' }, put('/k/5/1', 7))
  return { lease, compacted, last }
}

it('keeps every key, revision, lease and the history of an etcd', {
  skip: !hasEtcd && 'no etcd and etcdutl on PATH',
}, async t => {
  const root = mkdtempSync(join(tmpdir(), 'clipper-etcd-snapshot-'))
  t.after(() => rmSync(root, { recursive: true }))
  const url = await startEtcd(t, join(root, 'etcd'))
  const etcd = await openEtcdStore({ servers: [url] })
  t.after(() => etcd.close())
  const { lease, compacted, last } = await fill(etcd)
  const file = join(root, 'etcd.snapshot')
  await saveSnapshot({ is: 'etcd', servers: [url], tls: {} }, file)
  const directory = join(root, 'store')
  assert.deepEqual(await restoreSnapshot(file, directory), { revision: last })
  const store = await openEmbeddedStore({ directory })
  t.after(() => store.close())
  for (const revision of [last, last - 1, compacted]) {
    const [theirs, ours] = [await etcd.range({ ...all, revision }), await store.range({ ...all, revision })]
    assert.deepEqual(plain(ours), plain(theirs), `revision ${revision}`)
  }
  assert.deepEqual(await eventsOf(store, compacted + 1, last), await eventsOf(etcd, compacted + 1, last))
  await assert.rejects(store.range({ ...all, revision: compacted - 1 }), CompactedError)
  assert.deepEqual((await store.leaseStatus(lease, { keys: true }))!.keys, ['/leased'])
  await store.transact({ compare: [], success: [{ put: '/after', value: Buffer.of(1) }], failure: [] })
  await store.compact(last, { physical: true })
  assert.equal(await store.currentRevision(), last + 1)
  // A file whose pages were cut off, and one whose description is wrong.
  const bytes = readFileSync(file)
  const half = join(root, 'half')
  writeFileSync(half, bytes.subarray(0, 5 * 4096))
  assert.throws(() => [...new EtcdHistory(half).rows()], BoltError)
  writeFileSync(half, Buffer.concat([Buffer.alloc(8192), bytes.subarray(8192)]))
  assert.throws(() => new EtcdHistory(half), /no page that describes it/)
})

it('gives snapshots that etcd restores, with all of that too', {
  skip: !hasEtcd && 'no etcd and etcdutl on PATH',
}, async t => {
  const root = mkdtempSync(join(tmpdir(), 'clipper-etcd-snapshot-'))
  t.after(() => rmSync(root, { recursive: true }))
  const directory = join(root, 'store')
  const store = await openEmbeddedStore({ directory })
  t.after(() => store.close())
  const { lease, compacted, last } = await fill(store)
  const file = join(root, 'snapshot')
  await saveSnapshot({ is: 'embedded', directory }, file)
  assert.equal(revisionOf(file), last)
  const status = JSON.parse(execFileSync('etcdutl', ['snapshot', 'status', file, '-w', 'json'], { encoding: 'utf8' }))
  assert.equal(status.revision, last)
  const etcd = await openEtcdStore({ servers: [await startEtcd(t, join(root, 'etcd'), file)] })
  t.after(() => etcd.close())
  for (const revision of [last, last - 1, compacted]) {
    assert.deepEqual(plain(await etcd.range({ ...all, revision })), plain(await store.range({ ...all, revision })))
  }
  assert.deepEqual(await eventsOf(etcd, compacted + 1, last), await eventsOf(store, compacted + 1, last))
  await assert.rejects(etcd.range({ ...all, revision: compacted - 1 }), CompactedError)
  assert.deepEqual((await etcd.leaseStatus(lease, { keys: true }))!.keys, ['/leased'])
  const { revision } = await etcd.transact({ compare: [], success: [{ put: '/x', value: Buffer.of(1) }], failure: [] })
  assert.equal(revision, last + 1)
  const empty = join(root, 'empty')
  await (await openEmbeddedStore({ directory: empty })).close()
  await saveSnapshot({ is: 'embedded', directory: empty }, join(root, 'of-empty'))
  assert.equal(revisionOf(join(root, 'of-empty')), 1)
  assert.deepEqual(await restoreSnapshot(join(root, 'of-empty'), join(root, 'again')), { revision: 1 })
})
