/** Ranges of keys, now or as of a past revision, from one connection. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import {
  CompactedError,
  FutureRevisionError,
  type KeyValue,
  type LeaseId,
  type RangeOptions,
  type RangeResult,
} from '../store.ts'
import { firstRevision } from './database.ts'

/** SQLITE_TOOBIG. */
const sqliteTooBig = 18
const noBytes = new Uint8Array(0)

/** Rows as arrays of key, value, create revision, revision, version, lease. */
type Row = [string, Uint8Array, number, number, number, LeaseText]

/** How leases are read: what is no safe integer comes as text, for SQLite's reader would throw. */
export const leaseColumn = (lease: string): string =>
  `iif(${lease} BETWEEN -9007199254740991 AND 9007199254740991, ${lease}, CAST(${lease} AS TEXT))`
export type LeaseText = number | string
export const leaseIdOf = (lease: LeaseText): LeaseId => (typeof lease === 'number' ? lease : BigInt(lease))

export const keyValueOf = (row: readonly unknown[]): KeyValue => {
  const [key, value, createRevision, modRevision, version, lease] = row as Row
  return { key, value, createRevision, modRevision, version, lease: leaseIdOf(lease) }
}

const withoutValue = (row: readonly unknown[]): KeyValue => {
  const [key, createRevision, modRevision, version, lease] = row as [string, number, number, number, LeaseText]
  return { key, value: noBytes, createRevision, modRevision, version, lease: leaseIdOf(lease) }
}

export const arrays = (db: DatabaseSync, sql: string): StatementSync => {
  const statement = db.prepare(sql)
  statement.setReturnArrays(true)
  return statement
}

/** Stands for "no end": behind every key. */
const lastKey = '\u{10ffff}'

/** The key behind the range, as the statements want it; `\0` asks for everything from the start on, as in etcd. */
export const endOf = (start: string, end: string | undefined): string =>
  end === undefined ? `${start}\0` : end === '\0' ? lastKey : end

/**
 * The rows of a range as of a revision: of each key the newest one up to it, unless that is a tombstone. (A GROUP BY with
 * max() would be sorted as a whole before the first row comes out.)
 */
const past = `FROM history i INDEXED BY history_by_key CROSS JOIN history h ON h.id = i.id
  WHERE i.key >= ?1 AND i.key < ?2 AND i.revision <= ?3 AND i.deleted = 0 AND NOT EXISTS
    (SELECT 1 FROM history n WHERE n.key = i.key AND n.revision > i.revision AND n.revision <= ?3)`

export class RangeReader {
  readonly #db: DatabaseSync
  readonly #revision: StatementSync
  readonly #compacted: StatementSync
  readonly #one: StatementSync
  readonly #oneNow: StatementSync
  readonly #rows: StatementSync
  readonly #keys: StatementSync
  readonly #joinedValues: StatementSync
  readonly #count: StatementSync
  readonly #pastRows: StatementSync
  readonly #pastKeys: StatementSync
  readonly #pastCount: StatementSync

  constructor(db: DatabaseSync) {
    this.#db = db
    this.#revision = arrays(db, 'SELECT revision FROM history ORDER BY id DESC LIMIT 1')
    this.#compacted = arrays(db, 'SELECT revision FROM compaction')
    const columns = `h.key, h.value, h.create_revision, h.revision, h.version, ${leaseColumn('h.lease')}`
    this.#one = arrays(db, `SELECT ${columns} FROM current c JOIN history h ON h.id = c.id WHERE c.key = ?`)
    this.#oneNow = arrays(
      db,
      `SELECT newest.revision, ${columns} FROM (SELECT revision FROM history ORDER BY id DESC LIMIT 1) newest
         LEFT JOIN current c ON c.key = ? LEFT JOIN history h ON h.id = c.id`,
    )
    const range = 'WHERE c.key >= ? AND c.key < ?'
    this.#rows = arrays(
      db,
      `SELECT ${columns} FROM current c CROSS JOIN history h ON h.id = c.id ${range} ORDER BY c.key LIMIT ?`,
    )
    this.#keys = arrays(
      db,
      `SELECT c.key, c.create_revision, c.revision, c.version, ${leaseColumn('c.lease')} FROM current c ${range} ORDER BY c.key LIMIT ?`,
    )
    this.#joinedValues = arrays(
      db,
      `SELECT CAST(group_concat(value, '') AS BLOB), group_concat(length(value)) FROM
         (SELECT h.value FROM current c CROSS JOIN history h ON h.id = c.id ${range} ORDER BY c.key LIMIT ?)`,
    )
    this.#count = arrays(db, `SELECT count(*) FROM current c ${range}`)
    this.#pastRows = arrays(db, `SELECT ${columns} ${past} ORDER BY i.key LIMIT ?4`)
    this.#pastKeys = arrays(
      db,
      `SELECT h.key, h.create_revision, h.revision, h.version, ${leaseColumn('h.lease')} ${past} ORDER BY i.key LIMIT ?4`,
    )
    this.#pastCount = arrays(db, `SELECT count(*) ${past}`)
  }

  revision(): number {
    return ((this.#revision.get() as unknown as [number] | undefined) ?? [firstRevision])[0]
  }

  compactRevision(): number {
    return (this.#compacted.get() as unknown as [number])[0]
  }

  /** Runs `read` on one snapshot. */
  snapshot<T>(read: () => T): T {
    this.#db.exec('BEGIN')
    try {
      return read()
    } finally {
      this.#db.exec('COMMIT')
    }
  }

  /** One key as it is now. A single statement is a snapshot by itself, and costs a third of one with a transaction around it. */
  readNow(options: RangeOptions): RangeResult {
    const row = this.#oneNow.get(options.start) as unknown as unknown[] | undefined
    if (row === undefined) return { kvs: [], more: false, count: 0, revision: firstRevision }
    const revision = row[0] as number
    if (row[1] === null) return { kvs: [], more: false, count: 0, revision }
    const kv = keyValueOf(row.slice(1))
    const kvs = options.countOnly ? [] : [options.keysOnly ? { ...kv, value: noBytes } : kv]
    return { kvs, more: false, count: 1, revision }
  }

  /** Inside a snapshot, or on the writer's connection. Where `counted` is false, a cut result counts only its own keys. */
  read(options: RangeOptions, counted = true): RangeResult {
    const revision = this.revision()
    const at = options.revision ?? 0
    if (at > revision) throw new FutureRevisionError(revision)
    if (at > 0 && at < revision) {
      const compacted = this.compactRevision()
      if (at < compacted) throw new CompactedError(compacted)
      return this.#readPast(options, at, revision, counted)
    }
    if (options.end === undefined) return this.#readOne(options, revision)
    const end = endOf(options.start, options.end)
    const limit = options.limit ?? 0
    if (options.countOnly === true) return { kvs: [], more: false, count: this.#counted(options.start, end), revision }
    const keysOnly = options.keysOnly === true
    const bounds = [options.start, end, limit > 0 ? limit + 1 : -1] as const
    const joined = options.isTransient && !keysOnly ? this.#joined(bounds) : undefined
    const rows = joined ?? ((keysOnly ? this.#keys : this.#rows).all(...bounds) as unknown as unknown[][])
    return this.#result(rows, options, revision, counted ? () => this.#counted(options.start, end) : undefined)
  }

  /** The same rows, their values read as one: a third of the time of a buffer for each. Undefined: it would be too large. */
  #joined(bounds: readonly [string, string, number]): unknown[][] | undefined {
    try {
      type Joined = [Uint8Array | null, string | null]
      const [bytes, lengths] = this.#joinedValues.get(...bounds) as unknown as Joined
      const rows = this.#keys.all(...bounds) as unknown as unknown[][]
      if (bytes === null || lengths === null) return rows
      let at = 0
      lengths.split(',').forEach((length, i) => {
        const end = at + Number(length)
        rows[i]!.splice(1, 0, bytes.subarray(at, end))
        at = end
      })
      return rows
    } catch (error) {
      if ((error as { errcode?: number }).errcode === sqliteTooBig) return undefined
      throw error
    }
  }

  #readOne(options: RangeOptions, revision: number): RangeResult {
    const row = this.#one.get(options.start) as unknown as Row | undefined
    if (row === undefined) return { kvs: [], more: false, count: 0, revision }
    if (options.keysOnly === true) row[1] = noBytes
    return { kvs: options.countOnly === true ? [] : [keyValueOf(row)], more: false, count: 1, revision }
  }

  #readPast(options: RangeOptions, at: number, revision: number, counted: boolean): RangeResult {
    const end = endOf(options.start, options.end)
    const count = () => (this.#pastCount.get(options.start, end, at) as unknown as [number])[0]
    if (options.countOnly === true) return { kvs: [], more: false, count: count(), revision }
    const limit = options.limit ?? 0
    const statement = options.keysOnly === true ? this.#pastKeys : this.#pastRows
    const rows = statement.all(options.start, end, at, limit > 0 ? limit + 1 : -1) as unknown as unknown[][]
    return this.#result(rows, options, revision, counted ? count : undefined)
  }

  #counted(start: string, end: string): number {
    return (this.#count.get(start, end) as unknown as [number])[0]
  }

  #result(
    rows: unknown[][],
    options: RangeOptions,
    revision: number,
    countAll: (() => number) | undefined,
  ): RangeResult {
    const limit = options.limit ?? 0
    const more = limit > 0 && rows.length > limit
    if (more) rows.length = limit
    const kvs = rows.map(options.keysOnly === true ? withoutValue : keyValueOf)
    return { kvs, more, count: more && countAll !== undefined ? countAll() : kvs.length, revision }
  }
}
