/**
 * Where a revision begins in the history. Ids and revisions rise together, so the place is found by halving: an index would
 * cost a page of every write's log to answer what only compactions and watches from the past ask.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { arrays } from './range-reader.ts'

export class RevisionIndex {
  readonly #from: StatementSync
  readonly #last: StatementSync

  constructor(db: DatabaseSync) {
    this.#from = arrays(db, 'SELECT id, revision FROM history WHERE id >= ? ORDER BY id LIMIT 1')
    this.#last = arrays(db, 'SELECT coalesce(max(id), 0) FROM history')
  }

  /** The least id that a row of this revision or a later one can have: every row from it on is such a row. */
  firstId(revision: number): number {
    let low = 0
    let high = (this.#last.get() as unknown as [number])[0] + 1
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      const row = this.#from.get(middle) as unknown as [id: number, revision: number] | undefined
      if (row === undefined || row[1] >= revision) high = middle
      else low = row[0] + 1
    }
    return low
  }
}
