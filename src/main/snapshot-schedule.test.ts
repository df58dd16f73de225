import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Clock } from '../base/clock.ts'
import { loggerOf } from '../base/log.ts'
import { openEmbeddedStore } from '../store/embedded/embedded-store.ts'
import { scheduleSnapshots } from './snapshot-schedule.ts'

test('takes a snapshot at every time of its line, keeps as many as it should, and ends with one that is under way', async t => {
  const root = mkdtempSync(join(tmpdir(), 'clipper-schedule-'))
  t.after(() => rmSync(root, { recursive: true }))
  const store = await openEmbeddedStore({ directory: join(root, 'store') })
  t.after(() => store.close())
  let nowMs = new Date(2027, 0, 5, 11, 59, 30).getTime()
  let waiting = Promise.withResolvers<{ atMs: number; run: () => void }>()
  const clock: Clock = {
    now: () => nowMs,
    monotonic: () => nowMs,
    after(delayMs, run) {
      waiting.resolve({ atMs: nowMs + delayMs, run })
      return { cancel() {} }
    },
  }
  const directory = join(root, 'snapshots')
  const stop = scheduleSnapshots({
    cron: '0 */6 * * *',
    retention: 2,
    directory,
    cluster: 'c',
    source: { is: 'embedded', directory: join(root, 'store') },
    clock,
    log: loggerOf('test').child({}, { level: 'silent' }),
  })
  const due: string[] = []
  for (let i = 0; i < 3; i++) {
    const { atMs, run } = await waiting.promise
    waiting = Promise.withResolvers()
    nowMs = atMs
    due.push(new Date(nowMs).toTimeString().slice(0, 8))
    run()
  }
  await stop()
  assert.deepEqual(due, ['12:00:00', '18:00:00', '00:00:00'])
  assert.equal(readdirSync(directory).length, 2)
})
