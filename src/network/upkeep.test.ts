import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loggerOf } from '../base/log.ts'
import { ManualClock, settle } from '../client/testing/manual-clock.ts'
import { startUpkeep } from './upkeep.ts'

const log = loggerOf('test').child({}, { level: 'silent' })

function scenario(checkMs?: number) {
  const clock = new ManualClock()
  const seen: string[] = []
  const state = { wanted: undefined as string | undefined, fails: false }
  const upkeep = startUpkeep({
    wanted: () => state.wanted,
    async apply(wanted) {
      seen.push(wanted)
      await settle()
      if (state.fails) throw new Error('refused')
    },
    failure: 'not applied',
    clock,
    log,
    ...(checkMs === undefined ? {} : { checkMs }),
  })
  const wake = async () => {
    upkeep.wake()
    await clock.advance(0)
  }
  const pass = (ms: number) => clock.advance(ms)
  return { state, seen, upkeep, wake, pass }
}

test('what is wanted is applied once, and what changes meanwhile right after it', async () => {
  const { state, seen, upkeep, wake } = scenario()
  await wake()
  assert.deepEqual(seen, [])
  state.wanted = 'a'
  await wake()
  await wake()
  assert.deepEqual(seen, ['a'])
  state.wanted = 'b'
  upkeep.wake()
  state.wanted = 'c'
  await wake()
  assert.deepEqual(seen, ['a', 'b', 'c'])
})

test('after a failure nothing is known of the kernel: even what held before is applied again', async () => {
  const { state, seen, wake, pass } = scenario()
  state.wanted = 'a'
  await wake()
  Object.assign(state, { wanted: 'b', fails: true })
  await wake()
  Object.assign(state, { wanted: 'a', fails: false })
  await pass(1000)
  assert.deepEqual(seen, ['a', 'b', 'a'])
})

test('events that change nothing do not put off the look at the kernel, and none comes after the end', async () => {
  const { state, seen, upkeep, wake, pass } = scenario(30_000)
  state.wanted = 'a'
  await wake()
  await pass(20_000)
  await wake()
  await pass(10_000)
  assert.deepEqual(seen, ['a', 'a'])
  upkeep.stop()
  await pass(60_000)
  await wake()
  assert.deepEqual(seen, ['a', 'a'])
})
