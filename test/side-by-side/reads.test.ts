import assert from 'node:assert/strict'
import { test } from 'node:test'
import { showDifference } from './compare.ts'
import { judge } from './known-differences.ts'
import { knownReadDifferences } from './known-read-differences.ts'
import { startPair } from './pair.ts'
import { readCases } from './reads.ts'
import { runCases } from './run.ts'
import { findStockBinaries } from './stock-server.ts'

const binaries = findStockBinaries()
const lanes = 8

test('reads are answered as a stock API server answers them', {
  skip: binaries ? false : 'kube-apiserver and etcd are not on PATH',
}, async t => {
  const pair = await startPair(binaries!, lanes)
  t.after(() => pair.stop())
  const { requests, differing } = await runCases(pair, readCases(), lanes)
  assert.ok(requests > 500, `${requests} requests`)
  const { unknown, unused } = judge(differing, knownReadDifferences)
  const shown = unknown.map(
    ({ caseName, label, request, differences }) =>
      `${caseName}: ${label}\n  ${request}\n${differences.map(each => `    ${showDifference(each)}`).join('\n')}`,
  )
  assert.equal(unknown.length, 0, `${unknown.length} of ${requests} differ\n${shown.slice(0, 60).join('\n')}`)
  assert.deepEqual(unused, [])
})
