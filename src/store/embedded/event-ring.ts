/** The newest events, for watches that start a little in the past. */
import type { StoreEvent } from '../store.ts'
import { maxRingBytes, maxRingEvents } from './limits.ts'

export interface RevisionEvents {
  readonly revision: number
  readonly events: readonly StoreEvent[]
}

export class EventRing {
  /** Every event of this revision and later ones is here. */
  firstRevision: number
  #entries: RevisionEvents[] = []
  /** Entries before it were dropped already. */
  #head = 0
  #events = 0
  #bytes = 0

  constructor(nextRevision: number) {
    this.firstRevision = nextRevision
  }

  push(entry: RevisionEvents): void {
    this.#entries.push(entry)
    this.#events += entry.events.length
    this.#bytes += bytesOf(entry)
    while ((this.#events > maxRingEvents || this.#bytes > maxRingBytes) && this.#head < this.#entries.length) {
      const dropped = this.#entries[this.#head]!
      this.#head++
      this.#events -= dropped.events.length
      this.#bytes -= bytesOf(dropped)
      this.firstRevision = dropped.revision + 1
    }
    if (this.#head > 512 && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head)
      this.#head = 0
    }
  }

  /** The entries from a revision on, which must not be below `firstRevision`. */
  *from(revision: number): Iterable<RevisionEvents> {
    let low = this.#head
    let high = this.#entries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#entries[middle]!.revision < revision) low = middle + 1
      else high = middle
    }
    for (let i = low; i < this.#entries.length; i++) yield this.#entries[i]!
  }
}

function bytesOf({ events }: RevisionEvents): number {
  let bytes = 0
  for (const { kv, previous } of events) bytes += kv.value.byteLength + (previous?.value.byteLength ?? 0)
  return bytes
}
