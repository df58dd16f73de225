/**
 * The long form of the robustness tests: many faults, in episodes with a store of their own each.
 *
 *   npm run robustness -- [--faults 1000] [--seed N] [--against embedded|etcd] [--results FILE]
 *
 * `etcd`: our client on a cluster of three members (etcd on PATH) that are killed, stopped and cut off.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { seededRandom } from '../../src/schema/testing/random-object.ts'
import { startEmbeddedTarget } from './embedded-target.ts'
import { type Outcomes, runEpisode } from './episode.ts'
import { nextMemberFault, startEtcdTarget } from './etcd-target.ts'
import { nextFault } from './faults.ts'

const { values } = parseArgs({
  options: {
    faults: { type: 'string', default: '1000' },
    seed: { type: 'string' },
    against: { type: 'string', default: 'embedded' },
    results: { type: 'string' },
  },
})
const wanted = Number(values.faults)
const firstSeed = Number(values.seed ?? Date.now() % 1_000_000)
const faultsPerEpisode = 25
const isEtcd = values.against === 'etcd'
const total: Outcomes = { written: 0, read: 0, unchanged: 0, refused: 0, unknown: 0 }
const byFault = new Map<string, number>()
let done = 0
let violations = 0
const startedAt = performance.now()

for (let seed = firstSeed; done < wanted; seed++) {
  const random = seededRandom(seed)
  const count = Math.min(faultsPerEpisode, wanted - done)
  const faults = Array.from({ length: count }, () => (isEtcd ? nextMemberFault : nextFault)(random))
  const { wrong, outcomes } = await runEpisode({
    target: await (isEtcd ? startEtcdTarget() : startEmbeddedTarget()),
    random,
    faults,
    clients: 6,
  })
  done += count
  violations += wrong.length
  for (const { name } of faults) byFault.set(name, (byFault.get(name) ?? 0) + 1)
  for (const type of Object.keys(total) as (keyof Outcomes)[]) total[type] += outcomes[type]
  const calls = Object.values(outcomes).reduce((sum, n) => sum + n, 0)
  process.stdout.write(
    `seed ${seed}: ${done} faults, ${calls} calls, ${outcomes.unknown} unknown, ${wrong.length} violations\n`,
  )
  for (const line of wrong.slice(0, 20)) process.stdout.write(`  ${line}\n`)
}

const result = {
  against: values.against,
  firstSeed,
  faults: done,
  byFault: Object.fromEntries([...byFault].toSorted()),
  calls: total,
  violations,
  minutes: Math.round((performance.now() - startedAt) / 6000) / 10,
}
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
if (values.results) writeFileSync(values.results, `${JSON.stringify(result, null, 2)}\n`)
process.exitCode = violations === 0 ? 0 : 1
