/** The database of an etcd from ours: the same keys, values, revisions, history and leases. */
import { DatabaseSync } from 'node:sqlite'
import { encodeMessage } from '../../schema/protobuf-encode.ts'
import { arrays, keyValueOf, type LeaseText, leaseColumn, leaseIdOf } from '../embedded/range-reader.ts'
import { KeyValueMessage } from '../etcd-api/kv-messages.ts'
import type { Entry } from './bolt-format.ts'
import { BoltWriter } from './bolt-writer.ts'
import { Lease } from './etcd-history.ts'

/** Whatever else etcd expects to be there. */
const emptyBuckets = ['alarm', 'auth', 'authRoles', 'authUsers', 'cluster', 'members', 'members_removed']
export const etcdFormatVersion = '3.7.0'
const noBytes = Buffer.alloc(0)

/** `database`: a file that nobody writes to. Writes a new file. */
export function exportEtcd(database: string, file: string): void {
  const db = new DatabaseSync(database, { readOnly: true })
  try {
    const writer = new BoltWriter(file)
    try {
      writer.bucket('key', historyEntries(db))
      writer.bucket('lease', leaseEntries(db))
      writer.bucket('meta', metaEntries(db))
      for (const name of emptyBuckets) writer.bucket(name, [])
    } catch (error) {
      writer.abandon()
      throw error
    }
    writer.close()
  } finally {
    db.close()
  }
}

/** 8 bytes, `_`, 8 bytes; `t` behind them: a deletion. */
function revisionKey(revision: number, operation: number, isDeletion = false): Buffer {
  const key = Buffer.alloc(isDeletion ? 18 : 17, '_')
  key.writeBigUInt64BE(BigInt(revision))
  key.writeBigUInt64BE(BigInt(operation), 9)
  if (isDeletion) key.write('t', 17)
  return key
}

function* historyEntries(db: DatabaseSync): Generator<Entry> {
  const rows = arrays(
    db,
    `SELECT deleted, key, value, create_revision, revision, version, ${leaseColumn('lease')} FROM history ORDER BY id`,
  )
  let last = 0
  let operation = 0
  for (const row of rows.iterate() as Iterable<unknown> as Iterable<unknown[]>) {
    const { key, value, createRevision, modRevision, version, lease } = keyValueOf(row.slice(1))
    operation = modRevision === last ? operation + 1 : 0
    last = modRevision
    const isDeletion = row[0] === 1
    const message = isDeletion
      ? { key }
      : {
          key,
          createRevision,
          modRevision,
          version,
          ...(value.byteLength === 0 ? {} : { value }),
          ...(lease === 0 ? {} : { lease }),
        }
    yield {
      key: revisionKey(modRevision, operation, isDeletion),
      value: encodeMessage(KeyValueMessage, message) as Buffer,
    }
  }
}

function* leaseEntries(db: DatabaseSync): Generator<Entry> {
  const rows = arrays(db, `SELECT ${leaseColumn('id')}, ttl_seconds FROM leases WHERE id >= 0 ORDER BY id`)
  for (const [text, ttl] of rows.all() as unknown as [LeaseText, number][]) {
    const id = leaseIdOf(text)
    const key = Buffer.alloc(8)
    key.writeBigInt64BE(BigInt(id))
    yield { key, value: encodeMessage(Lease, { id, ttl }) as Buffer }
  }
}

function metaEntries(db: DatabaseSync): Entry[] {
  const { revision, done_revision: done } = db.prepare('SELECT revision, done_revision FROM compaction').get() as {
    revision: number
    done_revision: number
  }
  const number = (value: number) => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64BE(BigInt(value))
    return bytes
  }
  const newest = (db.prepare('SELECT coalesce(max(id), 1) AS id FROM history').get() as { id: number }).id
  const entries: [string, Buffer][] = [
    ['confState', Buffer.from('{"voters":[1],"auto_leave":false}')],
    ['consistent_index', number(newest)],
    ...(done > 0 ? [['finishedCompactRev', revisionKey(done, 0)] as [string, Buffer]] : []),
    ...(revision > 0 ? [['scheduledCompactRev', revisionKey(revision, 0)] as [string, Buffer]] : []),
    ['storageVersion', Buffer.from(etcdFormatVersion)],
    ['term', number(2)],
  ]
  return entries.map(([key, value]) => ({ key: Buffer.from(key), value: value ?? noBytes }))
}
