/**
 * Keys to work on. A key is in the queue once, however often it was added, and never worked on twice at a time: a key
 * added while it is worked on is queued again when that work is done (client-go's workqueue).
 */
import type { Clock, Timer } from '../base/clock.ts'
import { type MeteredQueue, noMeter, type QueueMeter } from './work-queue-metrics.ts'

export interface WorkQueueOptions {
  readonly clock: Clock
  /** Back-off of the first failure and the longest, in ms. client-go: 5 ms and 1000 s. */
  readonly baseDelayMs?: number
  readonly maxDelayMs?: number
  /** Keys queued, delayed and failing at a time. Keys are of existing objects, so this is a bound on memory, not on work. */
  readonly maxKeys?: number
  /** Gives what is told of the queue's work. */
  readonly meter?: (queue: MeteredQueue) => QueueMeter
}

export class WorkQueue implements MeteredQueue {
  readonly #clock: Clock
  readonly #baseDelayMs: number
  readonly #maxDelayMs: number
  readonly #maxKeys: number
  readonly #meter: QueueMeter
  /** In the order of arrival, with when each was added. */
  readonly #queued = new Map<string, number>()
  /** With since when. */
  readonly #working = new Map<string, number>()
  /** With when each was added again. */
  readonly #again = new Map<string, number>()
  readonly #failures = new Map<string, number>()
  readonly #delayed = new Map<string, { readonly dueMs: number; readonly timer: Timer }>()
  readonly #waiting: ((key: string | undefined) => void)[] = []
  #shutDown = false

  constructor(options: WorkQueueOptions) {
    this.#clock = options.clock
    this.#baseDelayMs = options.baseDelayMs ?? 5
    this.#maxDelayMs = options.maxDelayMs ?? 1_000_000
    this.#maxKeys = options.maxKeys ?? 1_000_000
    this.#meter = options.meter?.(this) ?? noMeter
  }

  get length(): number {
    return this.#queued.size
  }

  add(key: string): void {
    if (this.#shutDown) return
    if (this.#queued.has(key) || this.#again.has(key)) return
    if (this.#queued.size >= this.#maxKeys) throw new Error(`more than ${this.#maxKeys} keys in a work queue`)
    const addedMs = this.nowMs()
    this.#meter.added()
    if (this.#working.has(key)) this.#again.set(key, addedMs)
    else this.#offer(key, addedMs)
  }

  /** To who waits for a key, else into the queue. */
  #offer(key: string, addedMs: number): void {
    const waiter = this.#waiting.shift()
    if (!waiter) {
      this.#queued.set(key, addedMs)
      return
    }
    this.#begin(key, addedMs)
    waiter(key)
  }

  #begin(key: string, addedMs: number): void {
    const nowMs = this.nowMs()
    this.#working.set(key, nowMs)
    this.#meter.begun(nowMs - addedMs)
  }

  nowMs(): number {
    return this.#clock.monotonic()
  }

  workingSinceMs(): Iterable<number> {
    return this.#working.values()
  }

  /** Adds the key after `delayMs`; of several delays the shortest counts. */
  addAfter(key: string, delayMs: number): void {
    if (this.#shutDown) return
    if (delayMs <= 0) {
      this.add(key)
      return
    }
    const dueMs = this.#clock.monotonic() + delayMs
    const known = this.#delayed.get(key)
    if (known) {
      if (known.dueMs <= dueMs) return
      known.timer.cancel()
    } else if (this.#delayed.size >= this.#maxKeys) {
      throw new Error(`more than ${this.#maxKeys} delayed keys in a work queue`)
    }
    // setTimeout cannot wait longer than 2^31 ms; a key that comes too early is worked on and delayed again.
    const timer = this.#clock.after(Math.min(delayMs, 2 ** 31 - 1), () => {
      this.#delayed.delete(key)
      this.add(key)
    })
    this.#delayed.set(key, { dueMs, timer })
  }

  /** Adds the key after its back-off, which doubles with each call until `forget`. */
  addRateLimited(key: string): void {
    this.#meter.retried()
    const failures = this.#failures.get(key) ?? 0
    this.#failures.set(key, failures + 1)
    this.addAfter(key, Math.min(this.#baseDelayMs * 2 ** failures, this.#maxDelayMs))
  }

  forget(key: string): void {
    this.#failures.delete(key)
  }

  /** How often the key was rate-limited since it was last forgotten. */
  requeues(key: string): number {
    return this.#failures.get(key) ?? 0
  }

  /** The next key; `done(key)` must follow. Undefined once the queue is shut down. */
  next(): Promise<string | undefined> {
    if (this.#shutDown) return Promise.resolve(undefined)
    for (const [key, addedMs] of this.#queued) {
      this.#queued.delete(key)
      this.#begin(key, addedMs)
      return Promise.resolve(key)
    }
    return new Promise(resolve => this.#waiting.push(resolve))
  }

  done(key: string): void {
    const sinceMs = this.#working.get(key)
    if (sinceMs !== undefined) this.#meter.ended(this.nowMs() - sinceMs)
    this.#working.delete(key)
    const againMs = this.#again.get(key)
    if (againMs === undefined) return
    this.#again.delete(key)
    this.#offer(key, againMs)
  }

  shutDown(): void {
    this.#shutDown = true
    for (const { timer } of this.#delayed.values()) timer.cancel()
    this.#delayed.clear()
    this.#queued.clear()
    this.#again.clear()
    for (const waiter of this.#waiting.splice(0)) waiter(undefined)
  }
}
