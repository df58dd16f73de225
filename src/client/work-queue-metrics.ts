/** Figures of work queues, by the names of client-go's (Kubernetes metrics reference, `workqueue_*`). */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/** What one queue tells. */
export interface QueueMeter {
  added(): void
  /** Work on a key begins, so long after it was added. */
  begun(waitedMs: number): void
  ended(workedMs: number): void
  retried(): void
}

export const noMeter: QueueMeter = { added() {}, begun() {}, ended() {}, retried() {} }

/** What is read of a queue when the figures are asked for. */
export interface MeteredQueue {
  readonly length: number
  /** Since when each key is worked on, in ms of the queue's clock. */
  workingSinceMs(): Iterable<number>
  nowMs(): number
}

/** As upstream's: ten times as long each. */
const buckets = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10]
const labelNames = ['name'] as const

export class WorkQueueMetrics {
  /** As many as there are controllers; one that starts again takes the place of its predecessor. */
  readonly #queues = new Map<string, MeteredQueue>()
  readonly #adds: Counter<'name'>
  readonly #retries: Counter<'name'>
  readonly #waiting: Histogram<'name'>
  readonly #working: Histogram<'name'>

  /** Once for a registry. */
  constructor(registry: Registry) {
    const registers = [registry]
    this.#adds = new Counter({
      name: 'workqueue_adds_total',
      help: 'Keys added to the queue.',
      labelNames,
      registers,
    })
    this.#retries = new Counter({
      name: 'workqueue_retries_total',
      help: 'Keys that were tried again after a failure.',
      labelNames,
      registers,
    })
    this.#waiting = new Histogram({
      name: 'workqueue_queue_duration_seconds',
      help: 'How long keys waited in the queue, in seconds.',
      labelNames,
      buckets,
      registers,
    })
    this.#working = new Histogram({
      name: 'workqueue_work_duration_seconds',
      help: 'How long keys were worked on, in seconds.',
      labelNames,
      buckets,
      registers,
    })
    this.#gauge(registry, 'workqueue_depth', 'Keys that wait in the queue.', queue => queue.length)
    this.#gauge(
      registry,
      'workqueue_unfinished_work_seconds',
      'How long all keys in work have been worked on so far, in seconds.',
      queue => agesOf(queue).reduce((sum, age) => sum + age, 0),
    )
    this.#gauge(
      registry,
      'workqueue_longest_running_processor_seconds',
      'How long the key longest in work has been worked on so far, in seconds.',
      queue => Math.max(0, ...agesOf(queue)),
    )
  }

  meter(name: string, queue: MeteredQueue): QueueMeter {
    this.#queues.set(name, queue)
    const [adds, retries] = [this.#adds.labels(name), this.#retries.labels(name)]
    const [waiting, working] = [this.#waiting.labels(name), this.#working.labels(name)]
    return {
      added: () => adds.inc(),
      begun: waitedMs => waiting.observe(waitedMs / 1000),
      ended: workedMs => working.observe(workedMs / 1000),
      retried: () => retries.inc(),
    }
  }

  #gauge(registry: Registry, name: string, help: string, read: (queue: MeteredQueue) => number): void {
    const queues = this.#queues
    new Gauge({
      name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        for (const [queueName, queue] of queues) this.set({ name: queueName }, read(queue))
      },
    })
  }
}

const agesOf = (queue: MeteredQueue): number[] =>
  [...queue.workingSinceMs()].map(sinceMs => (queue.nowMs() - sinceMs) / 1000)
