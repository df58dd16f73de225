/** The newest events of one kind, so that a watch can go on from a revision. Bounded by number and bytes. */
import type { CacheEvent } from './cache-event.ts'

const maxEvents = 10_000
/** Beyond these few, events older than `keptMs` go: a quiet kind need not hold its past. */
const alwaysKept = 100
const keptMs = 180_000
const maxBytes = 32 * 1024 * 1024
/** Frames are kept for so many of the newest events: a watcher further behind encodes anew. */
const framesKept = 200

export class EventHistory {
  #events: CacheEvent[] = []
  /** Index of the oldest event: removal from the front happens in batches. */
  #head = 0
  #bytes = 0
  /** Every event after this revision is here. */
  #completeAfter: number
  readonly #monotonic: () => number

  constructor(completeAfter: number, monotonic: () => number) {
    this.#completeAfter = completeAfter
    this.#monotonic = monotonic
  }

  get completeAfter(): number {
    return this.#completeAfter
  }

  add(event: CacheEvent): void {
    const nowMs = this.#monotonic()
    event.arrivedMs = nowMs
    this.#events.push(event)
    this.#bytes += event.bytes
    this.#events[this.#events.length - 1 - framesKept]?.dropFrames()
    this.#forget(nowMs)
  }

  /** To be called now and then also while nothing comes in: a quiet kind need not hold what is old. */
  forgetOld(): void {
    const oldest = this.#events[this.#head]
    if (!oldest || this.#events.length - this.#head <= alwaysKept) return
    const nowMs = this.#monotonic()
    if (nowMs - oldest.arrivedMs > keptMs) this.#forget(nowMs)
  }

  #forget(nowMs: number): void {
    while (this.#isFull(nowMs)) {
      const oldest = this.#events[this.#head++] as CacheEvent
      this.#bytes -= oldest.bytes
      this.#completeAfter = oldest.revision
    }
    if (this.#head < 1_000 && this.#head < this.#events.length / 2) return
    this.#events = this.#events.slice(this.#head)
    this.#head = 0
  }

  #isFull(nowMs: number): boolean {
    const count = this.#events.length - this.#head
    if (count > maxEvents) return true
    if (count <= 1) return false
    if (this.#bytes > maxBytes) return true
    return count > alwaysKept && nowMs - (this.#events[this.#head] as CacheEvent).arrivedMs > keptMs
  }

  /** Events after `revision`, or undefined where some of them are forgotten. */
  since(revision: number): CacheEvent[] | undefined {
    if (revision < this.#completeAfter) return undefined
    let low = this.#head
    let high = this.#events.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#events[middle] as CacheEvent).revision <= revision) low = middle + 1
      else high = middle
    }
    return this.#events.slice(low)
  }
}
