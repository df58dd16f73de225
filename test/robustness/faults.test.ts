/**
 * The store under clients and faults, in the manner of etcd's robustness tests. `CLIPPER_SEED` repeats a run;
 * `npm run robustness` is its long form.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { it } from 'node:test'
import { seededRandom } from '../../src/schema/testing/random-object.ts'
import { startEmbeddedTarget } from './embedded-target.ts'
import { runEpisode } from './episode.ts'
import { type Fault, nextFault } from './faults.ts'

const faultCount = 12
const seed = Number(process.env.CLIPPER_SEED ?? Date.now() % 1_000_000)
const hasStrace = spawnSync('strace', ['-qq', '--seccomp-bpf', '-f', '-o', '/dev/null', 'true']).status === 0

it('stays linearizable while it is killed, its disk and its network fail', {
  skip: hasStrace ? false : 'no strace',
}, async t => {
  t.diagnostic(`CLIPPER_SEED=${seed}`)
  const random = seededRandom(seed)
  const some = Array.from({ length: faultCount - 1 }, () => nextFault(random))
  // One of these in every run, for they are rare.
  const faults: Fault[] = [...some, { at: 'process', name: 'power cut', losesUnsynced: true, killAfterMs: 300 }]
  const { wrong, outcomes, revision } = await runEpisode({
    target: await startEmbeddedTarget(),
    random,
    faults,
    clients: 6,
    onFault: (name, calls) => t.diagnostic(`${name}: ${calls} calls`),
  })
  t.diagnostic(`${JSON.stringify(outcomes)}, revision ${revision}`)
  assert.deepEqual(wrong, [], `CLIPPER_SEED=${seed}: ${wrong.length} faults`)
  assert.ok(outcomes.written > faultCount * 3)
})
