import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Registry } from 'prom-client'
import { ManualClock } from './testing/manual-clock.ts'
import { WorkQueue } from './work-queue.ts'
import { WorkQueueMetrics } from './work-queue-metrics.ts'

test('a queue tells what was added, how long it waited and was worked on, and what is still in work', async () => {
  const registry = new Registry()
  const metrics = new WorkQueueMetrics(registry)
  const clock = new ManualClock()
  const queue = new WorkQueue({ clock, meter: metered => metrics.meter('deployment-controller', metered) })
  const values = async () => {
    const lines = (await registry.metrics()).split('\n').filter(line => line.includes('{name="deployment-controller"}'))
    return Object.fromEntries(lines.map(line => [line.replace(/^workqueue_|\{.*/g, ''), Number(line.split(' ')[1])]))
  }
  queue.add('a')
  queue.add('b')
  queue.add('a')
  await clock.advance(2000)
  assert.equal(await queue.next(), 'a')
  queue.add('a')
  await clock.advance(3000)
  const between = await values()
  assert.deepEqual(
    [between.depth, between.adds_total, between.queue_duration_seconds_sum, between.queue_duration_seconds_count],
    [1, 3, 2, 1],
  )
  assert.deepEqual([between.unfinished_work_seconds, between.longest_running_processor_seconds], [3, 3])
  queue.addRateLimited('a')
  queue.done('a')
  const after = await values()
  assert.deepEqual([after.work_duration_seconds_sum, after.work_duration_seconds_count], [3, 1])
  assert.deepEqual([after.depth, after.retries_total, after.unfinished_work_seconds], [2, 1, 0])
  queue.shutDown()
})
