import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../base/clock.ts'
import type { Store, WatchHandler } from '../../store/store.ts'
import { type FeedListener, StoreFeed } from './store-feed.ts'

/** A store whose answers and events come when the test says. */
class HandStore {
  asked: ((revision: number) => void)[] = []
  handler: WatchHandler | undefined
  currentRevision(): Promise<number> {
    return new Promise(resolve => this.asked.push(resolve))
  }
  watch(_options: unknown, handler: WatchHandler) {
    this.handler = handler
    return { requestProgress() {}, close() {} }
  }
}

async function startFeed(): Promise<{ store: HandStore; feed: StoreFeed }> {
  const store = new HandStore()
  const feed = new StoreFeed(store as unknown as Store, systemClock)
  const starting = feed.start()
  store.asked.shift()?.(10)
  await starting
  return { store, feed }
}

const turn = () => new Promise<void>(resolve => setImmediate(resolve))

test('reads of the revision that come together share one question, later ones ask again', async () => {
  const { store, feed } = await startFeed()
  const first = feed.storeRevision()
  const second = feed.storeRevision()
  const third = feed.storeRevision()
  assert.equal(store.asked.length, 1)
  store.asked.shift()?.(11)
  assert.equal(await first, 11)
  await turn()
  assert.equal(store.asked.length, 1)
  const late = feed.storeRevision()
  store.asked.shift()?.(12)
  assert.deepEqual(await Promise.all([second, third]), [12, 12])
  await turn()
  store.asked.shift()?.(13)
  assert.equal(await late, 13)
  feed.stop()
})

test('events go to the listener of their prefix before the feed counts as there', async () => {
  const { store, feed } = await startFeed()
  const seen: string[] = []
  const listener = (name: string): FeedListener => ({
    events: events => {
      for (const { kv } of events) seen.push(`${name} ${kv.key} at ${feed.revision}`)
    },
    progress: revision => seen.push(`${name} progress ${revision}`),
    lost: () => seen.push(`${name} lost`),
  })
  feed.listen('/registry/pods/', listener('pods'))
  feed.listen('/registry/services/specs/', listener('services'))
  const put = (key: string) => ({
    type: 'put' as const,
    kv: { key, value: new Uint8Array(0), createRevision: 11, modRevision: 11, version: 1, lease: 0 },
  })
  const reached = feed.reached(11)
  store.handler?.events([put('/registry/pods/a/b'), put('/registry/services/specs/a/b'), put('/registry/other/x')], 11)
  await reached
  assert.deepEqual(seen, [
    'pods /registry/pods/a/b at 10',
    'services /registry/services/specs/a/b at 10',
    'pods progress 11',
    'services progress 11',
  ])
  feed.stop()
})

test('listeners are told when the watch was lost', async () => {
  const { store, feed } = await startFeed()
  const lost = new Promise<void>(resolve =>
    feed.listen('/registry/pods/', { events: () => {}, progress: () => {}, lost: resolve }),
  )
  store.handler?.ended(new Error('compacted'))
  while (store.asked.length === 0) await new Promise(resolve => setTimeout(resolve, 10))
  store.asked.shift()?.(20)
  await lost
  assert.equal(feed.revision, 20)
  feed.stop()
})

test('a store that was restored from an older snapshot is watched from its own revision', async () => {
  const { store, feed } = await startFeed()
  const lost = new Promise<void>(resolve =>
    feed.listen('/registry/pods/', { events: () => {}, progress: () => {}, lost: resolve }),
  )
  assert.ok(feed.revision > 3)
  store.handler?.ended(new Error('etcd has another history than before'))
  // What the caches show is not known to be the store's until they are told to read it again.
  let isReached = false
  const reached = feed.reached(2).then(() => {
    isReached = true
  })
  await turn()
  assert.equal(isReached, false)
  while (store.asked.length === 0) await new Promise(resolve => setTimeout(resolve, 10))
  store.asked.shift()?.(3)
  await lost
  await reached
  assert.equal(feed.revision, 3)
  assert.equal(feed.abandonedRevision, 10)
  feed.stop()
})
