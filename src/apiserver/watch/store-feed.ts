/**
 * One watch over the whole store, dealt out to the caches by key prefix. Because every event passes here in order, its
 * revision is also every cache's: a cache is as fresh as the feed.
 */
import type { Clock } from '../../base/clock.ts'
import { type Logger, loggerOf } from '../../base/log.ts'
import { timeoutError } from '../../machinery/api-error.ts'
import { prefixEnd, type Store, type StoreEvent, type Watch } from '../../store/store.ts'

export interface FeedListener {
  /** Events of one prefix, in order. */
  events(events: readonly StoreEvent[]): void
  /** Everything up to this revision was delivered. */
  progress(revision: number): void
  /** History was lost: read everything again. */
  lost(): void
}

interface Waiter {
  readonly revision: number
  readonly resolve: () => void
}

/** How long a read waits for the feed to reach the store's revision before it fails with 504. */
const freshnessTimeoutMs = 3_000
/** Pause before the watch is opened again after it ended. */
const reopenMs = 200

export class StoreFeed {
  readonly #store: Store
  readonly #clock: Clock
  readonly #log: Logger = loggerOf('apiserver/feed')
  readonly #listeners = new Map<string, FeedListener>()
  #revision = 0
  #watch: Watch | undefined
  #waiters: Waiter[] = []
  #closed = false
  /** Set from the end of the watch until it is open again: the caches may show a history that is gone. */
  #interrupted = false
  #abandonedRevision = 0
  /** The one read of the store's revision that is under way, and the one that will follow it. */
  #asking: Promise<number> | undefined
  #askingNext: Promise<number> | undefined

  constructor(store: Store, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  get revision(): number {
    return this.#revision
  }

  get isInterrupted(): boolean {
    return this.#interrupted
  }

  /** The highest one that was seen of a history that the store no longer has: of a later one nothing is known but that. */
  get abandonedRevision(): number {
    return this.#abandonedRevision
  }

  async start(): Promise<void> {
    this.#revision = await this.#store.currentRevision()
    this.#open()
  }

  stop(): void {
    this.#closed = true
    this.#interrupted = false
    this.#watch?.close()
    this.#release(Number.POSITIVE_INFINITY)
  }

  listen(prefix: string, listener: FeedListener): void {
    this.#listeners.set(prefix, listener)
  }

  unlisten(prefix: string): void {
    this.#listeners.delete(prefix)
  }

  /**
   * The store's revision, linearizably: no older than any write acknowledged before the call. Calls that come while one
   * is under way share the next one.
   */
  storeRevision(): Promise<number> {
    if (!this.#asking) return this.#ask()
    const waiting = this.#asking.catch(() => {})
    this.#askingNext ??= waiting.then(() => {
      // Whoever calls from here on came after this read began, and must not share it.
      this.#askingNext = undefined
      return this.#ask()
    })
    return this.#askingNext
  }

  #ask(): Promise<number> {
    const asking = this.#store.currentRevision().finally(() => {
      if (this.#asking === asking) this.#asking = undefined
    })
    this.#asking = asking
    return asking
  }

  /** Resolves when everything up to `revision` was delivered, or has to be read. Throws ApiError 504 when that takes too long. */
  reached(revision: number): Promise<void> {
    if ((this.#revision >= revision && !this.#interrupted) || this.#closed) return Promise.resolve()
    return this.#wait(revision)
  }

  async #wait(revision: number): Promise<void> {
    this.#watch?.requestProgress()
    await new Promise<void>((resolve, reject) => {
      const waiter: Waiter = {
        revision,
        resolve: () => {
          timer.cancel()
          resolve()
        },
      }
      this.#waiters.push(waiter)
      const timer = this.#clock.after(freshnessTimeoutMs, () => {
        this.#waiters = this.#waiters.filter(other => other !== waiter)
        reject(timeoutError(`Too large resource version: ${revision}, current: ${this.#revision}`, 1))
      })
    })
  }

  #open(): void {
    if (this.#closed) return
    const start = '/registry/'
    this.#watch = this.#store.watch(
      { start, end: prefixEnd(start), startRevision: this.#revision + 1 },
      {
        events: (events, revision) => {
          this.#deal(events)
          this.#advance(revision)
        },
        progress: revision => this.#advance(revision),
        ended: error => this.#ended(error),
      },
    )
  }

  #deal(events: readonly StoreEvent[]): void {
    const first = events[0]
    if (!first) return
    if (events.length === 1) {
      this.#listenerOf(first.kv.key)?.events(events)
      return
    }
    const dealt = new Map<FeedListener, StoreEvent[]>()
    for (const event of events) {
      const listener = this.#listenerOf(event.kv.key)
      if (!listener) continue
      const own = dealt.get(listener)
      if (own) own.push(event)
      else dealt.set(listener, [event])
    }
    for (const [listener, own] of dealt) listener.events(own)
  }

  /** Prefixes end behind the second, third or fourth slash: `/registry/pods/`, `/registry/services/specs/`, `/registry/group/plural/`. */
  #listenerOf(key: string): FeedListener | undefined {
    const second = key.indexOf('/', 10)
    if (second < 0) return undefined
    const direct = this.#listeners.get(key.slice(0, second + 1))
    if (direct) return direct
    const third = key.indexOf('/', second + 1)
    return third < 0 ? undefined : this.#listeners.get(key.slice(0, third + 1))
  }

  #advance(revision: number): void {
    if (revision <= this.#revision) return
    this.#revision = revision
    for (const listener of this.#listeners.values()) listener.progress(revision)
    this.#release(revision)
  }

  #release(revision: number): void {
    if (this.#waiters.length === 0) return
    const waiting: Waiter[] = []
    for (const waiter of this.#waiters) {
      if (waiter.revision <= revision) waiter.resolve()
      else waiting.push(waiter)
    }
    this.#waiters = waiting
  }

  #ended(error: Error): void {
    if (this.#closed) return
    this.#interrupted = true
    this.#log.warn({ error: error.message }, 'watch of the store ended')
    this.#clock.after(reopenMs, () => void this.#reopen())
  }

  /** Starts over from the present: whoever listens reads its state again. */
  async #reopen(): Promise<void> {
    if (this.#closed) return
    try {
      // Lower than before where the store was restored from a snapshot: what comes after is watched from there, and clients
      // that have seen more are told that their version is from the future.
      const revision = await this.#store.currentRevision()
      if (revision < this.#revision) this.#abandonedRevision = Math.max(this.#abandonedRevision, this.#revision)
      this.#revision = revision
      this.#interrupted = false
      this.#open()
      for (const listener of this.#listeners.values()) listener.lost()
      this.#release(revision)
    } catch (error) {
      this.#ended(error as Error)
    }
  }
}
