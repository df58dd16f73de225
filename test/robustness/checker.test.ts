/** The checker must find fault with stores that are wrong, and with none that is right. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { seededRandom } from '../../src/schema/testing/random-object.ts'
import { openEmbeddedStore } from '../../src/store/embedded/embedded-store.ts'
import type { RangeResult, Store, StoreEvent, TransactionResult, WatchHandler } from '../../src/store/store.ts'
import { checkHistory, checkWatch } from './checker.ts'
import { History } from './history.ts'
import { readLog, runClient } from './workload.ts'

type Wrong = Partial<Pick<Store, 'range' | 'transact'>>

/** Wrong every so often. */
const sometimes = (): (() => boolean) => {
  let count = 0
  return () => ++count % 40 === 0
}

const wrongStores: Record<string, (store: Store) => Wrong> = {
  'reads the past and says so': store => {
    const now = sometimes()
    return {
      async range(options): Promise<RangeResult> {
        const current = await store.currentRevision()
        if (!now() || current < 20) return store.range(options)
        const past = await store.range({ ...options, revision: current - 15 })
        return { ...past, revision: current - 15 }
      },
    }
  },
  'reads the past as if it were now': store => {
    const now = sometimes()
    return {
      async range(options) {
        const current = await store.currentRevision()
        return now() && current > 20 ? store.range({ ...options, revision: current - 15 }) : store.range(options)
      },
    }
  },
  'acknowledges what it does not write': store => {
    const now = sometimes()
    return {
      async transact(transaction): Promise<TransactionResult> {
        if (!now() || !('put' in (transaction.success[0] ?? {}))) return store.transact(transaction)
        return { succeeded: true, revision: (await store.currentRevision()) + 1, results: [{}] }
      },
    }
  },
  'writes twice': store => {
    const now = sometimes()
    return {
      async transact(transaction) {
        const result = await store.transact(transaction)
        if (now()) await store.transact({ ...transaction, compare: [] })
        return result
      },
    }
  },
  'swaps whatever the condition': store => {
    const now = sometimes()
    return { transact: transaction => store.transact(now() ? { ...transaction, compare: [] } : transaction) }
  },
  'refuses what it has written': store => {
    const now = sometimes()
    return {
      async transact(transaction) {
        const result = await store.transact(transaction)
        if (now() && result.succeeded) throw new Error('not written')
        return result
      },
    }
  },
}

describe('the checker of histories', () => {
  const directory = mkdtempSync(join(tmpdir(), 'clipper-checker-'))
  let count = 0
  after(() => rmSync(directory, { recursive: true }))

  async function faultsOf(wrong: (store: Store) => Wrong): Promise<string[]> {
    const store = await openEmbeddedStore({ directory: join(directory, String(count++)) })
    const bound = {
      range: (options: Parameters<Store['range']>[0]) => store.range(options),
      transact: (transaction: Parameters<Store['transact']>[0]) => store.transact(transaction),
    }
    const history = new History()
    const under = { ...bound, ...wrong(store) } as Store
    const random = seededRandom(count)
    await Promise.all(Array.from({ length: 6 }, () => runClient(under, history, random, done => done >= 150)))
    const faults = checkHistory(history.calls, await readLog(store))
    await store.close()
    return faults
  }

  it('finds nothing wrong with the embedded store', async () => {
    assert.deepEqual(await faultsOf(() => ({})), [])
  })
  for (const [what, wrong] of Object.entries(wrongStores)) {
    it(`rejects a store that ${what}`, async t => {
      const faults = await faultsOf(wrong)
      assert.notEqual(faults.length, 0)
      t.diagnostic(faults[0]!)
    })
  }

  it('rejects watches that lose, double or reorder events', async () => {
    const store = await openEmbeddedStore({ directory: join(directory, 'watch') })
    const seen: StoreEvent[] = []
    const handler: WatchHandler = { events: events => void seen.push(...events), progress() {}, ended() {} }
    store.watch({ start: '/', end: '0' }, handler)
    await runClient(store, new History(), seededRandom(1), done => done >= 60)
    const log = await readLog(store)
    const last = log.at(-1)!.kv.modRevision
    const check = (events: readonly StoreEvent[]) => checkWatch('watch', events, log, 2, last).length
    assert.equal(check(seen), 0)
    assert.equal(check(seen.toSpliced(7, 1)), 1)
    assert.equal(check(seen.toSpliced(7, 0, seen[7]!)), 1)
    assert.equal(check(seen.toSpliced(7, 2, seen[8]!, seen[7]!)), 1)
    assert.equal(check(seen.slice(0, -1)), 1)
    await store.close()
  })
})
