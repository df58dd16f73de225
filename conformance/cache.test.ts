import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { cached, hashOf } from './cache.ts'

test('an entry is made once for its inputs, and one that failed is not kept', async () => {
  const root = mkdtempSync(join(tmpdir(), 'cache-'))
  try {
    let made = 0
    const make = async (directory: string) => {
      made += 1
      writeFileSync(join(directory, 'file'), String(made))
    }
    const first = await cached('kind', hashOf('a'), make, root)
    assert.equal(await cached('kind', hashOf('a'), make, root), first)
    assert.equal(readFileSync(join(first, 'file'), 'utf8'), '1')
    await assert.rejects(
      cached('kind', hashOf('b'), () => Promise.reject(new Error('no disk')), root),
      /no disk/,
    )
    assert.deepEqual(readdirSync(join(root, 'kind')), [hashOf('a')])
  } finally {
    rmSync(root, { recursive: true })
  }
})

test('lists of inputs that join to the same text have different hashes', () => {
  assert.notEqual(hashOf('ab', 'c'), hashOf('a', 'bc'))
})
