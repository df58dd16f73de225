import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { RuntimeClient } from '../cri/runtime-client.ts'
import { rotatedLogs, rotateLog } from './log-rotation.ts'
import { logTail } from './log-tail.ts'

const limits = { maxBytes: 100, maxFiles: 3 }

test('a log over its size is rotated, older ones are compressed, the oldest go', async () => {
  const directory = mkdtempSync('/tmp/logs-')
  const path = join(directory, '0.log')
  const runtime = { reopenContainerLog: async () => writeFileSync(path, '') } as unknown as RuntimeClient
  try {
    writeFileSync(path, 'small')
    assert.equal(await rotateLog(runtime, 'id', path, 0, limits), false)
    for (let round = 1; round <= 5; round++) {
      writeFileSync(path, `${round}`.repeat(200))
      assert.equal(await rotateLog(runtime, 'id', path, round * 1000, limits), true)
    }
    assert.deepEqual(readdirSync(directory).sort(), ['0.log', '0.log.19700101-000004.gz', '0.log.19700101-000005'])
    assert.equal(rotatedLogs(path).length, 2)
    const failing = { reopenContainerLog: async () => Promise.reject(new Error('no')) } as unknown as RuntimeClient
    writeFileSync(path, 'x'.repeat(200))
    await assert.rejects(rotateLog(failing, 'id', path, 9000, limits))
    assert.equal(readFileSync(path, 'utf8').length, 200)
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('the tail of a log joins partial lines', () => {
  const directory = mkdtempSync('/tmp/logs-')
  try {
    const path = join(directory, '0.log')
    writeFileSync(path, 't stdout F one\nt stderr P tw\nt stderr F o\nt stdout F three\n')
    assert.equal(logTail(path, 2, 1000), 'two\nthree\n')
    assert.equal(logTail(path, 80, 6), 'three\n')
    assert.equal(logTail(join(directory, 'none'), 2, 1000), '')
  } finally {
    rmSync(directory, { recursive: true })
  }
})
