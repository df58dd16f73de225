import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { RevisionIndex } from './revision-index.ts'

test('finds where a revision begins, also with holes and several rows of one revision', () => {
  const db = new DatabaseSync(':memory:')
  db.exec('CREATE TABLE history (id INTEGER PRIMARY KEY, revision INTEGER NOT NULL)')
  const index = new RevisionIndex(db)
  assert.equal(index.firstId(5), 0)
  const rows: [id: number, revision: number][] = [
    [3, 2],
    [4, 3],
    [5, 3],
    [9, 7],
    [10, 7],
    [11, 8],
    [40, 20],
  ]
  for (const row of rows) db.prepare('INSERT INTO history VALUES (?, ?)').run(...row)
  for (let revision = 0; revision < 25; revision++) {
    const first = index.firstId(revision)
    assert.deepEqual(
      rows.filter(([id]) => id >= first),
      rows.filter(([, at]) => at >= revision),
      `revision ${revision}`,
    )
  }
})
