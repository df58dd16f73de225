import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { sleep, systemClock } from './clock.ts'

const dayMs = 86_400_000

test('a delay of months, longer than a timer of Node, is waited for to its end', () => {
  mock.timers.enable({ apis: ['setTimeout'] })
  try {
    let fired = 0
    systemClock.after(100 * dayMs, () => fired++)
    const cancelled = systemClock.after(100 * dayMs, () => {
      throw new Error('fired although it was cancelled')
    })
    const pass = (days: number) => {
      for (let day = 0; day < days; day++) mock.timers.tick(dayMs)
    }
    pass(60)
    cancelled.cancel()
    pass(39)
    assert.equal(fired, 0)
    pass(2)
    assert.equal(fired, 1)
  } finally {
    mock.timers.reset()
  }
})

test('a sleep ends when its signal aborts', async () => {
  const aborter = new AbortController()
  const slept = sleep(100 * dayMs, aborter.signal)
  aborter.abort(new Error('enough'))
  await assert.rejects(slept, /enough/)
})
