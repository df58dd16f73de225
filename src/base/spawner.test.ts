import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { HelperSpawner } from './spawner.ts'

const spawner = new HelperSpawner()
after(() => spawner.close())

test('run gives output and exit code, and passes stdin', async () => {
  const result = await spawner.run('sh', ['-c', 'cat; echo no >&2; exit 3'], { stdin: 'yes' })
  assert.equal(result.code, 3)
  assert.equal(result.stdout, 'yes')
  assert.equal(result.stderr, 'no\n')
})

test('run kills what exceeds its time', async () => {
  const result = await spawner.run('sleep', ['30'], { timeoutMs: 50 })
  assert.equal(result.timedOut, true)
  assert.equal(result.signal, 'SIGKILL')
})

test('run bounds the output', async () => {
  const result = await spawner.run('sh', ['-c', 'yes | head -c 100000'], { maxOutputBytes: 10 })
  assert.equal(result.stdout.length, 10)
  assert.equal(result.truncated, true)
})

test('run rejects for a command that does not exist', async () => {
  await assert.rejects(spawner.run('/nonexistent/command', []), /ENOENT/)
})

test('run queues more commands than may run at once', async () => {
  const results = await Promise.all(Array.from({ length: 80 }, (_, index) => spawner.run('echo', [`${index}`])))
  assert.deepEqual(
    results.map(result => result.stdout.trim()),
    Array.from({ length: 80 }, (_, index) => `${index}`),
  )
})

test('startDetached gives a process its own session', async () => {
  const pid = await spawner.startDetached('sleep', ['60'])
  try {
    // proc_pid_stat(5): after the name in parentheses come state, parent, group and session.
    const [, , , session] = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/.*\) /s, '').split(' ')
    assert.equal(session, `${pid}`)
  } finally {
    process.kill(pid, 'SIGKILL')
  }
})
