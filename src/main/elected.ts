/** The components of which one of several candidates works at a time. */
import { randomUUID } from 'node:crypto'
import { systemClock } from '../base/clock.ts'
import { loggerOf } from '../base/log.ts'
import type { Client } from '../client/client.ts'
import type { InformerFactory } from '../client/informer-factory.ts'
import { type LeaseTimes, runElected } from '../client/leader-election.ts'
import { startScheduler } from '../scheduler/scheduler.ts'
import type { SchedulerMetrics } from '../scheduler/scheduler-metrics.ts'
import { random } from './random.ts'

export interface Candidate {
  /** Of the component and its Lease. */
  readonly name: string
  readonly client: Client
  /** Of the machine, in the Lease. */
  readonly host: string
  /** Undefined: nobody is elected, and it works at once. */
  readonly times: LeaseTimes | undefined
  readonly signal: AbortSignal
  lead(signal: AbortSignal): Promise<void>
}

/** Resolves after the signal has aborted and the work has ended. */
export function runCandidate({ name, client, host, times, signal, lead }: Candidate): Promise<void> {
  if (times === undefined) return lead(signal)
  return runElected({
    ...times,
    client,
    clock: systemClock,
    random,
    log: loggerOf(name),
    namespace: 'kube-system',
    name,
    identity: `${host}_${randomUUID()}`,
    signal,
    lead,
  })
}

/** Schedules until the signal aborts; the informers are not started before. */
export async function schedule(
  client: Client,
  informers: InformerFactory,
  signal: AbortSignal,
  metrics?: SchedulerMetrics,
): Promise<void> {
  const log = loggerOf('kube-scheduler')
  const scheduler = startScheduler({
    client,
    informers,
    clock: systemClock,
    random,
    signal,
    log,
    ...(metrics ? { metrics } : {}),
  })
  informers.start(signal)
  if (!signal.aborted) await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }))
  await scheduler.stop()
}
