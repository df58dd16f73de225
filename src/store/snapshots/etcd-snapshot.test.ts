/** Snapshots of a real etcd, restored as a store of ours. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it, type TestContext } from 'node:test'
import { openEmbeddedStore } from '../embedded/embedded-store.ts'
import { openEtcdStore } from '../etcd/etcd-store.ts'
import { CompactedError, type Store, type StoreEvent } from '../store.ts'
import { BoltError } from './bolt-file.ts'
import { EtcdHistory } from './etcd-history.ts'
import { restoreSnapshot } from './restore-snapshot.ts'
import { saveSnapshot } from './save-snapshot.ts'

const hasEtcd = spawnSync('etcd', ['--version']).status === 0

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

async function startEtcd(t: TestContext, directory: string): Promise<string> {
  const [client, peer] = (await Promise.all([freePort(), freePort()])).map(port => `http://127.0.0.1:${port}`)
  const args = [
    ...['--data-dir', directory, '--log-level', 'error', '--listen-client-urls', client!],
    ...['--advertise-client-urls', client!, '--listen-peer-urls', peer!],
    ...['--initial-advertise-peer-urls', peer!, '--initial-cluster', `default=${peer}`],
  ]
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

it('keeps every key, revision, lease and the history of an etcd', { skip: !hasEtcd && 'no etcd on PATH' }, async t => {
  const root = mkdtempSync(join(tmpdir(), 'clipper-etcd-snapshot-'))
  t.after(() => rmSync(root, { recursive: true }))
  const url = await startEtcd(t, join(root, 'etcd'))
  const etcd = await openEtcdStore({ servers: [url] })
  t.after(() => etcd.close())
  const put = (key: string, bytes: number, lease = 0) => ({ put: key, value: Buffer.alloc(bytes, key), lease })
  const write = (...success: object[]) => etcd.transact({ compare: [], success: success as never, failure: [] })
  const lease = await etcd.grantLease(5000)
  // Enough for branches of branches, values of several pages, and several operations in one revision.
  for (let i = 0; i < 40; i++) {
    await write(...Array.from({ length: 100 }, (_, j) => put(`/k/${i}/${j}`, 100 + j)))
  }
  await write(put('/large', 1_200_000), put('/leased', 10, lease as number))
  const { revision: compacted } = await write({ delete: '/k/3/', end: '/k/30' })
  await write(put('/k/3/1', 5), put('/large', 50_000))
  await etcd.compact(compacted, { physical: true })
  const { revision: last } = await write({ delete: '/k/5/0' }, put('/k/5/1', 7))
  const file = join(root, 'etcd.snapshot')
  const { format } = await saveSnapshot({ is: 'etcd', servers: [url], tls: {} }, file)
  assert.equal(format, 'etcd')
  const directory = join(root, 'store')
  assert.deepEqual(await restoreSnapshot(file, directory), { revision: last })
  const store = await openEmbeddedStore({ directory })
  t.after(() => store.close())
  const all = { start: '\0', end: '\0' }
  for (const revision of [last, last - 1, compacted]) {
    const [theirs, ours] = [await etcd.range({ ...all, revision }), await store.range({ ...all, revision })]
    const plain = ({ kvs }: typeof ours) => kvs.map(kv => ({ ...kv, value: Buffer.from(kv.value).toString('base64') }))
    assert.deepEqual(plain(ours), plain(theirs), `revision ${revision}`)
  }
  assert.deepEqual(await eventsOf(store, compacted + 1, last), await eventsOf(etcd, compacted + 1, last))
  await assert.rejects(store.range({ ...all, revision: compacted - 1 }), CompactedError)
  assert.deepEqual((await store.leaseStatus(lease, { keys: true }))!.keys, ['/leased'])
  await store.transact({ compare: [], success: [put('/after', 1)], failure: [] })
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
