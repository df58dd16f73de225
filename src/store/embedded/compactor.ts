/** Removes compacted history and gives free pages back, in slices short enough that no write waits 100 ms for one. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { compactionSliceRows, keptFreePages, vacuumSlicePages } from './limits.ts'
import { arrays } from './range-reader.ts'
import { RevisionIndex } from './revision-index.ts'

/**
 * A row is dead once a row at or below the compacted revision has replaced it, and a tombstone once it lies below that
 * revision (one exactly at it is kept, for a watch may start there). Every row names the row that it replaced, so a
 * compaction visits only the rows written since the last one. `next_id` is how far it came, so a crash loses nothing.
 */
export class Compactor {
  /** History below it was removed, as of the last step. */
  doneRevision = 0
  /** Free pages that are kept for reuse: none while the file is to become as small as it can. */
  keptPages = keptFreePages
  readonly #db: DatabaseSync
  readonly #state: StatementSync
  readonly #slice: StatementSync
  readonly #index: RevisionIndex
  readonly #drop: StatementSync
  readonly #progress: StatementSync
  readonly #finish: StatementSync
  readonly #freePages: StatementSync

  constructor(db: DatabaseSync) {
    this.#db = db
    this.#state = arrays(db, 'SELECT revision, next_id, done_revision FROM compaction')
    this.#slice = arrays(
      db,
      'SELECT id, revision, deleted, previous FROM history WHERE id >= ? AND revision <= ? ORDER BY id LIMIT ?',
    )
    this.#index = new RevisionIndex(db)
    this.#drop = db.prepare('DELETE FROM history WHERE id = ?')
    this.#progress = db.prepare('UPDATE compaction SET next_id = ?')
    this.#finish = db.prepare('UPDATE compaction SET next_id = ?, done_revision = ?')
    // They report the rowid inserted last, which may be a lease's of 63 bits.
    for (const statement of [this.#drop, this.#progress, this.#finish]) statement.setReadBigInts(true)
    this.#freePages = arrays(db, 'PRAGMA freelist_count')
  }

  /** Does one slice in a transaction of its own. Returns whether there is more to do. */
  step(): boolean {
    const [revision, nextId, done] = this.#state.get() as unknown as [number, number, number]
    this.doneRevision = done
    if (done < revision) {
      this.#dropSlice(revision, nextId)
      return true
    }
    return this.#vacuumSlice()
  }

  #dropSlice(revision: number, nextId: number): void {
    this.#db.exec('BEGIN IMMEDIATE')
    try {
      type Row = [id: number, revision: number, deleted: number, previous: number]
      const rows = this.#slice.all(nextId, revision, compactionSliceRows) as unknown as Row[]
      for (const [id, at, deleted, previous] of rows) {
        if (previous !== 0) this.#drop.run(previous)
        if (deleted === 1 && at < revision) this.#drop.run(id)
      }
      if (rows.length < compactionSliceRows) {
        // The next compaction starts with the rows at this revision: a tombstone kept now is dead then.
        this.#finish.run(this.#index.firstId(revision), revision)
      } else this.#progress.run(rows.at(-1)![0] + 1)
      this.#db.exec('COMMIT')
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
      throw error
    }
  }

  #vacuumSlice(): boolean {
    const [free] = this.#freePages.get() as unknown as [number]
    if (free <= this.keptPages) return false
    this.#db.exec(`PRAGMA incremental_vacuum(${Math.min(vacuumSlicePages, free - this.keptPages)})`)
    return true
  }
}
