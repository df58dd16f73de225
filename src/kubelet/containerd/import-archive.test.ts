import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RunResult } from '../../base/spawner.ts'
import { importArchive, namesOfImported } from './import-archive.ts'

const importing = (result: Partial<RunResult>) =>
  importArchive(
    {
      run: async () => ({ code: 0, stdout: '', stderr: '', truncated: false, timedOut: false, ...result }) as RunResult,
    },
    { socketPath: '/s', options: [], archivePath: '/pause.tar', timeoutMs: 30_000 },
  )

test('what containerd says against an archive is told', async () => {
  const stderr = 'ctr: failed to extract layer: no space left on device\n'
  await assert.rejects(importing({ code: 1, stderr }), {
    message: 'cannot import /pause.tar: ctr: failed to extract layer: no space left on device',
  })
})

test('an import without end is ended, and told as that', async () => {
  await assert.rejects(importing({ code: -1, timedOut: true }), {
    message: 'cannot import /pause.tar: containerd has not taken it after 30 s',
  })
})

test('imported images are told by their full names', () => {
  const output = 'unpacking example.org/da:1 (sha256:0a)...done\nunpacking import-2026-01-02:v9 (sha256:0b)...done\n'
  assert.deepEqual(namesOfImported(output), ['example.org/da:1'])
})

test('an archive without names of images is refused', () => {
  assert.throws(() => namesOfImported(''), /does not say the full names of its images, such as example.org\/app:1$/)
  assert.throws(() => namesOfImported('unpacking import-2026-01-02:v9 (sha256:0b)...done'), /\(it says v9\)$/)
})
