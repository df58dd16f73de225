import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { hostArchitecture } from './oci-image.ts'
import { pauseProgram } from './pause-program.ts'

test('the pause program ends with 0 on SIGTERM and ignores other signals', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'pause-'))
  try {
    const path = join(directory, 'pause')
    writeFileSync(path, pauseProgram(hostArchitecture()), { mode: 0o755 })
    const child = spawn(path, { stdio: 'ignore' })
    await once(child, 'spawn')
    for (let tries = 0; tries < 200; tries++) {
      const status = (await import('node:fs')).readFileSync(`/proc/${child.pid}/status`, 'utf8')
      if (/SigBlk:\t[0-9a-f]*f{3}/.test(status)) break
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    child.kill('SIGUSR1')
    child.kill('SIGHUP')
    child.kill('SIGTERM')
    const [code, signal] = await once(child, 'exit')
    assert.deepEqual([code, signal], [0, null])
  } finally {
    rmSync(directory, { recursive: true })
  }
})
