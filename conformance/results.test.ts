import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { areaOf, mergeOutcomes, readResults, writeResults } from './results.ts'

test('a rerun replaces what it ran again and keeps the rest', () => {
  const earlier = {
    passed: ['a'],
    failed: [
      { name: 'b', error: 'old' },
      { name: 'c', error: 'old' },
    ],
    notRun: [
      { name: 'd', reason: 'ended' },
      { name: 'e', reason: 'ended' },
    ],
  }
  const later = {
    passed: ['b', 'd'],
    failed: [{ name: 'e', error: 'new' }],
    notRun: [{ name: 'c', reason: 'interrupted' }],
  }
  assert.deepEqual(mergeOutcomes(earlier, later), {
    passed: ['a', 'b', 'd'],
    failed: [
      { name: 'c', error: 'old' },
      { name: 'e', error: 'new' },
    ],
    notRun: [],
  })
})

test('results are read as they were written', () => {
  const directory = mkdtempSync(join(tmpdir(), 'results-'))
  try {
    const path = join(directory, 'results.json')
    assert.equal(readResults(path), undefined)
    const results = { suite: 'v1', commit: 'c', date: 'd', seconds: 1, passed: ['a'], failed: [], notRun: [] }
    writeResults(results, path)
    assert.deepEqual(readResults(path), results)
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('the area of a test is the group that its name begins with', () => {
  assert.equal(areaOf('[sig-api-machinery] Watchers should'), 'sig-api-machinery')
  assert.equal(areaOf('Watchers should'), 'other')
})
