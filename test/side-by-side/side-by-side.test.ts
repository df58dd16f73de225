/** The short corpus against a stock API server v1.37, where etcd and kube-apiserver are on PATH. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { seededRandom } from '../../src/schema/testing/random-object.ts'
import { showDifference } from './compare.ts'
import { corpus } from './corpus.ts'
import { judge, mostUnlistedShare } from './known-differences.ts'
import { type Pair, startPair } from './pair.ts'
import { type DifferingAnswer, runCases } from './run.ts'
import { findStockBinaries } from './stock-server.ts'

const binaries = findStockBinaries()
const lanes = 4
const leastRequests = 5000
const seed = 1

let pair: Pair | undefined
after(() => pair?.stop())

const show = ({ request, label, differences }: DifferingAnswer): string =>
  `${request} (${label})\n    ${differences.map(showDifference).join('\n    ')}`

/** Ours breaks where the stock server does not: no answer, or 500 without one of upstream's own. */
const isBroken = ({ differences }: DifferingAnswer): boolean =>
  differences.some(({ at, ours }) => at === 'status' && ours === 0) ||
  differences.some(({ at, ours }) => at === 'body.message' && String(ours).startsWith('Internal error occurred'))

test('a stock API server and ours give the same answers', {
  skip: binaries ? false : 'etcd and kube-apiserver are not on PATH',
}, async t => {
  if (!binaries) return
  pair = await startPair(binaries, lanes)
  const result = await runCases(pair, corpus(seededRandom(seed), 'short', /./), lanes)
  const { unknown, known } = judge(result.differing)
  t.diagnostic(`seed ${seed}: ${result.requests} requests, ${unknown.length} differ, ${known} differ as listed`)
  assert.ok(result.requests >= leastRequests)
  assert.deepEqual(unknown.filter(isBroken).map(show), [])
  assert.ok(
    unknown.length <= result.requests * mostUnlistedShare,
    `${unknown.length} of ${result.requests} answers differ, as:\n${unknown.slice(0, 20).map(show).join('\n')}`,
  )
})
