import assert from 'node:assert/strict'
import { test } from 'node:test'
import { areaOf, readResults } from './results.ts'
import { parseSlice, readSlice } from './slice.ts'

/** How many tests of an area the slice has at least. These numbers only rise. */
const quotas: Readonly<Record<string, number>> = {
  'sig-api-machinery': 44,
  'sig-apps': 27,
  'sig-auth': 21,
  'sig-cli': 11,
  'sig-instrumentation': 4,
  'sig-network': 28,
  'sig-node': 76,
  'sig-scheduling': 3,
  'sig-storage': 81,
}

test('a slice has a name a line, and comments', () => {
  assert.deepEqual(parseSlice('# why\n[sig-node] a\n\n  [sig-apps] b\n'), ['[sig-node] a', '[sig-apps] b'])
  assert.throws(() => readSlice('../slice-ci'), /there is no slice/)
})

test('the slice of every change keeps the quota of every area', () => {
  const slice = readSlice('ci')
  assert.equal(new Set(slice).size, slice.length, 'a test is named twice')
  const counts = new Map<string, number>()
  for (const name of slice) counts.set(areaOf(name), (counts.get(areaOf(name)) ?? 0) + 1)
  for (const [area, quota] of Object.entries(quotas))
    assert.ok((counts.get(area) ?? 0) >= quota, `${area}: ${counts.get(area) ?? 0} tests, fewer than ${quota}`)
  for (const area of counts.keys()) assert.ok(area in quotas, `${area} has no quota`)
})

test('the slice holds only what passed in the last whole run', () => {
  const passed = new Set(readResults()?.passed ?? [])
  assert.deepEqual(
    readSlice('ci').filter(name => !passed.has(name)),
    [],
  )
})
