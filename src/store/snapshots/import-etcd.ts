/** Our database from that of an etcd: the same keys, values, revisions, history and leases. */
import type { DatabaseSync } from 'node:sqlite'
import { createDatabase } from '../embedded/database.ts'
import { EtcdHistory } from './etcd-history.ts'

/** Writes a new file. Throws BoltError where etcd's cannot be read. */
export function importEtcd(snapshot: string, file: string): void {
  const history = new EtcdHistory(snapshot)
  try {
    const db = createDatabase(file)
    try {
      db.exec('BEGIN')
      importHistory(db, history)
      db.exec('COMMIT')
    } finally {
      db.close()
    }
  } finally {
    history.close()
  }
}

function importHistory(db: DatabaseSync, history: EtcdHistory): void {
  const insert = db.prepare('INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const setCurrent = db.prepare('INSERT OR REPLACE INTO current VALUES (?, ?, ?, ?, ?, ?)')
  const dropCurrent = db.prepare('DELETE FROM current WHERE key = ?')
  const insertLease = db.prepare('INSERT OR REPLACE INTO leases VALUES (?, ?)')
  for (const statement of [insert, setCurrent, dropCurrent, insertLease]) statement.setReadBigInts(true)
  const compacted = history.compactRevision()
  /** The newest row of every key that exists. */
  const live = new Map<string, number>()
  let id = 0
  for (const { revision, isDeletion, kv } of history.rows()) {
    id++
    const { key, value, createRevision, version, lease } = kv
    const previous = live.get(key) ?? 0
    if (isDeletion) {
      insert.run(id, key, revision, 0, 0, 0, 1, previous, new Uint8Array(0))
      dropCurrent.run(key)
      live.delete(key)
    } else {
      insert.run(id, key, revision, createRevision, version, lease, 0, previous, value)
      setCurrent.run(key, id, revision, createRevision, version, lease)
      live.set(key, id)
    }
  }
  for (const { id: lease, ttlSeconds } of history.leases()) insertLease.run(lease, ttlSeconds)
  // Done up to it from the start again: what etcd had not removed yet goes with the next compaction.
  db.prepare('UPDATE compaction SET revision = ?, next_id = 0, done_revision = 0').run(compacted)
}
