import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CacheEvent } from './cache-event.ts'
import { EventHistory } from './event-history.ts'

const eventOf = (revision: number, bytes = 1_000) =>
  ({ revision, bytes, arrivedMs: 0, dropFrames: () => {} }) as unknown as CacheEvent

const revisionsOf = (events: readonly CacheEvent[] | undefined) => events?.map(({ revision }) => revision)

test('a watch goes on from any revision whose events are all there', () => {
  const history = new EventHistory(10, () => 0)
  for (const revision of [12, 15, 16]) history.add(eventOf(revision))
  assert.deepEqual(revisionsOf(history.since(10)), [12, 15, 16])
  assert.deepEqual(revisionsOf(history.since(12)), [15, 16])
  assert.deepEqual(revisionsOf(history.since(20)), [])
  assert.equal(history.since(9), undefined)
})

test('what is too much goes, oldest first', () => {
  const history = new EventHistory(0, () => 0)
  for (let i = 1; i <= 40; i++) history.add(eventOf(i, 1024 * 1024))
  assert.equal(history.completeAfter, 8)
  assert.equal(history.since(7), undefined)
  assert.equal(history.since(8)?.length, 32)
})

test('of a kind that has gone quiet only the last few events outlive three minutes', () => {
  let nowMs = 0
  const history = new EventHistory(0, () => nowMs)
  for (let i = 1; i <= 500; i++) history.add(eventOf(i))
  nowMs = 180_000
  history.forgetOld()
  assert.equal(history.since(0)?.length, 500)
  nowMs = 180_001
  history.forgetOld()
  assert.equal(history.completeAfter, 400)
  assert.equal(history.since(399), undefined)
  assert.deepEqual(revisionsOf(history.since(498)), [499, 500])
})
