/** Clients and a watch on a store while faults happen to it; at its end everything that they saw is checked. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../../src/schema/testing/random-object.ts'
import { openEtcdStore } from '../../src/store/etcd/etcd-store.ts'
import type { StoreEvent } from '../../src/store/store.ts'
import { checkHistory, checkWatch } from './checker.ts'
import type { Fault } from './faults.ts'
import type { FaultyNetwork } from './faulty-network.ts'
import { History } from './history.ts'
import { readLog, runClient } from './workload.ts'

/** Clients that wait between attempts would see nothing of a fault: so many calls are answered before one. */
const callsBeforeFault = 40

/** What faults happen to. */
export interface Target {
  /** Of clients. */
  readonly servers: readonly string[]
  /** Does the fault while clients are at work, and ends it; the store may answer or not afterwards. */
  suffer(fault: Fault, clientsAtWork: () => Promise<void>): Promise<void>
  /** From now on the store is well. */
  recover(): Promise<void>
  stop(): Promise<void>
}

export interface Episode {
  readonly target: Target
  readonly random: Random
  readonly faults: readonly Fault[]
  readonly clients: number
  onFault?(name: string, calls: number): void
}

export type Outcomes = Record<'written' | 'read' | 'unchanged' | 'refused' | 'unknown', number>

export interface EpisodeResult {
  readonly wrong: readonly string[]
  readonly outcomes: Outcomes
  readonly revision: number
}

export async function runEpisode({ target, random, faults, clients, onFault }: Episode): Promise<EpisodeResult> {
  const store = await openEtcdStore({ servers: target.servers, timeoutMs: 5000 })
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
  for (const fault of faults) {
    const before = history.calls.length
    await target.suffer(fault, async () => {
      const enough = history.calls.length + callsBeforeFault
      const deadline = performance.now() + 3000
      while (history.calls.length < enough && performance.now() < deadline) await sleep(2)
    })
    onFault?.(fault.name, history.calls.length - before)
  }
  await target.recover()
  isOver = true
  await Promise.all(running)
  const log = await readLog(store)
  const last = log.at(-1)?.kv.modRevision ?? 1
  const deadline = performance.now() + 30_000
  const isBehind = () => watchError === undefined && (seen.at(-1)?.kv.modRevision ?? 1) < last
  while (isBehind() && performance.now() < deadline) await sleep(5)
  const wrong = [...checkHistory(history.calls, log), ...checkWatch('watch', seen, log, 2, last)]
  if (watchError) wrong.push(`the watch ended: ${watchError.message}`)
  await store.close()
  await target.stop()
  const outcomes: Outcomes = { written: 0, read: 0, unchanged: 0, refused: 0, unknown: 0 }
  for (const { outcome } of history.calls) outcomes[outcome.type]++
  return { wrong, outcomes, revision: last }
}

export async function sufferNetwork(network: FaultyNetwork, fault: Fault & { at: 'network' }): Promise<void> {
  if (fault.kind === 'drop') network.breakAll()
  else if (fault.kind === 'split') network.cut()
  else if (fault.kind === 'delay') network.delay(1 + Math.floor(fault.forMs / 10))
  else network.hold(fault.kind === 'hold' ? 'both' : 'answers')
  await sleep(fault.forMs)
  // What was held on its way back never arrives.
  if (fault.kind === 'lose answers') network.breakAll()
  network.heal()
}
