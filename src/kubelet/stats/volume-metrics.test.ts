import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../base/clock.ts'
import { ManualClock } from '../../client/testing/manual-clock.ts'
import { VolumeMeter, volumeMetrics } from './volume-metrics.ts'

test('volumes of claims are measured, each claim is told once, and what is gone is left out', async () => {
  const claim = { namespace: 'shop', name: 'data', volume: 'files', podUid: 'a', path: '/tmp' }
  const measured = await new VolumeMeter(systemClock).measure([
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

test('volumes of a server that does not answer hold few threads, however often they are asked for', async () => {
  const clock = new ManualClock()
  const waiting: (() => void)[] = []
  const facts = { bsize: 1, blocks: 9, bfree: 4, bavail: 3, files: 5, ffree: 2 }
  const meter = new VolumeMeter(clock, () => new Promise(resolve => waiting.push(() => resolve(facts))))
  const claims = ['a', 'b', 'c', 'd'].map(name => ({
    namespace: 'shop',
    name,
    volume: name,
    podUid: 'p',
    path: `/${name}`,
  }))
  for (let scrape = 0; scrape < 3; scrape++) {
    const both = [meter.measure(claims), meter.measure(claims)]
    await clock.advance(10_000)
    assert.deepEqual(await Promise.all(both), [[], []])
  }
  assert.equal(waiting.length, 2)
  for (const answer of waiting.splice(0)) answer()
  await clock.advance(0)
  const measured = meter.measure(claims)
  for (let asked = 0; asked < claims.length; asked++) {
    await clock.advance(0)
    waiting.shift()?.()
  }
  assert.deepEqual(
    (await measured).map(({ name, usedBytes }) => [name, usedBytes]),
    claims.map(({ name }) => [name, 5]),
  )
})
