import assert from 'node:assert/strict'
import { test } from 'node:test'
import { namesOfImported } from './instance.ts'

test('imported images are told by their full names', () => {
  const output = 'unpacking example.org/da:1 (sha256:0a)...done\nunpacking import-2026-01-02:v9 (sha256:0b)...done\n'
  assert.deepEqual(namesOfImported(output), ['example.org/da:1'])
})

test('an archive without names of images is refused', () => {
  assert.throws(() => namesOfImported(''), /does not say the full names of its images, such as example.org\/app:1$/)
  assert.throws(() => namesOfImported('unpacking import-2026-01-02:v9 (sha256:0b)...done'), /\(it says v9\)$/)
})
