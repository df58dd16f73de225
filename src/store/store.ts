/**
 * The store's contract: a revisioned key-value map with etcd's semantics (etcd v3 API guarantees). Every implementation
 * passes the tests in `contract.test-suite.ts`. Keys are `/registry/...`; values are opaque bytes that must never change
 * after they were handed over, in either direction.
 */

export interface KeyValue {
  readonly key: string
  readonly value: Uint8Array
  /** Revision of the write that made the key. */
  readonly createRevision: number
  /** Revision of the last write. */
  readonly modRevision: number
  /** Writes since it was made, starting at 1. */
  readonly version: number
  /** 0 where the key has no lease. */
  readonly lease: number
}

export interface RangeOptions {
  /** First key. */
  readonly start: string
  /** Key behind the last one; absent: only `start` itself. `prefixEnd(prefix)` gives the end of a prefix. */
  readonly end?: string
  /** At most so many; absent or 0: all. */
  readonly limit?: number
  /** Read as of this revision; absent: the current one. Throws CompactedError or FutureRevisionError. */
  readonly revision?: number
  readonly keysOnly?: boolean
  readonly countOnly?: boolean
}

export interface RangeResult {
  readonly kvs: readonly KeyValue[]
  /** Whether the limit cut the result. */
  readonly more: boolean
  /** Keys in the whole range. */
  readonly count: number
  /** The store's revision when it was read. */
  readonly revision: number
}

/** A condition of a transaction. A key that does not exist has every revision and version 0. */
export type Compare =
  | {
      readonly key: string
      readonly target: 'modRevision' | 'createRevision' | 'version' | 'lease'
      readonly is: '=' | '!=' | '<' | '>'
      readonly number: number
    }
  | { readonly key: string; readonly target: 'value'; readonly is: '=' | '!='; readonly value: Uint8Array }

export type Operation =
  | { readonly put: string; readonly value: Uint8Array; readonly lease?: number }
  | { readonly delete: string; readonly end?: string }
  | { readonly range: RangeOptions }

export interface Transaction {
  readonly compare: readonly Compare[]
  readonly success: readonly Operation[]
  readonly failure: readonly Operation[]
}

export interface OperationResult {
  /** Of a range: the result. */
  readonly range?: RangeResult
  /** Of a delete: what was there. */
  readonly deleted?: readonly KeyValue[]
  /** Of a put: what it replaced. */
  readonly previous?: KeyValue
}

export interface TransactionResult {
  readonly succeeded: boolean
  /** Revision after it; all its writes have this modRevision. */
  readonly revision: number
  readonly results: readonly OperationResult[]
}

export interface StoreEvent {
  readonly type: 'put' | 'delete'
  /** On delete: the key with the delete's modRevision and an empty value. */
  readonly kv: KeyValue
  /** The value it replaced, if the key existed and was not compacted. */
  readonly previous?: KeyValue
}

export interface WatchOptions {
  readonly start: string
  readonly end?: string
  /** First revision to deliver; absent: the next one. Below the compacted revision the watch ends with CompactedError. */
  readonly startRevision?: number
}

export interface WatchHandler {
  /** All events of one or more whole revisions, in order, without gap. Never called concurrently. */
  events(events: readonly StoreEvent[], revision: number): void
  /** Everything up to this revision was delivered. At least on `requestProgress`. */
  progress(revision: number): void
  /** The watch is over; nothing follows. Not called after `close()`. */
  ended(error: Error): void
}

export interface Watch {
  requestProgress(): void
  close(): void
}

export interface Store {
  /** The newest committed revision, linearizably: at least that of every write acknowledged before the call. */
  currentRevision(): Promise<number>
  range(options: RangeOptions): Promise<RangeResult>
  /** Resolves only after the transaction is on disk. Several may share one sync. At most 128 operations; a value at most 1.5 MiB. */
  transact(transaction: Transaction): Promise<TransactionResult>
  watch(options: WatchOptions, handler: WatchHandler): Watch
  /** Forgets all history below `revision`; reads and watches below it fail with CompactedError from then on. */
  compact(revision: number): Promise<void>
  /** Makes a lease of `ttlSeconds`; when it runs out, its keys are deleted. */
  grantLease(ttlSeconds: number): Promise<number>
  keepAliveLease(lease: number): Promise<void>
  revokeLease(lease: number): Promise<void>
  /** Bytes on disk, and of these in use. */
  size(): Promise<{ totalBytes: number; usedBytes: number }>
  close(): Promise<void>
}

export class CompactedError extends Error {
  readonly compactRevision: number
  constructor(compactRevision: number) {
    super(`required revision has been compacted (compact revision ${compactRevision})`)
    this.compactRevision = compactRevision
  }
}

export class FutureRevisionError extends Error {
  readonly currentRevision: number
  constructor(currentRevision: number) {
    super(`required revision is a future revision (current revision ${currentRevision})`)
    this.currentRevision = currentRevision
  }
}

/** The disk is full or refused a write: nothing was written, and the same request may be sent again later. */
export class StoreUnavailableError extends Error {}

/** The request is at fault and would fail again; the message is etcd's. */
export class InvalidRequestError extends Error {}

export class LeaseNotFoundError extends Error {
  constructor() {
    super('etcdserver: requested lease not found')
  }
}

/** The key behind the last one that starts with `prefix`. */
export function prefixEnd(prefix: string): string {
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)
}
