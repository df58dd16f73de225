/**
 * The hash of a store's history, made as etcd makes that of its `key` bucket: of every revision's key (revision, `_`,
 * number of the write in it, `t` for a tombstone) and KeyValue message. The number of the write is left at 0, since a
 * compaction may take the first writes of a revision; so histories of transactions that each write one key, as those of
 * Kubernetes do, hash alike here and in etcd, and any history hashes alike before and after its compaction.
 */
import type { DatabaseSync } from 'node:sqlite'
import { encodeMessage } from '../../schema/protobuf-encode.ts'
import { KeyValueMessage } from '../etcd-api/kv-messages.ts'
import type { HistoryHash } from '../maintained-store.ts'
import type { KeyValue } from '../store.ts'
import { crc32c } from './crc32c.ts'
import { arrays, keyValueOf, leaseColumn, RangeReader } from './range-reader.ts'
import type { RefusedError } from './writer-protocol.ts'

/** What a compaction leaves of a history; a tombstone at the compacted revision itself is there or not, and not counted. */
const rows = `SELECT h.deleted, h.key, h.value, h.create_revision, h.revision, h.version, ${leaseColumn('h.lease')}
  FROM history h WHERE h.revision <= ?1 AND (h.revision > ?2 OR (h.deleted = 0 AND NOT EXISTS
    (SELECT 1 FROM history n WHERE n.key = h.key AND n.revision > h.revision AND n.revision <= ?2)))
  ORDER BY h.id`

export function hashHistory(db: DatabaseSync, revision: number): HistoryHash | RefusedError {
  const ranges = new RangeReader(db)
  return ranges.snapshot(() => {
    const currentRevision = ranges.revision()
    const compactRevision = ranges.compactRevision()
    const hashRevision = revision || currentRevision
    if (hashRevision > currentRevision) return { name: 'future', revision: currentRevision }
    if (hashRevision < compactRevision) return { name: 'compacted', revision: compactRevision }
    let hash = crc32c(Buffer.from('key'))
    for (const row of arrays(db, rows).iterate(hashRevision, compactRevision) as Iterable<unknown>) {
      const [deleted] = row as [number]
      const kv = keyValueOf((row as unknown[]).slice(1))
      hash = crc32c(bucketKey(kv.modRevision, deleted === 1), hash)
      hash = crc32c(bucketValue(kv, deleted === 1), hash)
    }
    return { hash, hashRevision, compactRevision, currentRevision }
  })
}

function bucketKey(revision: number, tombstone: boolean): Uint8Array {
  const key = Buffer.alloc(tombstone ? 18 : 17)
  key.writeBigUInt64BE(BigInt(revision))
  key[8] = 0x5f
  if (tombstone) key[17] = 0x74
  return key
}

function bucketValue({ key, createRevision, modRevision, version, value, lease }: KeyValue, tombstone: boolean) {
  if (tombstone) return encodeMessage(KeyValueMessage, { key })
  return encodeMessage(KeyValueMessage, {
    key,
    createRevision,
    modRevision,
    version,
    value: value.byteLength === 0 ? undefined : value,
    lease: lease || undefined,
  })
}
