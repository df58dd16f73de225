/**
 * All watches of a store. A watch first catches up, from the database and then from the ring, and is live from the moment
 * when it has seen every delivered revision; events are delivered and watches move on in one thread, so nothing can come
 * between the last step of catching up and the first live event.
 */
import { CompactedError, type StoreEvent, type Watch, type WatchHandler, type WatchOptions } from '../store.ts'
import { EventRing, type RevisionEvents } from './event-ring.ts'
import type { HistoryReader } from './history-reader.ts'
import { endOf } from './range-reader.ts'

/** Watches at a time. */
const maxWatches = 100_000

class OneWatch implements Watch {
  readonly start: string
  readonly end: string
  readonly single: boolean
  readonly handler: WatchHandler
  readonly #hub: WatchHub
  /** Every event below it was delivered. */
  nextRevision: number
  live = false
  progressWanted = false

  constructor(hub: WatchHub, options: WatchOptions, handler: WatchHandler, nextRevision: number) {
    this.#hub = hub
    this.start = options.start
    this.single = options.end === undefined
    this.end = endOf(options.start, options.end)
    this.handler = handler
    this.nextRevision = nextRevision
  }

  requestProgress(): void {
    this.progressWanted = true
    queueMicrotask(() => this.#hub.answerProgress(this))
  }

  close(): void {
    this.#hub.forget(this)
  }

  /** In order of UTF-16; SQLite's order of UTF-8 is the same for all keys without characters beyond U+D7FF. */
  wants(key: string): boolean {
    return this.single ? key === this.start : key >= this.start && key < this.end
  }
}

export class WatchHub {
  /** The newest revision whose events were delivered to live watches. */
  delivered: number
  compactRevision: number
  readonly #ring: EventRing
  readonly #history: HistoryReader
  readonly #watches = new Set<OneWatch>()

  constructor(history: HistoryReader, revision: number, compactRevision: number) {
    this.#history = history
    this.delivered = revision
    this.compactRevision = compactRevision
    this.#ring = new EventRing(revision + 1)
  }

  add(options: WatchOptions, handler: WatchHandler): Watch {
    const watch = new OneWatch(this, options, handler, options.startRevision || this.delivered + 1)
    if (this.#watches.size >= maxWatches) {
      queueMicrotask(() => handler.ended(new Error('etcdserver: too many watches')))
      return watch
    }
    this.#watches.add(watch)
    // The caller has its handle before the first call.
    queueMicrotask(() => this.#catchUp(watch))
    return watch
  }

  forget(watch: OneWatch): void {
    this.#watches.delete(watch)
  }

  /** Events of new revisions, in order. */
  deliver(entries: readonly RevisionEvents[]): void {
    if (entries.length === 0) return
    for (const entry of entries) this.#ring.push(entry)
    this.delivered = entries.at(-1)!.revision
    for (const watch of this.#watches) if (watch.live) this.#feed(watch, entries, this.delivered)
  }

  /** The watches that have no more to get from history keep going; the others end when they come to it. */
  compacted(revision: number): void {
    this.compactRevision = revision
  }

  endAll(error: Error): void {
    for (const watch of [...this.#watches]) this.#end(watch, error)
  }

  answerProgress(watch: OneWatch): void {
    if (!watch.progressWanted || !watch.live || !this.#watches.has(watch)) return
    watch.progressWanted = false
    this.#guard(watch, () => watch.handler.progress(this.delivered))
  }

  #catchUp(watch: OneWatch): void {
    if (!this.#watches.has(watch)) return
    if (watch.nextRevision < this.compactRevision) {
      this.#end(watch, new CompactedError(this.compactRevision))
      return
    }
    if (watch.nextRevision < this.#ring.firstRevision) {
      try {
        const to = Math.min(this.delivered, this.#ring.firstRevision - 1)
        const slice = this.#history.read(watch.start, watch.end, watch.nextRevision, to)
        this.#feed(watch, slice.entries, slice.nextRevision - 1)
      } catch (error) {
        this.#end(watch, error as Error)
        return
      }
      setImmediate(() => this.#catchUp(watch))
      return
    }
    watch.live = true
    this.#feed(watch, [...this.#ring.from(watch.nextRevision)], this.delivered)
    this.answerProgress(watch)
  }

  /** Delivers what the watch wants of these entries, and moves it behind `upTo` unless it waits for a later one. */
  #feed(watch: OneWatch, entries: readonly RevisionEvents[], upTo: number): void {
    const wanted: StoreEvent[] = []
    let revision = 0
    for (const entry of entries) {
      if (entry.revision < watch.nextRevision) continue
      for (const event of entry.events) if (watch.wants(event.kv.key)) wanted.push(event)
      revision = entry.revision
    }
    watch.nextRevision = Math.max(watch.nextRevision, upTo + 1)
    if (wanted.length > 0) this.#guard(watch, () => watch.handler.events(wanted, revision))
  }

  #guard(watch: OneWatch, call: () => void): void {
    try {
      call()
    } catch (error) {
      this.#end(watch, error as Error)
    }
  }

  #end(watch: OneWatch, error: Error): void {
    if (this.#watches.delete(watch)) watch.handler.ended(error)
  }
}
