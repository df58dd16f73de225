/** Executes requests on the writer's connection, inside a SQLite transaction that the caller opens and commits. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Compare, KeyValue, LeaseId, Operation, Put, Transaction } from '../store.ts'
import { arrays, endOf, keyValueOf, type LeaseText, leaseColumn, leaseIdOf, RangeReader } from './range-reader.ts'
import type { OperationOutcome, RefusedError, RequestOutcome, WriteRequest } from './writer-protocol.ts'

/** A row of `current`. */
interface Live {
  readonly key: string
  readonly id: number
  readonly revision: number
  readonly createRevision: number
  readonly version: number
  readonly lease: LeaseId
}

/** A transaction whose branches were chosen, by what was there before its first write. */
interface Chosen {
  readonly succeeded: boolean
  readonly operations: readonly (Exclude<Operation, { transaction: Transaction }> | Chosen)[]
}

const noBytes = new Uint8Array(0)
const leaseMissing: RequestOutcome = { type: 'refused', error: { name: 'leaseNotFound' } }

const liveOf = (row: unknown): Live => {
  const [key, id, revision, createRevision, version, lease] = row as [string, number, number, number, number, LeaseText]
  return { key, id, revision, createRevision, version, lease: leaseIdOf(lease) }
}

function isOrdered(order: number, is: Compare['is']): boolean {
  switch (is) {
    case '=':
      return order === 0
    case '!=':
      return order !== 0
    case '<':
      return order < 0
    case '>':
      return order > 0
  }
}

function holds(compare: Compare, live: Live | undefined, bytesOf: (live: Live) => Uint8Array): boolean {
  if (compare.target === 'value') {
    // As in etcd, a comparison of the value of a missing key fails, whichever way it asks.
    return live !== undefined && isOrdered(Buffer.compare(bytesOf(live), compare.value), compare.is)
  }
  const actual = live === undefined ? 0 : compare.target === 'modRevision' ? live.revision : live[compare.target]
  return isOrdered(actual < compare.number ? -1 : actual > compare.number ? 1 : 0, compare.is)
}

export class TransactionExecutor {
  readonly ranges: RangeReader
  /** Of the newest write, committed or in the open SQLite transaction. */
  revision = 0
  compactRevision = 0
  /** Rows written since the counter was last taken; the thread estimates the log's growth from it. */
  writtenRows = 0
  #nextId = 0
  readonly #leases = new Set<LeaseId>()
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
    const live = `SELECT key, id, revision, create_revision, version, ${leaseColumn('lease')} FROM current`
    this.#live = arrays(db, `${live} WHERE key = ?`)
    this.#liveRange = arrays(db, `${live} WHERE key >= ? AND key < ? ORDER BY key`)
    this.#liveByLease = arrays(db, `${live} WHERE lease = ? AND lease <> 0 ORDER BY key`)
    this.#row = arrays(
      db,
      `SELECT key, value, create_revision, revision, version, ${leaseColumn('lease')} FROM history WHERE id = ?`,
    )
    this.#insert = db.prepare('INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)')
    this.#setCurrent = db.prepare('INSERT OR REPLACE INTO current VALUES (?, ?, ?, ?, ?, ?)')
    this.#dropCurrent = db.prepare('DELETE FROM current WHERE key = ?')
    this.#insertLease = db.prepare('INSERT INTO leases VALUES (?, ?)')
    this.#dropLease = db.prepare('DELETE FROM leases WHERE id = ?')
    this.#allLeases = arrays(db, `SELECT ${leaseColumn('id')}, ttl_seconds FROM leases`)
    this.#setCompacted = db.prepare('UPDATE compaction SET revision = ?')
    this.#lastId = arrays(db, 'SELECT coalesce(max(id), 0) FROM history')
    // They report the rowid inserted last, which may be a lease's of 63 bits.
    for (const statement of [this.#insertLease, this.#dropLease, this.#setCompacted]) statement.setReadBigInts(true)
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

  leases(): { id: LeaseId; ttlSeconds: number }[] {
    const rows = this.#allLeases.all() as unknown as [LeaseText, number][]
    return rows.map(([id, ttlSeconds]) => ({ id: leaseIdOf(id), ttlSeconds }))
  }

  /** A refusal leaves nothing behind; what is thrown (a full disk) needs a rollback of the whole SQLite transaction. */
  run(request: WriteRequest): RequestOutcome {
    switch (request.type) {
      case 'transact':
        return this.#transact(request.transaction)
      case 'compact':
        return this.#compact(request.revision)
      case 'grant':
        if (this.#leases.has(request.lease)) return { type: 'refused', error: { name: 'leaseExists' } }
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
    const chosen = this.#choose(transaction)
    const refused = this.#refusal(chosen.operations)
    if (refused !== undefined) return { type: 'refused', error: refused }
    const revision = this.revision + 1
    const rows = this.#nextId
    const outcomes = chosen.operations.map(operation => this.#operate(operation, revision))
    if (this.#nextId > rows) this.revision = revision
    return this.#done(chosen.succeeded, outcomes)
  }

  #choose({ compare, success, failure }: Transaction): Chosen {
    const succeeded = compare.every(one => this.#holds(one))
    const operations = (succeeded ? success : failure).map(operation =>
      'transaction' in operation ? this.#choose(operation.transaction) : operation,
    )
    return { succeeded, operations }
  }

  #holds(compare: Compare): boolean {
    const bytesOf = (live: Live) => this.#keyValue(live).value
    if (compare.end === undefined) return holds(compare, this.#liveOf(compare.key), bytesOf)
    const lives = this.#liveBetween(compare.key, compare.end)
    return lives.length === 0 ? holds(compare, undefined, bytesOf) : lives.every(live => holds(compare, live, bytesOf))
  }

  /** Whatever could fail in the middle is looked at before the first write. */
  #refusal(operations: Chosen['operations']): RefusedError | undefined {
    for (const operation of operations) {
      const refused =
        'operations' in operation
          ? this.#refusal(operation.operations)
          : 'put' in operation
            ? this.#refusalOfPut(operation)
            : 'range' in operation
              ? this.#refusalOfRevision(operation.range.revision ?? 0)
              : undefined
      if (refused !== undefined) return refused
    }
    return undefined
  }

  #refusalOfPut({ put, lease = 0, keepValue, keepLease }: Put): RefusedError | undefined {
    if (lease !== 0 && !this.#leases.has(lease)) return { name: 'leaseNotFound' }
    if ((keepValue || keepLease) && this.#liveOf(put) === undefined) return { name: 'keyNotFound' }
    return undefined
  }

  #refusalOfRevision(at: number): RefusedError | undefined {
    if (at > this.revision) return { name: 'future', revision: this.revision }
    if (at > 0 && at < this.compactRevision) return { name: 'compacted', revision: this.compactRevision }
    return undefined
  }

  #operate(operation: Chosen['operations'][number], revision: number): OperationOutcome {
    if ('operations' in operation) {
      const operations = operation.operations.map(inner => this.#operate(inner, revision))
      return { type: 'transaction', succeeded: operation.succeeded, operations }
    }
    if ('range' in operation) return { type: 'range', result: this.ranges.read(operation.range) }
    if ('put' in operation) return this.#put(operation, revision)
    const { delete: start, end } = operation
    const lives =
      end === undefined ? [this.#liveOf(start)].filter(live => live !== undefined) : this.#liveBetween(start, end)
    return { type: 'delete', deleted: lives.map(live => this.#delete(live, revision)) }
  }

  #put(operation: Put, revision: number): OperationOutcome {
    const key = operation.put
    const live = this.#liveOf(key)
    const previous = live === undefined ? undefined : this.#keyValue(live)
    const value = operation.keepValue ? previous!.value : operation.value
    const lease = operation.keepLease ? previous!.lease : (operation.lease ?? 0)
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

  #revoke(lease: LeaseId): RequestOutcome {
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

  #liveBetween(start: string, end: string): Live[] {
    return (this.#liveRange.all(start, endOf(start, end)) as unknown[]).map(liveOf)
  }

  #liveOf(key: string): Live | undefined {
    const row = this.#live.get(key)
    return row === undefined ? undefined : liveOf(row)
  }

  #keyValue(live: Live): KeyValue {
    return keyValueOf(this.#row.get(live.id) as unknown as unknown[])
  }
}
