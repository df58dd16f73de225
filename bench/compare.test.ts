import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compare } from './compare.ts'
import type { Results, Run } from './measurement.ts'
import { tableOf } from './report/markdown.ts'
import { figures, type Row, value } from './row.ts'
import { median, quantile } from './statistics.ts'

const row = (more: Partial<Row>): Row => ({
  id: 'start/ready',
  group: 'Start',
  title: 'ready',
  suite: 'start',
  unit: 'ms',
  better: 'less',
  of: figures({ name: 'ready' }, value),
  ...more,
})

const run = (side: Run['side'], ...values: number[]): Run => ({
  suite: 'start',
  side,
  date: '2026-01-01T00:00:00Z',
  measurements: values.map(one => ({ name: 'ready', value: one })),
})

const results = (runs: readonly Run[], missing = {}): Results => ({
  machine: {},
  versions: {},
  suites: { start: { date: '', commit: '', seconds: 1, extent: 'default', missing, runs } },
})

test('a line compares the medians of all runs of a side, in the direction that is better', () => {
  const found = results([run('stock', 3000, 3200), run('clipper', 900, 1100), run('clipper', 1000), run('stock', 9999)])
  const [less] = compare([row({ goal: 3 })], found)
  assert.deepEqual([less?.stock, less?.clipper, less?.ratio, less?.reached], [3200, 1000, 3.2, true])
  const [more] = compare([row({ better: 'more', goal: 3 })], found)
  assert.deepEqual([more?.ratio, more?.reached], [0.3125, false])
  const [bound] = compare([row({ bound: 1000 })], found)
  assert.equal(bound?.reached, true)
})

test('a figure that is not there says why, and no goal counts as reached or missed', () => {
  const [never] = compare([row({ goal: 3 })], { machine: {}, versions: {}, suites: {} })
  assert.deepEqual([never?.notes, never?.reached], [['not run yet'], undefined])
  const [absent] = compare([row({ goal: 3 })], results([run('clipper', 1000)], { stock: 'not on PATH: etcd' }))
  assert.deepEqual([absent?.notes, absent?.ratio], [['stock: not on PATH: etcd'], undefined])
  assert.match(tableOf([absent!]), /\| ready \(stock: not on PATH: etcd\) \| ms \| – \| 1,000 \| – \| ≥ 3× \|/)
  const [failed] = compare([row({})], results([{ ...run('stock'), failure: 'etcd ended' }, run('clipper', 1)]))
  assert.deepEqual(failed?.notes, ['stock: etcd ended'])
})

test('medians and quantiles by nearest rank', () => {
  assert.equal(median([4, 1, 3]), 3)
  assert.equal(median([4, 1, 3, 2]), 2.5)
  assert.equal(median([]), undefined)
  assert.equal(quantile([5, 1, 2, 3, 4], 0.5), 3)
  assert.equal(quantile([1, 2], 0.99), 2)
})
