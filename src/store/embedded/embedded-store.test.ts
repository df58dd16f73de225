import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from '../../base/clock.ts'
import { always, Collector, put, testStoreContract } from '../contract.test-suite.ts'
import type { MaintainedStore } from '../maintained-store.ts'
import { importEtcd } from '../snapshots/import-etcd.ts'
import { CompactedError, FutureRevisionError, LeaseNotFoundError, StoreUnavailableError } from '../store.ts'
import { databaseFile } from './database.ts'
import { StoreInUseError } from './directory-lock.ts'
import { openEmbeddedStore } from './embedded-store.ts'
import { maxQueuedRequests } from './limits.ts'

const newDirectory = (): string => mkdtempSync(join(tmpdir(), 'clipper-store-'))

testStoreContract('embedded', async () => {
  const directory = newDirectory()
  const store = await openEmbeddedStore({ directory })
  return {
    store,
    async remove() {
      await store.close()
      rmSync(directory, { recursive: true })
    },
  }
})

function testDirectory(t: TestContext): string {
  const directory = newDirectory()
  t.after(() => rmSync(directory, { recursive: true }))
  return directory
}

/** Time that only the test moves. */
class ManualClock implements Clock {
  #now = 0
  #timers = new Set<{ at: number; run: () => void }>()
  now = () => this.#now
  monotonic = () => this.#now
  after(delayMs: number, run: () => void) {
    const timer = { at: this.#now + delayMs, run }
    this.#timers.add(timer)
    return { cancel: () => this.#timers.delete(timer) }
  }
  advance(ms: number) {
    this.#now += ms
    for (const timer of [...this.#timers]) {
      if (timer.at <= this.#now && this.#timers.delete(timer)) timer.run()
    }
  }
}

describe('embedded store', () => {
  it('comes back after a restart with revisions, history, compaction and leases', async t => {
    const directory = testDirectory(t)
    const clock = new ManualClock()
    let store = await openEmbeddedStore({ directory, clock })
    const lease = await store.grantLease(60)
    for (let i = 0; i < 10; i++) await store.transact(always(put('/a', String(i), lease)))
    await store.compact(5)
    await store.close()
    store = await openEmbeddedStore({ directory, clock })
    assert.equal(await store.currentRevision(), 11)
    assert.equal((await store.range({ start: '/a', revision: 7 })).kvs[0]?.value.toString(), '53')
    await assert.rejects(store.range({ start: '/a', revision: 4 }), CompactedError)
    const seen = new Collector()
    store.watch({ start: '/a', startRevision: 6 }, seen.handler)
    await seen.until(() => seen.events.length === 6)
    assert.equal(seen.events[0]?.previous?.value.toString(), '51')
    clock.advance(59_000)
    await store.keepAliveLease(lease)
    clock.advance(2000)
    assert.equal((await store.range({ start: '/a' })).count, 1)
    clock.advance(60_000)
    await seen.until(() => seen.events.length === 7)
    assert.equal(seen.events[6]?.type, 'delete')
    await assert.rejects(store.keepAliveLease(lease), LeaseNotFoundError)
    await store.close()
    assert.deepEqual(readdirSync(directory).sort(), ['lock', 'store.db'])
  })

  it('shares its directory with nobody, and its files with no other user', async t => {
    const directory = join(testDirectory(t), 'deep', 'store')
    const store = await openEmbeddedStore({ directory })
    await store.transact(always(put('/a', '1')))
    await assert.rejects(openEmbeddedStore({ directory }), StoreInUseError)
    const module = new URL('./embedded-store.ts', import.meta.url).href
    const code = `const { openEmbeddedStore } = await import(${JSON.stringify(module)})
      await openEmbeddedStore({ directory: ${JSON.stringify(directory)} }).catch(e => console.log(e.message))`
    const other = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' })
    assert.equal(other.stdout, `the store in ${directory} is already in use by process ${process.pid}\n`)
    assert.equal(statSync(directory).mode & 0o777, 0o700)
    for (const file of readdirSync(directory)) {
      assert.equal(statSync(join(directory, file)).mode & 0o777, 0o600, file)
    }
    await store.transact(always(put('/a', '2')))
    await store.close()
    await assert.rejects(store.transact(always(put('/a', '3'))), StoreUnavailableError)
    const again = await openEmbeddedStore({ directory })
    assert.equal((await again.range({ start: '/a' })).kvs[0]?.value.toString(), '50')
    await again.close()
  })

  it('says so when the file is none of its own, and leaves it alone', async t => {
    const directory = testDirectory(t)
    writeFileSync(join(directory, 'store.db'), 'something else entirely '.repeat(100))
    await assert.rejects(openEmbeddedStore({ directory }), /file is not a database/)
    assert.equal(statSync(join(directory, 'store.db')).size, 2400)
  })

  it('refuses requests that do not fit its queue, and answers those that do', async t => {
    const store = await openEmbeddedStore({ directory: testDirectory(t) })
    const results = await Promise.allSettled(
      Array.from({ length: maxQueuedRequests + 10 }, (_, i) => store.transact(always(put(`/a${i}`, 'x')))),
    )
    const refused = results.filter(result => result.status === 'rejected')
    assert.equal(refused.length, 10)
    assert.ok(refused.every(result => result.reason instanceof StoreUnavailableError))
    assert.equal((await store.range({ start: '/a', end: '/b', countOnly: true })).count, maxQueuedRequests)
    await store.close()
  })

  it('answers what it accepted before it was closed', async t => {
    const store = await openEmbeddedStore({ directory: testDirectory(t) })
    const seen = new Collector()
    store.watch({ start: '/', end: '0' }, seen.handler)
    const writes = Array.from({ length: 1000 }, (_, i) => store.transact(always(put(`/a${i}`, 'x'))))
    const closed = store.close()
    assert.equal((await Promise.all(writes)).at(-1)?.revision, 1001)
    await closed
    assert.equal(seen.events.length, 1000)
    assert.match(seen.error?.message ?? '', /closed/)
  })

  it('stays small under rewriting and compaction, and never holds a write up for long', async t => {
    const directory = testDirectory(t)
    const store = await openEmbeddedStore({ directory })
    const value = 'x'.repeat(4000)
    let longestMs = 0
    for (let round = 0; round < 10; round++) {
      for (let i = 0; i < 1000; i += 50) {
        const start = performance.now()
        await Promise.all(Array.from({ length: 50 }, (_, j) => store.transact(always(put(`/k${i + j}`, value)))))
        longestMs = Math.max(longestMs, performance.now() - start)
      }
      await store.compact(await store.currentRevision())
    }
    const { totalBytes } = await eventually(
      () => store.size(),
      size => size.usedBytes < 12_000_000 && size.totalBytes < 40_000_000,
    )
    t.diagnostic(`50 writes took at most ${Math.round(longestMs)} ms; ${totalBytes} bytes for 4,000,000`)
    assert.equal((await store.range({ start: '/k', end: '/l' })).kvs.length, 1000)
    await store.close()
    assert.ok(statSync(join(directory, 'store.db')).size < 12_000_000)
  })
})

describe('maintenance of the embedded store', () => {
  it('copies a store while it is written to, as of one revision', async t => {
    const directory = testDirectory(t)
    const store = await openEmbeddedStore({ directory: join(directory, 'a') })
    for (let i = 0; i < 200; i++) await store.transact(always(put(`/a${i}`, 'x')))
    const writing = Promise.all(Array.from({ length: 500 }, (_, i) => store.transact(always(put(`/b${i}`, 'y')))))
    const snapshot = await store.snapshot()
    const chunks: Uint8Array[] = []
    for await (const chunk of snapshot.chunks()) chunks.push(chunk)
    snapshot.release()
    const bytes = Buffer.concat(chunks)
    assert.equal(bytes.byteLength, snapshot.totalBytes)
    await writing
    assert.deepEqual(
      readdirSync(join(directory, 'a')).filter(name => name.includes('snapshot')),
      [],
    )
    await store.close()
    writeFileSync(join(directory, 'snapshot'), bytes)
    mkdirSync(join(directory, 'b'))
    importEtcd(join(directory, 'snapshot'), databaseFile(join(directory, 'b')))
    const copy = await openEmbeddedStore({ directory: join(directory, 'b') })
    const revision = await copy.currentRevision()
    assert.ok(revision >= 201 && revision <= 701)
    assert.equal((await copy.range({ start: '/', end: '0', countOnly: true })).count, revision - 1)
    await copy.close()
  })

  it('hashes what compactions keep, the same before and after, and otherwise for every difference', async t => {
    const directory = testDirectory(t)
    const fill = async (name: string, lastValue: string) => {
      const store = await openEmbeddedStore({ directory: join(directory, name) })
      for (let i = 0; i < 20; i++) await store.transact(always(put(`/k${i % 5}`, `v${i}`)))
      await store.transact(always({ delete: '/k3' }))
      await store.transact(always(put('/k1', lastValue)))
      return store
    }
    const a = await fill('a', 'end')
    const b = await fill('b', 'end')
    const c = await fill('c', 'enD')
    const hash = async (store: MaintainedStore, revision = 0) => (await store.hash(revision)).hash
    assert.equal(await hash(a), await hash(b))
    assert.notEqual(await hash(a), await hash(c))
    assert.equal(await hash(a, 22), await hash(c, 22))
    assert.notEqual(await hash(a, 21), await hash(a, 22))
    await assert.rejects(a.hash(99), FutureRevisionError)
    await a.compact(15)
    const compacted = await hash(a)
    await b.compact(15, { physical: true })
    assert.equal(await hash(b), compacted)
    assert.notEqual(await hash(c), compacted)
    await assert.rejects(a.hash(14), CompactedError)
    assert.deepEqual(
      { ...(await a.hash(22)), hash: 0 },
      { hash: 0, hashRevision: 22, compactRevision: 15, currentRevision: 23 },
    )
    for (const store of [a, b, c]) await store.close()
  })

  it('gives free space back', async t => {
    const store = await openEmbeddedStore({ directory: testDirectory(t) })
    for (let i = 0; i < 400; i++) await store.transact(always(put('/a', 'x'.repeat(4000))))
    await store.compact(await store.currentRevision(), { physical: true })
    await store.defragment()
    const { totalBytes, usedBytes } = await store.size()
    assert.equal(totalBytes, usedBytes)
    assert.ok(usedBytes < 200_000)
    await store.close()
  })
})

async function eventually<T>(read: () => Promise<T>, holds: (value: T) => boolean): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    const value = await read()
    if (holds(value)) return value
    assert.ok(attempt < 500, `still ${JSON.stringify(value)}`)
    await delay(20)
  }
}
