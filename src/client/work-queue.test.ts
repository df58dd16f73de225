import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from './testing/manual-clock.ts'
import { WorkQueue } from './work-queue.ts'

test('WorkQueue holds a key once and gives it to one worker at a time', async () => {
  const queue = new WorkQueue({ clock: new ManualClock() })
  queue.add('a')
  queue.add('b')
  queue.add('a')
  assert.equal(queue.length, 2)
  assert.equal(await queue.next(), 'a')
  queue.add('a')
  assert.equal(queue.length, 1)
  assert.equal(await queue.next(), 'b')
  queue.done('a')
  assert.equal(await queue.next(), 'a')
})

test('WorkQueue doubles the back-off from 5 ms to 1000 s until it is forgotten', async () => {
  const clock = new ManualClock()
  const queue = new WorkQueue({ clock })
  for (const delayMs of [5, 10, 20]) {
    queue.addRateLimited('a')
    await clock.advance(delayMs - 1)
    assert.equal(queue.length, 0)
    await clock.advance(1)
    assert.equal(queue.length, 1)
    queue.done((await queue.next())!)
  }
  for (let count = 0; count < 30; count++) queue.addRateLimited('b')
  queue.forget('a')
  queue.addRateLimited('a')
  await clock.advance(5)
  assert.equal(await queue.next(), 'b')
  assert.equal(await queue.next(), 'a')
})

test('WorkQueue keeps the shortest of several delays', async () => {
  const clock = new ManualClock()
  const queue = new WorkQueue({ clock })
  queue.addAfter('a', 1000)
  queue.addAfter('a', 100)
  queue.addAfter('a', 5000)
  await clock.advance(100)
  assert.equal(queue.length, 1)
  queue.done((await queue.next())!)
  await clock.advance(10_000)
  assert.equal(queue.length, 0)
})

test('WorkQueue ends its waiters when it is shut down', async () => {
  const queue = new WorkQueue({ clock: new ManualClock() })
  const waiting = queue.next()
  queue.shutDown()
  assert.equal(await waiting, undefined)
  queue.add('a')
  assert.equal(await queue.next(), undefined)
})
