/** Snapshots are whole, of one moment, or refused. */
import assert from 'node:assert/strict'
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { openEmbeddedStore } from '../embedded/embedded-store.ts'
import type { MaintainedStore } from '../maintained-store.ts'
import { startStoreServer } from '../server/store-server.ts'
import { CompactedError, type Store } from '../store.ts'
import { restoreSnapshot } from './restore-snapshot.ts'
import { type SnapshotSource, saveSnapshot } from './save-snapshot.ts'
import { listSnapshots, pruneSnapshots, snapshotName } from './snapshot-directory.ts'
import { revisionOf, SnapshotError, verifySnapshot } from './snapshot-file.ts'

async function setUp(t: TestContext) {
  const root = mkdtempSync(join(tmpdir(), 'clipper-snapshots-'))
  t.after(() => rmSync(root, { recursive: true }))
  const directory = join(root, 'store')
  const open = async (at: string): Promise<MaintainedStore> => {
    const store = await openEmbeddedStore({ directory: at })
    t.after(() => store.close())
    return store
  }
  return { root, directory, open, store: await open(directory) }
}

const put = (store: Store, ...keys: string[]) => {
  const value = Buffer.from(String(Math.random()))
  return store.transact({ compare: [], success: keys.map(key => ({ put: key, value })), failure: [] })
}
const textOf = async (store: Store, key: string) => {
  const { kvs } = await store.range({ start: key })
  return Buffer.from(kvs[0]?.value ?? []).toString()
}

describe('snapshots', () => {
  it('are of one revision and have every write acknowledged before, however busy the store is', async t => {
    const { root, directory, open, store } = await setUp(t)
    const server = await startStoreServer({ store, directory, host: '127.0.0.1', port: 0 })
    t.after(() => server.close())
    let isOver = false
    const writers = Array.from({ length: 8 }, async (_, i) => {
      while (!isOver) await put(store, `/a/${i}`, `/b/${i}`)
    })
    const sources: SnapshotSource[] = [
      { is: 'embedded', directory },
      { is: 'etcd', servers: [server.url], tls: {} },
    ]
    for (const source of sources) {
      const before = await put(store, '/before')
      const file = join(root, `${source.is}.snapshot`)
      const info = await saveSnapshot(source, file)
      assert.deepEqual(await verifySnapshot(file), info)
      const revision = revisionOf(file)
      assert.ok(revision >= before.revision)
      const restored = join(root, `restored-${source.is}`)
      assert.deepEqual(await restoreSnapshot(file, restored), { revision })
      const copy = await open(restored)
      assert.equal(await copy.currentRevision(), revision)
      assert.equal((await copy.range({ start: '/before' })).kvs[0]?.modRevision, before.revision)
      for (let i = 0; i < 8; i++) assert.equal(await textOf(copy, `/a/${i}`), await textOf(copy, `/b/${i}`))
      assert.deepEqual(await copy.hash(revision), { ...(await store.hash(revision)), currentRevision: revision })
    }
    isOver = true
    await Promise.all(writers)
    assert.deepEqual(
      readdirSync(root).filter(name => name.endsWith('.part')),
      [],
    )
  })

  it('are refused by name when they were cut short or altered, and nothing is left then', async t => {
    const { root, directory, store } = await setUp(t)
    await put(store, '/a')
    const file = join(root, 'good')
    await saveSnapshot({ is: 'embedded', directory }, file)
    const altered = (name: string, change: (copy: string) => void) => {
      const copy = join(root, name)
      copyFileSync(file, copy)
      change(copy)
      return copy
    }
    const bytes = readFileSync(file)
    const flipped = Buffer.from(bytes)
    flipped[5000] = flipped[5000]! ^ 1
    const wrong: [string, RegExp][] = [
      [altered('short', copy => truncateSync(copy, 4000)), /short has no checksum: it was cut short$/],
      [altered('page', copy => truncateSync(copy, 4096 + 32)), /page is damaged: its checksum does not fit$/],
      [altered('flipped', copy => writeFileSync(copy, flipped)), /flipped is damaged: its checksum does not fit$/],
      [altered('other', copy => writeFileSync(copy, Buffer.alloc(1024 + 32))), /other is no snapshot of a store$/],
      [join(root, 'missing'), /missing does not exist$/],
    ]
    const target = join(root, 'target')
    for (const [path, message] of wrong) {
      await assert.rejects(
        restoreSnapshot(path, target),
        error => error instanceof SnapshotError && message.test(error.message),
      )
      assert.equal(existsSync(join(target, 'store.db')), false)
    }
    await restoreSnapshot(file, target)
    await assert.rejects(restoreSnapshot(file, target), /has a store already/)
  })

  it('open with a gap in revisions: who has seen later ones begins anew, and no revision is given twice', async t => {
    const { root, directory, open, store } = await setUp(t)
    await put(store, '/a')
    const file = join(root, 'snapshot')
    await saveSnapshot({ is: 'embedded', directory }, file)
    const { revision: seen } = await put(store, '/a')
    const target = join(root, 'target')
    const { revision } = await restoreSnapshot(file, target, { revisionGap: 1000 })
    const copy = await open(target)
    assert.equal(await copy.currentRevision(), revision)
    assert.equal((await copy.range({ start: '/a' })).kvs[0]!.modRevision, 2)
    const ended = Promise.withResolvers<Error>()
    copy.watch({ start: '/a', startRevision: seen + 1 }, { events() {}, progress() {}, ended: ended.resolve })
    assert.ok((await ended.promise) instanceof CompactedError)
    assert.equal((await put(copy, '/a')).revision, revision + 1)
    assert.equal((await copy.range({ start: '\0', end: '\0', countOnly: true })).count, 1)
  })

  it('are listed by time, and the oldest ones removed', async t => {
    const { root } = await setUp(t)
    const times = ['2027-01-05T08:30:00Z', '2027-01-04T08:30:00Z', '2027-01-06T00:00:01Z'].map(text => new Date(text))
    for (const at of times) writeFileSync(join(root, snapshotName('two', at)), '')
    writeFileSync(join(root, 'mine.snapshot'), '')
    assert.deepEqual(
      listSnapshots(root).map(({ name }) => name),
      ['two-20270104T083000Z.snapshot', 'two-20270105T083000Z.snapshot', 'two-20270106T000001Z.snapshot'],
    )
    assert.deepEqual(
      pruneSnapshots(root, 1).map(({ name }) => name),
      ['two-20270104T083000Z.snapshot', 'two-20270105T083000Z.snapshot'],
    )
    assert.deepEqual(pruneSnapshots(root, 1), [])
    assert.ok(existsSync(join(root, 'mine.snapshot')))
  })
})
