import assert from 'node:assert/strict'
import test from 'node:test'
import { ageOf, humanDuration } from './human-duration.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

test('humanDuration gets coarser with length', () => {
  for (const [ms, expected] of [
    [-2 * second, '<invalid>'],
    [-1 * second, '0s'],
    [0, '0s'],
    [119 * second, '119s'],
    [2 * minute, '2m'],
    [5 * minute + 32 * second, '5m32s'],
    [10 * minute + 5 * second, '10m'],
    [179 * minute, '179m'],
    [3 * hour, '3h'],
    [3 * hour + 4 * minute, '3h4m'],
    [8 * hour + 4 * minute, '8h'],
    [47 * hour, '47h'],
    [2 * day, '2d'],
    [2 * day + 3 * hour, '2d3h'],
    [8 * day, '8d'],
    [729 * day, '729d'],
    [730 * day, '2y'],
    [2 * 365 * day + 5 * day, '2y5d'],
    [8 * 365 * day + 5 * day, '8y'],
  ] as const) {
    assert.equal(humanDuration(ms), expected, `${ms} ms`)
  }
})

test('ageOf an absent time is unknown', () => {
  assert.equal(ageOf(undefined, 0), '<unknown>')
  assert.equal(ageOf('1970-01-01T00:00:00Z', 90_000), '90s')
})
