/**
 * The store under clients and faults, in the manner of etcd's robustness tests. `CLIPPER_FAULTS` sets how many there are,
 * `CLIPPER_SEED` repeats a run.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { openEtcdStore } from '../../src/store/etcd/etcd-store.ts'
import type { StoreEvent } from '../../src/store/store.ts'
import { checkHistory, checkWatch } from './checker.ts'
import { FaultyStore, nextFault } from './faulty-store.ts'
import { History } from './history.ts'
import { readLog, runClient, seeded } from './workload.ts'

const faults = Number(process.env.CLIPPER_FAULTS ?? 8)
const seed = Number(process.env.CLIPPER_SEED ?? Date.now() % 1_000_000)
const clients = 6
const hasStrace = spawnSync('strace', ['-qq', '--seccomp-bpf', '-f', '-o', '/dev/null', 'true']).status === 0

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

it('stays linearizable while it is killed and its disk fails', { skip: hasStrace ? false : 'no strace' }, async t => {
  t.diagnostic(`CLIPPER_SEED=${seed} CLIPPER_FAULTS=${faults}`)
  const random = seeded(seed)
  const directory = mkdtempSync(join(tmpdir(), 'clipper-faults-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const port = await freePort()
  let process = new FaultyStore(directory, port)
  await process.started()
  const store = await openEtcdStore({ servers: [`http://127.0.0.1:${port}`], timeoutMs: 5000 })
  const seen: StoreEvent[] = []
  let watchError: Error | undefined
  store.watch(
    { start: '/', end: '0', startRevision: 2 },
    {
      events: events => void seen.push(...events),
      progress() {},
      ended(error) {
        watchError = error
      },
    },
  )
  const history = new History()
  let isOver = false
  const running = Array.from({ length: clients }, () => runClient(store, history, random, () => isOver))
  await process.ended(200)
  for (let i = 1; i <= faults; i++) {
    const fault = nextFault(random)
    const callsBefore = history.calls.length
    process = new FaultyStore(directory, port, fault)
    await process.started()
    await process.ended(fault.killAfterMs)
    t.diagnostic(`${fault.name}: ${history.calls.length - callsBefore} calls`)
  }
  process = new FaultyStore(directory, port)
  await process.started()
  isOver = true
  await Promise.all(running)
  const log = await readLog(store)
  const last = log.at(-1)!.kv.modRevision
  while (watchError === undefined && (seen.at(-1)?.kv.modRevision ?? 0) < last) await new Promise(setImmediate)
  assert.equal(watchError, undefined)
  const wrong = [...checkHistory(history.calls, log), ...checkWatch('watch', seen, log, 2, last)]
  const counted = (type: string) => history.calls.filter(call => call.outcome.type === type).length
  t.diagnostic(
    `${history.calls.length} calls: ${counted('written')} written, ${counted('read')} read, ${counted('unchanged')} unchanged, ${counted('refused')} refused, ${counted('unknown')} unknown; revision ${last}`,
  )
  assert.deepEqual(wrong, [], `CLIPPER_SEED=${seed}: ${wrong.length} faults`)
  assert.ok(counted('written') > faults * 10)
  await store.close()
  await process.ended(0)
})
