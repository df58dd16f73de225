import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackOff, crashBackOff } from './back-off.ts'

test('waits double from 10 s to 5 min', () => {
  const backOff = new BackOff(crashBackOff)
  const delays: number[] = []
  let nowMs = 1_000_000
  for (let failure = 0; failure < 7; failure++) {
    backOff.next('key', nowMs, nowMs)
    delays.push(backOff.delayMs('key') / 1000)
    nowMs += backOff.delayMs('key')
  }
  assert.deepEqual(delays, [10, 20, 40, 80, 160, 300, 300])
})

test('waits start anew after ten calm minutes', () => {
  const backOff = new BackOff(crashBackOff)
  backOff.next('key', 0, 0)
  backOff.next('key', 10_000, 10_000)
  assert.equal(backOff.remainingMs('key', 20_000, 25_000), 15_000)
  assert.equal(backOff.remainingMs('key', 700_000, 700_000), 0)
  backOff.next('key', 700_000, 700_000)
  assert.equal(backOff.delayMs('key'), 10_000)
})
