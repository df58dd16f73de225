/** Past events, read from the database in slices. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { StoreEvent } from '../store.ts'
import type { RevisionEvents } from './event-ring.ts'
import { historySliceBytes, historySliceRevisions } from './limits.ts'
import { arrays, keyValueOf, leaseColumn } from './range-reader.ts'
import { RevisionIndex } from './revision-index.ts'

export interface HistorySlice {
  readonly entries: readonly RevisionEvents[]
  /** Everything below it has been looked at. */
  readonly nextRevision: number
}

export class HistoryReader {
  readonly #statement: StatementSync
  readonly #index: RevisionIndex

  constructor(db: DatabaseSync) {
    this.#statement = arrays(
      db,
      `SELECT h.deleted, h.key, h.value, h.create_revision, h.revision, h.version, ${leaseColumn('h.lease')},
         p.key, p.value, p.create_revision, p.revision, p.version, ${leaseColumn('p.lease')}
       FROM history h LEFT JOIN history p ON p.id = h.previous
       WHERE h.id >= ? AND h.id < ? AND +h.key >= ? AND +h.key < ? ORDER BY h.id`,
    )
    this.#index = new RevisionIndex(db)
  }

  /** Events of whole revisions between `from` and `to` (both included), at most one slice of them. */
  read(start: string, end: string, from: number, to: number): HistorySlice {
    const last = Math.min(to, from + historySliceRevisions - 1)
    const entries: { revision: number; events: StoreEvent[] }[] = []
    let bytes = 0
    const ids = [this.#index.firstId(from), this.#index.firstId(last + 1)] as const
    for (const row of this.#statement.iterate(...ids, start, end) as Iterable<unknown>) {
      const event = eventOf(row as unknown[])
      const revision = event.kv.modRevision
      const entry = entries.at(-1)
      if (entry?.revision === revision) entry.events.push(event)
      else {
        // Only between two revisions may a slice end.
        if (bytes > historySliceBytes) return { entries, nextRevision: revision }
        entries.push({ revision, events: [event] })
      }
      bytes += event.kv.value.byteLength + (event.previous?.value.byteLength ?? 0)
    }
    return { entries, nextRevision: last + 1 }
  }
}

function eventOf(row: unknown[]): StoreEvent {
  const kv = keyValueOf(row.slice(1, 7))
  const previous = row[7] === null ? {} : { previous: keyValueOf(row.slice(7)) }
  return { type: row[0] === 1 ? 'delete' : 'put', kv, ...previous }
}
