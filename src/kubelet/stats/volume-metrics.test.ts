import assert from 'node:assert/strict'
import { test } from 'node:test'
import { measureClaims, volumeMetrics } from './volume-metrics.ts'

test('volumes of claims are measured, each claim is told once, and what is gone is left out', async () => {
  const claim = { namespace: 'shop', name: 'data', volume: 'files', podUid: 'a', path: '/tmp' }
  const measured = await measureClaims([
    claim,
    { ...claim, podUid: 'b' },
    { ...claim, name: 'gone', path: '/nowhere/x' },
  ])
  assert.deepEqual(
    measured.map(({ name, podUid }) => [name, podUid]),
    [
      ['data', 'a'],
      ['data', 'b'],
    ],
  )
  const [first] = measured
  assert.ok(first && first.capacityBytes >= first.usedBytes + first.availableBytes && first.usedBytes > 0)
  const lines = volumeMetrics(measured).split('\n')
  const told = lines.filter(line => line.startsWith('kubelet_volume_stats_capacity_bytes{'))
  assert.deepEqual(told, [
    `kubelet_volume_stats_capacity_bytes{namespace="shop",persistentvolumeclaim="data"} ${measured[1]?.capacityBytes}`,
  ])
  assert.equal(volumeMetrics([]), '')
})
