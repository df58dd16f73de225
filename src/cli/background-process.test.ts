import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startInBackground } from './background-process.ts'

async function endOf(t: { after(run: () => void): void }, program: string): Promise<unknown> {
  const directory = mkdtempSync(join(tmpdir(), 'clipper-background-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const log = join(directory, 'log')
  const error = await startInBackground([process.execPath, '-e', program], log, 'the process').ended.catch(e => e)
  return { message: error.message, next: error.next.replace(log, 'LOG') }
}

test('a process that ends tells its error and what to do about it', async t => {
  const said = "console.error('clipper: the container runtime does not start: full\\n  make room'); process.exit(1)"
  assert.deepEqual(await endOf(t, `console.log('{"msg":"before"}'); ${said}`), {
    message: 'the process ended at once (exit code 1): the container runtime does not start: full',
    next: 'make room',
  })
})

test('without a hint the log is named', async t => {
  assert.deepEqual(await endOf(t, `console.log('{"msg":"failed","err":{"message":"why"}}'); process.exit(3)`), {
    message: 'the process ended at once (exit code 3): failed: why',
    next: 'look into LOG',
  })
})
