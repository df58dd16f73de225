/**
 * `npm run side-by-side -- [--seed N] [--long] [--only REGEXP] [--steps REGEXP] [--report FILE]`: the same requests to a
 * stock API server and to ours; `--only` picks cases by name, `--steps` steps by label. Ends with 1 where an answer differs that is not listed in known-differences.ts.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { seededRandom } from '../../src/schema/testing/random-object.ts'
import { showDifference } from './compare.ts'
import { corpus, type Length, withSteps } from './corpus.ts'
import { judge } from './known-differences.ts'
import { startPair } from './pair.ts'
import { runCases } from './run.ts'
import { findStockBinaries } from './stock-server.ts'

const lanes = 6
const shownClasses = 60

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    long: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    steps: { type: 'string', default: '' },
    report: { type: 'string' },
  },
})

const binaries = findStockBinaries()
if (!binaries) {
  console.error('etcd and kube-apiserver are not on PATH: nothing to compare with')
  process.exit(2)
}
const length: Length = values.long ? 'long' : 'short'
const pair = await startPair(binaries, lanes)
const startedMs = Date.now()
const cases = corpus(seededRandom(Number(values.seed)), length, new RegExp(values.only))
const result = await runCases(pair, withSteps(cases, new RegExp(values.steps)), lanes)
const seconds = ((Date.now() - startedMs) / 1000).toFixed(1)
await pair.stop()

const { unknown, unused, uses, known } = judge(result.differing)
if (values.report) writeFileSync(values.report, JSON.stringify(unknown, null, 1))
const classes = new Map<string, typeof unknown>()
for (const one of unknown) {
  const key = `${one.caseName}: ${one.differences.map(({ at }) => at).join(', ')}`
  classes.set(key, [...(classes.get(key) ?? []), one])
}
const sorted = [...classes].sort(([, a], [, b]) => b.length - a.length)
for (const [key, members] of sorted.slice(0, shownClasses)) {
  const [first] = members
  if (!first) continue
  console.log(`${members.length} × ${key}\n  ${first.request}\n  ${first.label}`)
  for (const difference of first.differences.slice(0, 5)) console.log(`    ${showDifference(difference)}`)
}
for (const message of result.refused) console.log(`the sample is refused, ${message}`)
console.log(`seed ${values.seed}: ${result.requests} requests in ${seconds} s`)
console.log(
  `stock answered ${[...result.statuses]
    .sort()
    .map(([status, n]) => `${status}: ${n}`)
    .join(', ')}`,
)
console.log(`${unknown.length} answers differ in ${classes.size} classes; ${known} differ as listed`)
for (const [{ reason }, count] of uses) console.log(`  ${count} × ${reason}`)
if (length === 'long' && values.only === '' && values.steps === '')
  for (const entry of unused) console.log(`listed but not seen, remove it: ${entry.reason}`)
process.exit(unknown.length === 0 ? 0 : 1)
