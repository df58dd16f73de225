/** The file's schema and how its connections are opened. */
import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { defaultPageCacheKiB, logSizeLimitBytes } from './limits.ts'

const applicationId = 0x436c6970
const schemaVersion = 1

/**
 * `history` has a row for every write, in order of `id`; `previous` is the row that it replaced (0: the key was new).
 * `current` has a row for every key that exists. The newest row of `history` is never removed: it carries the store's
 * revision.
 */
const schema = `
CREATE TABLE history (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL,
  revision INTEGER NOT NULL,
  create_revision INTEGER NOT NULL,
  version INTEGER NOT NULL,
  lease INTEGER NOT NULL,
  deleted INTEGER NOT NULL,
  previous INTEGER NOT NULL,
  value BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX history_by_key ON history (key, revision, deleted);
CREATE TABLE current (
  key TEXT NOT NULL PRIMARY KEY,
  id INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  create_revision INTEGER NOT NULL,
  version INTEGER NOT NULL,
  lease INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX current_by_lease ON current (lease) WHERE lease <> 0;
CREATE TABLE leases (id INTEGER PRIMARY KEY, ttl_seconds INTEGER NOT NULL) STRICT;
CREATE TABLE compaction (revision INTEGER NOT NULL, next_id INTEGER NOT NULL, done_revision INTEGER NOT NULL) STRICT;
INSERT INTO compaction VALUES (0, 0, 0);
`

/** The store's revision before the first write (etcd starts at 1). */
export const firstRevision = 1

export const databaseFile = (directory: string): string => join(directory, 'store.db')

function syncDirectory(directory: string): void {
  const fd = openSync(directory, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

export function prepareDirectory(directory: string): void {
  if (mkdirSync(directory, { recursive: true, mode: 0o700 }) !== undefined) syncDirectory(dirname(directory))
  chmodSync(directory, 0o700)
}

/** What a crash left of snapshots that were under way. Only for who has the directory's lock. */
export function removeLeftovers(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (/^snapshot-\d+\.tmp(-[a-z-]+)?$/.test(name)) rmSync(join(directory, name), { force: true })
  }
}

/** Makes a file of mode 0600, which SQLite's log files take over. One that exists is left as it is. */
export function prepareFile(directory: string): void {
  const file = databaseFile(directory)
  // Only one that does not exist yet is opened: closing a file that SQLite has open would drop its locks.
  try {
    closeSync(openSync(file, 'wx', 0o600))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    chmodSync(file, 0o600)
  }
  syncDirectory(directory)
}

function pragma(db: DatabaseSync, name: string): number {
  return Number(Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0])
}

function prepareSchema(db: DatabaseSync, file: string): void {
  const version = pragma(db, 'user_version')
  if (version === schemaVersion && pragma(db, 'application_id') === applicationId) return
  const tables = Number(db.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.n)
  if (version > schemaVersion) throw new Error(`${file} was written by a newer version (schema ${version})`)
  if (tables > 0 || version !== 0) throw new Error(`${file} is not a Clipper store`)
  db.exec(
    `BEGIN IMMEDIATE; ${schema} PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schemaVersion}; COMMIT`,
  )
}

/** The one connection that writes. Durability rests on WAL with `synchronous = FULL`: COMMIT returns after the log's sync. */
export function openWriter(directory: string, pageCacheKiB = defaultPageCacheKiB): DatabaseSync {
  const file = databaseFile(directory)
  const db = new DatabaseSync(file, { timeout: 5000 })
  db.exec('PRAGMA auto_vacuum = INCREMENTAL')
  const mode = db.prepare('PRAGMA journal_mode = WAL').get()?.journal_mode
  if (mode !== 'wal') throw new Error(`${file}: the file system allows no write-ahead log (journal mode ${mode})`)
  db.exec(`
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = 0;
    PRAGMA journal_size_limit = ${logSizeLimitBytes};
    PRAGMA cache_size = -${pageCacheKiB};
    PRAGMA mmap_size = 0;
    PRAGMA temp_store = MEMORY;
  `)
  prepareSchema(db, file)
  // Of before: see revision-index.ts.
  db.exec('DROP INDEX IF EXISTS history_by_revision')
  return db
}

/** A new file by itself, to be filled and closed. */
export function createDatabase(file: string): DatabaseSync {
  const db = new DatabaseSync(file)
  db.exec('PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF')
  prepareSchema(db, file)
  return db
}

export function openReader(directory: string, pageCacheKiB = defaultPageCacheKiB): DatabaseSync {
  const db = new DatabaseSync(databaseFile(directory), { readOnly: true, timeout: 5000 })
  db.exec(`PRAGMA cache_size = -${pageCacheKiB}; PRAGMA query_only = 1;`)
  return db
}
