import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dealHand, flowHash, requiredHashBits } from './shuffle-sharding.ts'

test('a hand has different queues, the same for the same flow', () => {
  for (let i = 0; i < 500; i++) {
    const hand = dealHand(flowHash('schema', `user-${i}`), 64, 6)
    assert.equal(new Set(hand).size, 6)
    assert.ok(hand.every(queue => Number.isInteger(queue) && queue >= 0 && queue < 64))
    assert.deepEqual(hand, dealHand(flowHash('schema', `user-${i}`), 64, 6))
  }
  assert.deepEqual(dealHand(flowHash('a', 'b'), 3, 3).sort(), [0, 1, 2])
})

test('flows spread evenly over the queues', () => {
  const counts = new Array(128).fill(0)
  const flows = 20_000
  for (let i = 0; i < flows; i++) for (const queue of dealHand(flowHash('s', `u${i}`), 128, 6)) counts[queue]++
  const mean = (flows * 6) / 128
  assert.ok(counts.every(count => count > mean * 0.8 && count < mean * 1.2))
})

test('the schema and the distinguisher are told apart', () => {
  assert.notDeepEqual(flowHash('ab', 'c'), flowHash('a', 'bc'))
})

test('hands that need more bits than the hash has are known', () => {
  assert.equal(requiredHashBits(64, 8), 48)
  assert.ok(requiredHashBits(512, 8) > 60)
})
