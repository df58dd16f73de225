import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mandatoryPriorityLevels, suggestedPriorityLevels } from '../../machinery/flowcontrol/default-objects.ts'
import { type Claim, DemandMeter, lentLimits, nominalLimits, smoothedDemand } from './concurrency.ts'

test('seats are shared by weight, rounded up; a part of them can be lent', () => {
  const limits = nominalLimits(new Map([...mandatoryPriorityLevels, ...suggestedPriorityLevels]), 600)
  // What a stock server of the same size reports.
  const nominal = Object.fromEntries([...limits].map(([name, { nominal }]) => [name, nominal]))
  assert.deepEqual(nominal, {
    exempt: 0,
    'catch-all': 13,
    system: 74,
    'node-high': 98,
    'leader-election': 25,
    'workload-high': 98,
    'workload-low': 245,
    'global-default': 49,
  })
  assert.deepEqual(limits.get('workload-low'), { nominal: 245, lower: 24, upper: 600 })
})

test('an idle level lends to a busy one, and no more than it may', () => {
  const limits = { nominal: 100, lower: 50, upper: 1000 }
  const idle: Claim = { limits, highest: 0, smoothed: 0 }
  const busy: Claim = { limits, highest: 500, smoothed: 500 }
  const lent = lentLimits(
    new Map([
      ['idle', idle],
      ['busy', busy],
    ]),
  )
  assert.deepEqual([lent.get('idle'), lent.get('busy')], [50, 150])
  const both = lentLimits(
    new Map([
      ['a', busy],
      ['b', busy],
    ]),
  )
  assert.deepEqual([...both.values()], [100, 100])
})

test('demand is averaged over time, rises at once and falls slowly', () => {
  const meter = new DemandMeter(0)
  meter.set(10, 0)
  meter.set(0, 500)
  const demand = meter.take(1000)
  assert.deepEqual(demand, { mean: 5, deviation: 5, highest: 10 })
  assert.equal(smoothedDemand(0, demand), 10)
  const later = smoothedDemand(10, { mean: 0, deviation: 0, highest: 0 })
  assert.ok(later > 9.7 && later < 9.8)
})
