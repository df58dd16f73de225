/** What every implementation of the store must do (etcd: "KV API guarantees", "Interacting with etcd"). */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import {
  CompactedError,
  FutureRevisionError,
  InvalidRequestError,
  LeaseExistsError,
  type LeaseId,
  LeaseNotFoundError,
  type Operation,
  prefixEnd,
  type RangeOptions,
  type Store,
  type StoreEvent,
  type Transaction,
} from './store.ts'

export interface StoreUnderTest {
  readonly store: Store
  /** Closes it and removes what it left. */
  remove(): Promise<void>
}

const bytes = (text: string): Uint8Array => Buffer.from(text)
const text = (value: Uint8Array): string => Buffer.from(value).toString()

export const put = (key: string, value: string, lease: LeaseId = 0): Operation => ({
  put: key,
  value: bytes(value),
  lease,
})

/** A transaction without conditions. */
export const always = (...success: Operation[]): Transaction => ({ compare: [], success, failure: [] })

/** `key=value@modRevision` of each. */
const shown = (kvs: readonly { key: string; value: Uint8Array; modRevision: number }[], base: number): string[] =>
  kvs.map(kv => `${kv.key}=${text(kv.value)}@+${kv.modRevision - base}`)

/** Collects a watch's events; `until` resolves when a condition on them holds. */
export class Collector {
  readonly events: StoreEvent[] = []
  readonly batches: { revision: number; events: readonly StoreEvent[] }[] = []
  readonly progressed: number[] = []
  error: Error | undefined
  #check: () => void = () => {}

  readonly handler = {
    events: (events: readonly StoreEvent[], revision: number) => {
      this.events.push(...events)
      this.batches.push({ events, revision })
      this.#check()
    },
    progress: (revision: number) => {
      this.progressed.push(revision)
      this.#check()
    },
    ended: (error: Error) => {
      this.error = error
      this.#check()
    },
  }

  until(condition: () => boolean): Promise<void> {
    return new Promise(resolve => {
      this.#check = () => {
        if (condition()) resolve()
      }
      this.#check()
    })
  }

  shown(base: number): string[] {
    return this.events.map(
      ({ type, kv, previous }) =>
        `${type} ${kv.key}=${text(kv.value)}@+${kv.modRevision - base} was ${previous ? text(previous.value) : '-'}`,
    )
  }
}

/** Declares the tests. Each test works under a prefix of its own in one store. */
export function testStoreContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`${name}: store contract`, () => {
    let under: StoreUnderTest
    let store: Store
    let count = 0
    const fresh = () => `/registry/t${String(++count).padStart(3, '0')}/`
    /** Where a watch has to begin to see every write from now on: behind a network it may begin later than it is asked for. */
    const nextRevision = async () => (await store.currentRevision()) + 1
    const all = (prefix: string, more: Partial<RangeOptions> = {}) =>
      store.range({ start: prefix, end: `${prefix.slice(0, -1)}0`, ...more })

    before(async () => {
      under = await open()
      store = under.store
    })
    after(() => under.remove())

    writes()
    ranges()
    watches()
    compactions()
    leases()

    function writes(): void {
      it('counts revisions and versions per key', async () => {
        const p = fresh()
        const base = await store.currentRevision()
        assert.equal((await store.transact(always(put(`${p}a`, '1')))).revision, base + 1)
        assert.equal((await store.transact(always(put(`${p}a`, '2')))).revision, base + 2)
        const [kv] = (await store.range({ start: `${p}a` })).kvs
        assert.deepEqual(
          [kv?.createRevision, kv?.modRevision, kv?.version, kv?.lease, text(kv!.value)],
          [base + 1, base + 2, 2, 0, '2'],
        )
        await store.transact(always({ delete: `${p}a` }))
        await store.transact(always(put(`${p}a`, '3')))
        const [again] = (await store.range({ start: `${p}a` })).kvs
        assert.deepEqual([again?.createRevision, again?.version], [base + 4, 1])
        assert.equal(await store.currentRevision(), base + 4)
      })

      it('swaps only if the comparison holds, and runs the other branch if not', async () => {
        const p = fresh()
        const create = (value: string): Transaction => ({
          compare: [{ key: `${p}a`, target: 'modRevision', is: '=', number: 0 }],
          success: [put(`${p}a`, value)],
          failure: [{ range: { start: `${p}a` } }],
        })
        const first = await store.transact(create('one'))
        const second = await store.transact(create('two'))
        assert.deepEqual([first.succeeded, second.succeeded], [true, false])
        assert.equal(second.revision, first.revision, 'a read is no write')
        assert.equal(text(second.results[0]!.range!.kvs[0]!.value), 'one')
        const compares: [Transaction['compare'][number], boolean][] = [
          [{ key: `${p}a`, target: 'version', is: '=', number: 1 }, true],
          [{ key: `${p}a`, target: 'createRevision', is: '<', number: first.revision }, false],
          [{ key: `${p}a`, target: 'modRevision', is: '>', number: first.revision - 1 }, true],
          [{ key: `${p}a`, target: 'modRevision', is: '!=', number: first.revision }, false],
          [{ key: `${p}a`, target: 'lease', is: '=', number: 0 }, true],
          [{ key: `${p}a`, target: 'value', is: '=', value: bytes('one') }, true],
          [{ key: `${p}a`, target: 'value', is: '!=', value: bytes('one') }, false],
          [{ key: `${p}missing`, target: 'value', is: '!=', value: bytes('one') }, false],
          [{ key: `${p}missing`, target: 'version', is: '=', number: 0 }, true],
          [{ key: `${p}a`, target: 'value', is: '<', value: bytes('onf') }, true],
          [{ key: `${p}a`, target: 'value', is: '>', value: bytes('one') }, false],
          [{ key: p, end: `${p}z`, target: 'version', is: '=', number: 1 }, true],
          [{ key: p, end: `${p}z`, target: 'version', is: '>', number: 1 }, false],
          [{ key: `${p}b`, end: `${p}z`, target: 'createRevision', is: '=', number: 0 }, true],
          [{ key: `${p}b`, end: `${p}z`, target: 'value', is: '!=', value: bytes('one') }, false],
        ]
        for (const [compare, expected] of compares) {
          const { succeeded } = await store.transact({ compare: [compare], success: [], failure: [] })
          assert.equal(succeeded, expected, JSON.stringify(compare))
        }
      })

      it('lets exactly one of many concurrent creators win', async () => {
        const p = fresh()
        const results = await Promise.all(
          Array.from({ length: 50 }, (_, i) =>
            store.transact({
              compare: [{ key: `${p}lock`, target: 'createRevision', is: '=', number: 0 }],
              success: [put(`${p}lock`, String(i))],
              failure: [],
            }),
          ),
        )
        assert.equal(results.filter(result => result.succeeded).length, 1)
      })

      it('writes all operations of a transaction at one revision and returns what was there', async () => {
        const p = fresh()
        await store.transact(always(put(`${p}a`, '1'), put(`${p}b`, '1'), put(`${p}c`, '1')))
        const result = await store.transact(
          always(put(`${p}a`, '2'), { delete: `${p}b`, end: `${p}d` }, { range: { start: p, end: `${p}z` } }),
        )
        assert.equal(text(result.results[0]!.previous!.value), '1')
        assert.deepEqual(shown(result.results[1]!.deleted!, result.revision), [`${p}b=1@+-1`, `${p}c=1@+-1`])
        assert.deepEqual(shown(result.results[2]!.range!.kvs, result.revision), [`${p}a=2@+0`])
        assert.equal((await store.transact(always({ delete: `${p}none` }))).revision, result.revision)
      })

      it('decides nested transactions by what was there before, and writes them at one revision', async () => {
        const p = fresh()
        const isNew = (key: string) => ({ key, target: 'version', is: '=', number: 0 }) as const
        const inner: Transaction = {
          compare: [isNew(`${p}a`)],
          success: [put(`${p}b`, 'a was new'), { range: { start: p, end: `${p}z` } }],
          failure: [{ delete: `${p}b` }],
        }
        const outer = { compare: [isNew(`${p}a`)], success: [put(`${p}a`, '1'), { transaction: inner }], failure: [] }
        const seen = new Collector()
        const startRevision = await nextRevision()
        const watch = store.watch({ start: p, end: `${p}z`, startRevision }, seen.handler)
        const { revision, results } = await store.transact(outer)
        const nested = results[1]!.transaction!
        assert.deepEqual([nested.succeeded, nested.revision], [true, revision])
        assert.deepEqual(shown(nested.results[1]!.range!.kvs, revision), [`${p}a=1@+0`, `${p}b=a was new@+0`])
        const { results: second } = await store.transact(always({ transaction: inner }))
        assert.equal(second[0]!.transaction!.succeeded, false)
        assert.equal(text(second[0]!.transaction!.results[0]!.deleted![0]!.value), 'a was new')
        await seen.until(() => seen.events.length === 3)
        assert.deepEqual(seen.shown(revision), [
          `put ${p}a=1@+0 was -`,
          `put ${p}b=a was new@+0 was -`,
          `delete ${p}b=@+1 was a was new`,
        ])
        watch.close()
      })

      it('keeps the value or the lease of a key that exists', async () => {
        const p = fresh()
        const lease = await store.grantLease(600)
        await store.transact(always(put(`${p}a`, '1', lease)))
        const none = new Uint8Array(0)
        await store.transact(always({ put: `${p}a`, value: bytes('2'), keepLease: true }))
        const seen = new Collector()
        const startRevision = await nextRevision()
        const watch = store.watch({ start: `${p}a`, startRevision }, seen.handler)
        const of = async () => (await store.range({ start: `${p}a` })).kvs.map(kv => [text(kv.value), kv.lease])
        assert.deepEqual(await of(), [['2', lease]])
        await store.transact(always({ put: `${p}a`, value: none, keepValue: true }))
        assert.deepEqual(await of(), [['2', 0]])
        await seen.until(() => seen.events.length === 1)
        assert.equal(text(seen.events[0]!.kv.value), '2')
        watch.close()
        const refused = async (operation: Operation, message: string) =>
          assert.rejects(store.transact(always(operation)), { message })
        await refused({ put: `${p}b`, value: none, keepValue: true }, 'etcdserver: key not found')
        await refused({ put: `${p}a`, value: bytes('x'), keepValue: true }, 'etcdserver: value is provided')
        await refused({ put: `${p}a`, value: none, lease, keepLease: true }, 'etcdserver: lease is provided')
        await store.revokeLease(lease)
      })

      it('takes every byte as a key, in the order of bytes', async () => {
        const p = fresh()
        const names = ['\0', '\0\0', 'a', 'a\0b', '\x7f', '\x80', '\xc3\xa9', '\xff', '\xff\xff']
        for (const name of names.toReversed()) await store.transact(always(put(p + name, '')))
        const seen = new Collector()
        const startRevision = await nextRevision()
        const watch = store.watch({ start: `${p}\xff`, end: prefixEnd(`${p}\xff`), startRevision }, seen.handler)
        assert.deepEqual(
          (await all(p)).kvs.map(kv => kv.key.slice(p.length)),
          names,
        )
        assert.equal((await store.range({ start: `${p}\xff`, end: prefixEnd(`${p}\xff`) })).count, 2)
        await store.transact(always({ delete: `${p}\x80`, end: '\0' }))
        await seen.until(() => seen.events.length === 2)
        assert.equal((await all(p)).count, 5)
        watch.close()
      })

      it('refuses what etcd refuses, with its words, and writes nothing of it', async () => {
        const p = fresh()
        const refused = async (transaction: Transaction, message: string) => {
          await assert.rejects(
            store.transact(transaction),
            (error: Error) => error instanceof InvalidRequestError && error.message === message,
          )
        }
        const operations = Array.from({ length: 129 }, (_, i) => put(`${p}${i}`, ''))
        await refused(always(...operations), 'etcdserver: too many operations in txn request')
        await refused(
          always({ put: `${p}a`, value: new Uint8Array(1.5 * 1024 * 1024 + 1) }),
          'etcdserver: request is too large',
        )
        await refused(always(put(`${p}a`, ''), put(`${p}a`, '')), 'etcdserver: duplicate key given in txn request')
        await refused(
          always({ delete: p, end: `${p}z` }, put(`${p}a`, '')),
          'etcdserver: duplicate key given in txn request',
        )
        await refused(always(put('', '')), 'etcdserver: key is not provided')
        const nested = { compare: [], success: [put(`${p}a`, '')], failure: [{ delete: `${p}b` }] }
        const duplicate = 'etcdserver: duplicate key given in txn request'
        await refused(always(put(`${p}a`, ''), { transaction: nested }), duplicate)
        await refused(always({ delete: p, end: `${p}z` }, { transaction: nested }), duplicate)
        await refused(always({ transaction: nested }, put(`${p}b`, '')), duplicate)
        await refused(
          always(...operations.slice(1), { transaction: nested }),
          'etcdserver: too many operations in txn request',
        )
        assert.equal((await all(p)).count, 0)
        await store.transact(always(...operations.slice(1)))
        // etcd counts what surrounds the value too.
        await store.transact(always({ put: `${p}a`, value: new Uint8Array(1.5 * 1024 * 1024 - 512) }))
        assert.equal((await all(p)).count, 129)
      })
    }

    function ranges(): void {
      it('reads keys in order, cut by a limit, without values, or only counted', async () => {
        const p = fresh()
        const base = await store.currentRevision()
        for (const key of ['c', 'a', 'b/x', 'b']) await store.transact(always(put(p + key, key)))
        assert.deepEqual(shown((await all(p)).kvs, base), [`${p}a=a@+2`, `${p}b=b@+4`, `${p}b/x=b/x@+3`, `${p}c=c@+1`])
        const cut = await all(p, { limit: 2 })
        assert.deepEqual([cut.kvs.map(kv => kv.key), cut.more, cut.count], [[`${p}a`, `${p}b`], true, 4])
        const rest = await store.range({ start: `${p}b\0`, end: `${p.slice(0, -1)}0`, limit: 2 })
        assert.deepEqual([rest.kvs.map(kv => kv.key), rest.more], [[`${p}b/x`, `${p}c`], false])
        const keys = await all(p, { keysOnly: true })
        assert.deepEqual([keys.kvs.length, keys.kvs[0]?.value.length, keys.kvs[0]?.modRevision], [4, 0, base + 2])
        const counted = await all(p, { countOnly: true })
        assert.deepEqual([counted.kvs.length, counted.count, counted.revision], [0, 4, base + 4])
        assert.equal((await store.range({ start: `${p}nothing` })).count, 0)
        assert.equal((await store.range({ start: `${p}b`, end: '\0' })).kvs.length, 3)
      })

      it('reads as of a past revision, and refuses a future one', async () => {
        const p = fresh()
        const base = await store.currentRevision()
        await store.transact(always(put(`${p}a`, '1')))
        await store.transact(always(put(`${p}b`, '1')))
        await store.transact(always({ delete: `${p}a` }))
        await store.transact(always(put(`${p}a`, '2')))
        const at = async (n: number, more = {}) => shown((await all(p, { revision: base + n, ...more })).kvs, base)
        assert.deepEqual(await at(1), [`${p}a=1@+1`])
        assert.deepEqual(await at(2), [`${p}a=1@+1`, `${p}b=1@+2`])
        assert.deepEqual(await at(3), [`${p}b=1@+2`])
        assert.deepEqual(await at(4), [`${p}a=2@+4`, `${p}b=1@+2`])
        assert.deepEqual(await at(2, { limit: 1 }), [`${p}a=1@+1`])
        const past = await all(p, { revision: base + 2, limit: 1 })
        assert.deepEqual([past.more, past.count, past.revision], [true, 2, base + 4])
        assert.equal((await all(p, { revision: base + 3, countOnly: true })).count, 1)
        assert.equal((await store.range({ start: `${p}a`, revision: base + 3 })).count, 0)
        await assert.rejects(all(p, { revision: base + 5 }), FutureRevisionError)
      })

      it('reads a long range as of one revision while it is written to', async () => {
        const p = fresh()
        for (let i = 0; i < 5000; i += 100) {
          await store.transact(
            always(...Array.from({ length: 100 }, (_, j) => put(`${p}${String(i + j).padStart(5, '0')}`, 'old'))),
          )
        }
        const reading = all(p)
        const writing = [4999, 4500, 2500].map(i =>
          store.transact(always(put(`${p}${String(i).padStart(5, '0')}`, 'new'))),
        )
        const result = await reading
        await Promise.all(writing)
        assert.equal(result.kvs.length, 5000)
        assert.equal(result.count, 5000)
        for (const kv of result.kvs) assert.ok(kv.modRevision <= result.revision, `${kv.key} is from the future`)
      })
    }

    function watches(): void {
      it('delivers whole revisions in order, with what they replaced', async () => {
        const p = fresh()
        const base = await store.currentRevision()
        const seen = new Collector()
        const startRevision = await nextRevision()
        const watch = store.watch({ start: p, end: `${p}z`, startRevision }, seen.handler)
        await store.transact(always(put(`${p}a`, '1')))
        await store.transact(always(put(`${p}a`, '2'), put(`${p}b`, '1')))
        await store.transact(always(put('/registry/elsewhere', '')))
        await store.transact(always({ delete: `${p}a` }))
        await seen.until(() => seen.events.length === 4)
        assert.deepEqual(seen.shown(base), [
          `put ${p}a=1@+1 was -`,
          `put ${p}a=2@+2 was 1`,
          `put ${p}b=1@+2 was -`,
          `delete ${p}a=@+4 was 2`,
        ])
        for (const batch of seen.batches) assert.equal(batch.events.at(-1)?.kv.modRevision, batch.revision)
        watch.close()
        await store.transact(always(put(`${p}a`, '3')))
        assert.equal(seen.events.length, 4)
        assert.equal(seen.error, undefined)
      })

      it('delivers from a past revision on, and from a future one', async () => {
        const p = fresh()
        const base = await store.currentRevision()
        for (let i = 1; i <= 5; i++) await store.transact(always(put(`${p}a`, String(i))))
        const past = new Collector()
        const future = new Collector()
        const watches = [
          store.watch({ start: `${p}a`, startRevision: base + 3 }, past.handler),
          store.watch({ start: `${p}a`, startRevision: base + 7 }, future.handler),
        ]
        for (let i = 6; i <= 8; i++) await store.transact(always(put(`${p}a`, String(i))))
        await past.until(() => past.events.length === 6)
        await future.until(() => future.events.length === 2)
        assert.deepEqual(
          past.events.map(event => event.kv.modRevision - base),
          [3, 4, 5, 6, 7, 8],
        )
        assert.deepEqual(
          future.events.map(event => event.kv.modRevision - base),
          [7, 8],
        )
        for (const watch of watches) watch.close()
      })

      it('loses and doubles nothing when watches join while writes go on', async () => {
        const p = fresh()
        const base = await store.currentRevision()
        const total = 6000
        const watches: { watch: { close(): void }; seen: Collector; from: number }[] = []
        for (let i = 0; i < total; i += 60) {
          await Promise.all(Array.from({ length: 60 }, (_, j) => store.transact(always(put(`${p}${i + j}`, 'v')))))
          if (i % 600 === 0) {
            for (const from of [base + 1, base + Math.floor(i / 2) + 1, base + i]) {
              const seen = new Collector()
              const startRevision = Math.max(from, base + 1)
              const watch = store.watch({ start: p, end: `${p}z`, startRevision }, seen.handler)
              watches.push({ watch, seen, from: startRevision })
            }
          }
        }
        for (const { watch, seen, from } of watches) {
          await seen.until(() => seen.events.at(-1)?.kv.modRevision === base + total)
          const revisions = seen.events.map(event => event.kv.modRevision)
          assert.deepEqual(
            revisions,
            Array.from({ length: base + total - from + 1 }, (_, i) => from + i),
          )
          watch.close()
        }
      })

      it('tells how far a watch came', async () => {
        const p = fresh()
        const seen = new Collector()
        const watch = store.watch({ start: p, end: `${p}z` }, seen.handler)
        const { revision } = await store.transact(always(put('/registry/elsewhere', 'x')))
        watch.requestProgress()
        await seen.until(() => seen.progressed.some(at => at >= revision))
        assert.equal(seen.events.length, 0)
        watch.close()
      })
    }

    function compactions(): void {
      it('forgets history below the compacted revision and nothing else', async () => {
        const p = fresh()
        const base = await store.currentRevision()
        for (const value of ['1', '2', '3']) await store.transact(always(put(`${p}a`, value)))
        await store.transact(always(put(`${p}b`, '1')))
        await store.transact(always({ delete: `${p}b` }))
        await store.transact(always(put(`${p}a`, '4')))
        await store.compact(base + 5)
        assert.deepEqual(shown((await all(p)).kvs, base), [`${p}a=4@+6`])
        assert.deepEqual(shown((await all(p, { revision: base + 5 })).kvs, base), [`${p}a=3@+3`])
        const below = { revision: base + 4 }
        await assert.rejects(
          all(p, below),
          (error: Error) => error instanceof CompactedError && error.compactRevision === base + 5,
        )
        await assert.rejects(store.transact(always({ range: { start: `${p}a`, ...below } })), CompactedError)
        await assert.rejects(store.compact(base + 5), CompactedError)
        await assert.rejects(store.compact((await store.currentRevision()) + 1), FutureRevisionError)
        const late = new Collector()
        store.watch({ start: p, end: `${p}z`, startRevision: base + 4 }, late.handler)
        await late.until(() => late.error !== undefined)
        assert.ok(late.error instanceof CompactedError)
        const inTime = new Collector()
        const watch = store.watch({ start: p, end: `${p}z`, startRevision: base + 5 }, inTime.handler)
        await inTime.until(() => inTime.events.length === 2)
        assert.deepEqual(
          inTime.events.map(({ type, kv }) => `${type} ${kv.key}@+${kv.modRevision - base}`),
          [`delete ${p}b@+5`, `put ${p}a@+6`],
        )
        watch.close()
      })

      it('waits for the disk where it is asked to', async () => {
        const p = fresh()
        for (let i = 0; i < 500; i++) await store.transact(always(put(`${p}a`, 'x'.repeat(1000))))
        await store.compact(await store.currentRevision(), { physical: true })
        await assert.rejects(store.compact(await store.currentRevision(), { physical: true }), CompactedError)
        assert.equal((await all(p)).count, 1)
      })
    }

    function leases(): void {
      it('deletes the keys of a lease when it is revoked, and refuses unknown leases', async () => {
        const p = fresh()
        const lease = await store.grantLease(600)
        await store.transact(always(put(`${p}a`, '1', lease), put(`${p}b`, '1', lease), put(`${p}c`, '1')))
        await store.transact(always(put(`${p}b`, '2')))
        assert.equal((await store.range({ start: `${p}a` })).kvs[0]?.lease, lease)
        assert.equal(await store.keepAliveLease(lease), 600)
        assert.ok((await store.leases()).includes(lease))
        const status = await store.leaseStatus(lease, { keys: true })
        assert.deepEqual([status?.grantedTtlSeconds, status?.keys], [600, [`${p}a`]])
        assert.ok(status!.remainingTtlSeconds > 590 && status!.remainingTtlSeconds <= 600)
        assert.deepEqual((await store.leaseStatus(lease))?.keys, [])
        const seen = new Collector()
        const startRevision = await nextRevision()
        const watch = store.watch({ start: p, end: `${p}z`, startRevision }, seen.handler)
        await store.revokeLease(lease)
        await seen.until(() => seen.events.length > 0)
        assert.deepEqual(
          seen.events.map(({ type, kv }) => [type, kv.key]),
          [['delete', `${p}a`]],
        )
        assert.deepEqual(
          (await all(p)).kvs.map(kv => kv.key),
          [`${p}b`, `${p}c`],
        )
        watch.close()
        await assert.rejects(store.keepAliveLease(lease), LeaseNotFoundError)
        await assert.rejects(store.revokeLease(lease), LeaseNotFoundError)
        await assert.rejects(store.transact(always(put(`${p}d`, '', lease))), LeaseNotFoundError)
        assert.equal(await store.leaseStatus(lease), undefined)
        assert.ok(!(await store.leases()).includes(lease))
        await assert.rejects(store.grantLease(9_000_000_001), InvalidRequestError)
      })

      it('makes leases of a given id, also of 63 bits', async () => {
        const p = fresh()
        for (const id of [4711, 2n ** 62n + 1n]) {
          assert.equal(await store.grantLease(600, { id }), id)
          await assert.rejects(store.grantLease(600, { id }), LeaseExistsError)
          await store.transact(always(put(`${p}a`, '1', id)))
          assert.equal((await store.range({ start: `${p}a` })).kvs[0]?.lease, id)
          const same = await store.transact({
            compare: [{ key: `${p}a`, target: 'lease', is: '=', number: id }],
            success: [],
            failure: [],
          })
          assert.equal(same.succeeded, true)
          assert.deepEqual((await store.leaseStatus(id, { keys: true }))?.keys, [`${p}a`])
          await store.revokeLease(id)
          assert.equal((await all(p)).count, 0)
        }
      })

      it('deletes the keys of a lease that runs out', async () => {
        const p = fresh()
        const lease = await store.grantLease(1)
        const seen = new Collector()
        const startRevision = await nextRevision()
        const watch = store.watch({ start: p, end: `${p}z`, startRevision }, seen.handler)
        await store.transact(always(put(`${p}a`, '1', lease)))
        await seen.until(() => seen.events.length === 2)
        assert.equal(seen.events[1]?.type, 'delete')
        assert.equal((await all(p)).count, 0)
        watch.close()
      })
    }
  })
}
