/** Executes requests on the writer's connection, inside a SQLite transaction that the caller opens and commits. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Compare, KeyValue, Operation, Transaction } from '../store.ts'
import { arrays, endOf, keyValueOf, RangeReader } from './range-reader.ts'
import type { OperationOutcome, RefusedError, RequestOutcome, WriteRequest } from './writer-protocol.ts'

/** A row of `current`. */
interface Live {
  readonly key: string
  readonly id: number
  readonly revision: number
  readonly createRevision: number
  readonly version: number
  readonly lease: number
}

const noBytes = new Uint8Array(0)
const leaseMissing: RequestOutcome = { type: 'refused', error: { name: 'leaseNotFound' } }

const liveOf = (row: unknown): Live => {
  const [key, id, revision, createRevision, version, lease] = row as [string, number, number, number, number, number]
  return { key, id, revision, createRevision, version, lease }
}

function holds(compare: Compare, live: Live | undefined, bytesOf: (live: Live) => Uint8Array): boolean {
  if (compare.target === 'value') {
    // As in etcd, a comparison of the value of a missing key fails, whichever way it asks.
    if (live === undefined) return false
    const equal = Buffer.compare(bytesOf(live), compare.value) === 0
    return compare.is === '=' ? equal : !equal
  }
  const actual = live === undefined ? 0 : compare.target === 'modRevision' ? live.revision : live[compare.target]
  switch (compare.is) {
    case '=':
      return actual === compare.number
    case '!=':
      return actual !== compare.number
    case '<':
      return actual < compare.number
    case '>':
      return actual > compare.number
  }
}

export class TransactionExecutor {
  readonly ranges: RangeReader
  /** Of the newest write, committed or in the open SQLite transaction. */
  revision = 0
  compactRevision = 0
  /** Rows written since the counter was last taken; the thread estimates the log's growth from it. */
  writtenRows = 0
  #nextId = 0
  readonly #leases = new Set<number>()
  readonly #live: StatementSync
  readonly #liveRange: StatementSync
  readonly #liveByLease: StatementSync
  readonly #row: StatementSync
  readonly #insert: StatementSync
  readonly #setCurrent: StatementSync
  readonly #dropCurrent: StatementSync
  readonly #insertLease: StatementSync
  readonly #dropLease: StatementSync
  readonly #allLeases: StatementSync
  readonly #setCompacted: StatementSync
  readonly #lastId: StatementSync

  constructor(db: DatabaseSync) {
    this.ranges = new RangeReader(db)
    const live = 'SELECT key, id, revision, create_revision, version, lease FROM current'
    this.#live = arrays(db, `${live} WHERE key = ?`)
    this.#liveRange = arrays(db, `${live} WHERE key >= ? AND key < ? ORDER BY key`)
    this.#liveByLease = arrays(db, `${live} WHERE lease = ? AND lease <> 0 ORDER BY key`)
    this.#row = arrays(db, 'SELECT key, value, create_revision, revision, version, lease FROM history WHERE id = ?')
    this.#insert = db.prepare('INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)')
    this.#setCurrent = db.prepare('INSERT OR REPLACE INTO current VALUES (?, ?, ?, ?, ?, ?)')
    this.#dropCurrent = db.prepare('DELETE FROM current WHERE key = ?')
    this.#insertLease = db.prepare('INSERT INTO leases VALUES (?, ?)')
    this.#dropLease = db.prepare('DELETE FROM leases WHERE id = ?')
    this.#allLeases = arrays(db, 'SELECT id, ttl_seconds FROM leases')
    this.#setCompacted = db.prepare('UPDATE compaction SET revision = ?')
    this.#lastId = arrays(db, 'SELECT coalesce(max(id), 0) FROM history')
    this.reload()
  }

  /** Takes the state over from the database: at the start, and after a rollback. */
  reload(): void {
    this.revision = this.ranges.revision()
    this.compactRevision = this.ranges.compactRevision()
    this.#nextId = (this.#lastId.get() as unknown as [number])[0] + 1
    this.#leases.clear()
    for (const { id } of this.leases()) this.#leases.add(id)
  }

  leases(): { id: number; ttlSeconds: number }[] {
    const rows = this.#allLeases.all() as unknown as [number, number][]
    return rows.map(([id, ttlSeconds]) => ({ id, ttlSeconds }))
  }

  /** A refusal leaves nothing behind; what is thrown (a full disk) needs a rollback of the whole SQLite transaction. */
  run(request: WriteRequest): RequestOutcome {
    switch (request.type) {
      case 'transact':
        return this.#transact(request.transaction)
      case 'compact':
        return this.#compact(request.revision)
      case 'grant':
        this.#insertLease.run(request.lease, request.ttlSeconds)
        this.#leases.add(request.lease)
        return this.#done(true, [])
      case 'revoke':
        return this.#revoke(request.lease)
    }
  }

  #done(succeeded: boolean, operations: OperationOutcome[]): RequestOutcome {
    return { type: 'done', succeeded, revision: this.revision, operations }
  }

  #transact(transaction: Transaction): RequestOutcome {
    const succeeded = transaction.compare.every(compare =>
      holds(compare, this.#liveOf(compare.key), live => this.#keyValue(live).value),
    )
    const operations = succeeded ? transaction.success : transaction.failure
    const refused = this.#refusal(operations)
    if (refused !== undefined) return { type: 'refused', error: refused }
    const revision = this.revision + 1
    const rows = this.#nextId
    const outcomes = operations.map(operation => this.#operate(operation, revision))
    if (this.#nextId > rows) this.revision = revision
    return this.#done(succeeded, outcomes)
  }

  /** Whatever could fail in the middle is looked at before the first write. */
  #refusal(operations: readonly Operation[]): RefusedError | undefined {
    for (const operation of operations) {
      if ('put' in operation && (operation.lease ?? 0) !== 0 && !this.#leases.has(operation.lease!)) {
        return { name: 'leaseNotFound' }
      }
      if (!('range' in operation)) continue
      const at = operation.range.revision ?? 0
      if (at > this.revision) return { name: 'future', revision: this.revision }
      if (at > 0 && at < this.compactRevision) return { name: 'compacted', revision: this.compactRevision }
    }
    return undefined
  }

  #operate(operation: Operation, revision: number): OperationOutcome {
    if ('range' in operation) return { type: 'range', result: this.ranges.read(operation.range) }
    if ('put' in operation) return this.#put(operation.put, operation.value, operation.lease ?? 0, revision)
    const { delete: start, end } = operation
    const lives =
      end === undefined
        ? [this.#liveOf(start)].filter(live => live !== undefined)
        : (this.#liveRange.all(start, endOf(start, end)) as unknown[]).map(liveOf)
    return { type: 'delete', deleted: lives.map(live => this.#delete(live, revision)) }
  }

  #put(key: string, value: Uint8Array, lease: number, revision: number): OperationOutcome {
    const live = this.#liveOf(key)
    const previous = live === undefined ? undefined : this.#keyValue(live)
    const createRevision = live?.createRevision ?? revision
    const version = (live?.version ?? 0) + 1
    const id = this.#nextId++
    this.#insert.run(id, key, revision, createRevision, version, lease, 0, live?.id ?? 0, value)
    this.#setCurrent.run(key, id, revision, createRevision, version, lease)
    this.writtenRows++
    return { type: 'put', createRevision, version, previous }
  }

  #delete(live: Live, revision: number): KeyValue {
    const kv = this.#keyValue(live)
    this.#insert.run(this.#nextId++, live.key, revision, 0, 0, 0, 1, live.id, noBytes)
    this.#dropCurrent.run(live.key)
    this.writtenRows++
    return kv
  }

  #revoke(lease: number): RequestOutcome {
    if (!this.#leases.has(lease)) return leaseMissing
    const lives = (this.#liveByLease.all(lease) as unknown[]).map(liveOf)
    const revision = this.revision + 1
    const deleted = lives.map(live => this.#delete(live, revision))
    this.#dropLease.run(lease)
    this.#leases.delete(lease)
    if (deleted.length > 0) this.revision = revision
    return this.#done(true, [{ type: 'delete', deleted }])
  }

  #compact(revision: number): RequestOutcome {
    if (revision > this.revision) return { type: 'refused', error: { name: 'future', revision: this.revision } }
    if (revision <= this.compactRevision) {
      return { type: 'refused', error: { name: 'compacted', revision: this.compactRevision } }
    }
    this.#setCompacted.run(revision)
    this.compactRevision = revision
    return this.#done(true, [])
  }

  #liveOf(key: string): Live | undefined {
    const row = this.#live.get(key)
    return row === undefined ? undefined : liveOf(row)
  }

  #keyValue(live: Live): KeyValue {
    return keyValueOf(this.#row.get(live.id) as unknown as unknown[])
  }
}
