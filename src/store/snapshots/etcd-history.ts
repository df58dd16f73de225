/** What etcd's database says: every revision of its keys, its leases, and how far it was compacted. */
import { f } from '../../schema/field.ts'
import { messagesOf } from '../../schema/message.ts'
import { decodeMessage } from '../../schema/protobuf-decode.ts'
import { int64 } from '../../schema/type.ts'
import { KeyValueMessage, leaseId } from '../etcd-api/kv-messages.ts'
import type { KeyValue, LeaseId } from '../store.ts'
import { BoltError, BoltFile } from './bolt-file.ts'

export const Lease = messagesOf('leasepb')('Lease', { id: f(1, leaseId), ttl: f(2, int64), remainingTtl: f(3, int64) })

const noBytes = new Uint8Array(0)
/** A revision is its number and, within it, the number of the operation: 8 bytes, `_`, 8 bytes; `t` behind it: a deletion. */
const revisionBytes = 17
const maxValueBytes = 1 << 30

export interface HistoryRow {
  readonly revision: number
  readonly isDeletion: boolean
  /** Of a deletion only the key. */
  readonly kv: KeyValue
}

export class EtcdHistory {
  readonly #file: BoltFile

  /** Throws BoltError. */
  constructor(file: string) {
    this.#file = new BoltFile(file)
  }

  close(): void {
    this.#file.close()
  }

  /** In the order in which they were written. */
  *rows(): Generator<HistoryRow> {
    for (const { key, value } of this.#file.bucket('key')) {
      if (key.length < revisionBytes) throw new BoltError('a revision is too short')
      const revision = Number(key.readBigUInt64BE())
      const message = decodeMessage(KeyValueMessage, value, maxValueBytes)
      const { createRevision = 0, modRevision = 0, version = 0, lease = 0 } = message
      const kv = {
        key: message.key ?? '',
        value: message.value ?? noBytes,
        createRevision,
        modRevision,
        version,
        lease,
      }
      yield { revision, isDeletion: key.length > revisionBytes && key[revisionBytes] === 't'.charCodeAt(0), kv }
    }
  }

  *leases(): Generator<{ readonly id: LeaseId; readonly ttlSeconds: number }> {
    for (const { value } of this.#file.bucket('lease')) {
      const { id = 0, ttl = 0 } = decodeMessage(Lease, value)
      yield { id, ttlSeconds: ttl }
    }
  }

  /** Of the newest write; 1 where there is none. */
  revision(): number {
    const last = this.#file.lastKey('key')
    return last === undefined || last.length < revisionBytes ? 1 : Number(last.readBigUInt64BE())
  }

  /** History below it is forgotten, or is to be. */
  compactRevision(): number {
    let revision = 0
    for (const { key, value } of this.#file.bucket('meta')) {
      if (/^(scheduled|finished)CompactRev$/.test(key.toString()) && value.length >= 8) {
        revision = Math.max(revision, Number(value.readBigUInt64BE()))
      }
    }
    return revision
  }
}
