import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { sleep, systemClock } from './clock.ts'
import { DetachedProcess, endDetached } from './detached-process.ts'
import { loggerOf } from './log.ts'
import { HelperSpawner } from './spawner.ts'

test('a detached program is adopted, started again when it ends, made anew with other arguments, and ended', async t => {
  const directory = mkdtempSync(join(tmpdir(), 'clipper-detached-'))
  const spawner = new HelperSpawner()
  const instanceFile = join(directory, 'instance.json')
  t.after(async () => {
    await endDetached(instanceFile)
    spawner.close()
    rmSync(directory, { recursive: true })
  })
  const of = (argument: string) =>
    new DetachedProcess(
      { command: 'sleep', args: [argument], logFile: join(directory, 'log'), instanceFile },
      { spawner, clock: systemClock, log: loggerOf('test') },
    )
  const first = of('1000')
  assert.equal(await first.start(), false)
  const { pid } = first
  first.detach()
  const second = of('1000')
  assert.equal(await second.start(), true)
  assert.equal(second.pid, pid)
  process.kill(pid!, 'SIGKILL')
  while (second.pid === undefined || second.pid === pid) await sleep(20)
  second.detach()
  const third = of('1001')
  assert.equal(await third.start(), false)
  assert.notEqual(third.pid, second.pid)
  assert.equal(second.isAlive, false)
  await third.stop()
  assert.equal(third.isAlive, false)
})
