/** Figures of scheduling, by upstream's names (Kubernetes metrics reference, `scheduler_*`). */
import { Counter, exponentialBuckets, Gauge, Histogram, type Registry } from 'prom-client'
import type { SchedulingQueue } from './queue.ts'

export type AttemptResult = 'scheduled' | 'unschedulable' | 'error'

const profile = 'default-scheduler'
/** More attempts than that are counted as so many. */
const maxAttemptsLabel = 16

export class SchedulerMetrics {
  /** Of the scheduler that runs; one that starts again takes the place of its predecessor. */
  queue: Pick<SchedulingQueue, 'counts'> | undefined
  readonly #attempts: Counter<'profile' | 'result'>
  readonly #durations: Histogram<'profile' | 'result'>
  readonly #algorithm: Histogram
  readonly #sli: Histogram<'attempts'>
  readonly #attemptsOfPod: Histogram
  readonly #preemptions: Counter
  readonly #victims: Histogram

  /** Once for a registry. */
  constructor(registry: Registry) {
    const registers = [registry]
    const outcome = ['profile', 'result'] as const
    this.#attempts = new Counter({
      name: 'scheduler_schedule_attempts_total',
      help: 'Attempts to schedule a pod, by result.',
      labelNames: outcome,
      registers,
    })
    this.#durations = new Histogram({
      name: 'scheduler_scheduling_attempt_duration_seconds',
      help: 'From the choice of a pod to its binding or refusal, in seconds.',
      labelNames: outcome,
      buckets: exponentialBuckets(0.001, 2, 15),
      registers,
    })
    this.#algorithm = new Histogram({
      name: 'scheduler_scheduling_algorithm_duration_seconds',
      help: 'How long the choice of a node took, in seconds.',
      buckets: exponentialBuckets(0.001, 2, 15),
      registers,
    })
    this.#sli = new Histogram({
      name: 'scheduler_pod_scheduling_sli_duration_seconds',
      help: 'From the first time that a pod could be scheduled to its binding, in seconds.',
      labelNames: ['attempts'],
      buckets: exponentialBuckets(0.01, 2, 20),
      registers,
    })
    this.#attemptsOfPod = new Histogram({
      name: 'scheduler_pod_scheduling_attempts',
      help: 'Attempts that pods took to be scheduled.',
      buckets: exponentialBuckets(1, 2, 5),
      registers,
    })
    this.#preemptions = new Counter({
      name: 'scheduler_preemption_attempts_total',
      help: 'Times that other pods were removed for one.',
      registers,
    })
    this.#victims = new Histogram({
      name: 'scheduler_preemption_victims',
      help: 'Pods that were removed for one.',
      buckets: exponentialBuckets(1, 2, 7),
      registers,
    })
    const count = (): Readonly<Record<string, number>> => this.queue?.counts() ?? {}
    new Gauge({
      name: 'scheduler_pending_pods',
      help: 'Pods that wait to be scheduled, by the queue that they are in.',
      labelNames: ['queue'],
      registers,
      collect() {
        for (const [queue, pods] of Object.entries(count())) this.set({ queue }, pods)
      },
    })
  }

  /** A node was looked for; `startedMs` and `nowMs` of the same clock. */
  decided(startedMs: number, nowMs: number): void {
    this.#algorithm.observe((nowMs - startedMs) / 1000)
  }

  ended(result: AttemptResult, startedMs: number, nowMs: number): void {
    this.#attempts.inc({ profile, result })
    this.#durations.observe({ profile, result }, (nowMs - startedMs) / 1000)
  }

  podScheduled(attempts: number, firstActiveMs: number, nowMs: number): void {
    this.#attemptsOfPod.observe(attempts)
    const label = attempts >= maxAttemptsLabel ? `${maxAttemptsLabel}+` : `${attempts}`
    this.#sli.observe({ attempts: label }, (nowMs - firstActiveMs) / 1000)
  }

  preempted(victims: number): void {
    this.#preemptions.inc()
    this.#victims.observe(victims)
  }
}
