/** What an operator asks of a store, beyond what its users do. */
import type { Store } from './store.ts'

export interface HistoryHash {
  /** etcd's own: CRC-32C over the revisions of its `key` bucket, so equal histories hash alike in etcd and here. */
  readonly hash: number
  readonly hashRevision: number
  readonly compactRevision: number
  readonly currentRevision: number
}

export interface Snapshot {
  /** The version of etcd whose format it has. */
  readonly format: string
  readonly totalBytes: number
  /** The snapshot's bytes, once. */
  chunks(): AsyncIterable<Uint8Array>
  /** Removes what it holds on disk. */
  release(): void
}

export interface MaintainedStore extends Store {
  /** Of everything up to `revision`; 0: up to the current one. Throws CompactedError or FutureRevisionError. */
  hash(revision: number): Promise<HistoryHash>
  /** The whole store as of one revision. */
  snapshot(): Promise<Snapshot>
  /** Gives free space back to the file system. */
  defragment(): Promise<void>
}
