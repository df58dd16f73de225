/**
 * The store's contract: a revisioned key-value map with etcd's semantics (etcd v3 API guarantees). Every implementation
 * passes the tests in `contract.test-suite.ts`. A key is a string with one character per byte (`keyOfText` makes one of
 * any text), so that every key of etcd has one and all of them are in etcd's order; ours are `/registry/...`. Values are
 * opaque bytes that must never change after they were handed over, in either direction.
 */

/** A lease's id: a number while it is a safe integer, else a bigint, for etcd's own have 63 bits. */
export type LeaseId = number | bigint

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
  readonly lease: LeaseId
  /** Encrypted otherwise than it would be now, or not at all: to be written again. */
  readonly isOutdated?: boolean
}

export interface RangeOptions {
  /** First key. */
  readonly start: string
  /** Key behind the last one, `\0`: to the last key; absent: only `start` itself. `prefixEnd(prefix)` gives a prefix' end. */
  readonly end?: string
  /** At most so many; absent or 0: all. */
  readonly limit?: number
  /** Read as of this revision; absent: the current one. Throws CompactedError or FutureRevisionError. */
  readonly revision?: number
  readonly keysOnly?: boolean
  readonly countOnly?: boolean
  /** The values are soon let go of: they may be parts of one buffer, which any of them keeps alive. */
  readonly isTransient?: boolean
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

/**
 * A condition of a transaction. A key that does not exist has every revision and version 0, and no comparison of its value
 * holds. With `end` it must hold for every key in the range.
 */
export type Compare = { readonly key: string; readonly end?: string; readonly is: '=' | '!=' | '<' | '>' } & (
  | { readonly target: 'modRevision' | 'createRevision' | 'version' | 'lease'; readonly number: LeaseId }
  | { readonly target: 'value'; readonly value: Uint8Array }
)

export interface Put {
  readonly put: string
  /** Empty where the present one is kept. */
  readonly value: Uint8Array
  readonly lease?: LeaseId
  /** Keeps the present value or lease; the key must exist. */
  readonly keepValue?: boolean
  readonly keepLease?: boolean
}

/**
 * A nested transaction decides by what was there before the outermost one; its writes have the same revision. Reads see
 * the writes of the operations before them.
 */
export type Operation =
  | Put
  | { readonly delete: string; readonly end?: string }
  | { readonly range: RangeOptions }
  | { readonly transaction: Transaction }

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
  readonly transaction?: TransactionResult
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

export interface LeaseStatus {
  readonly grantedTtlSeconds: number
  readonly remainingTtlSeconds: number
  /** Its keys in order, where they were asked for. */
  readonly keys: readonly string[]
}

export interface Store {
  /** The newest committed revision, linearizably: at least that of every write acknowledged before the call. */
  currentRevision(): Promise<number>
  range(options: RangeOptions): Promise<RangeResult>
  /** Resolves only after the transaction is on disk. Several may share one sync. At most 128 operations; a value at most 1.5 MiB. */
  transact(transaction: Transaction): Promise<TransactionResult>
  watch(options: WatchOptions, handler: WatchHandler): Watch
  /**
   * Forgets all history below `revision`; reads and watches below it fail with CompactedError from then on. `physical`:
   * waits until it is gone from the disk.
   */
  compact(revision: number, options?: { readonly physical?: boolean }): Promise<void>
  /** Makes a lease of `ttlSeconds`; when it runs out, its keys are deleted. */
  grantLease(ttlSeconds: number, options?: { readonly id?: LeaseId }): Promise<LeaseId>
  /** Gives the lease its full time again: the seconds that it has now. */
  keepAliveLease(lease: LeaseId): Promise<number>
  revokeLease(lease: LeaseId): Promise<void>
  leases(): Promise<readonly LeaseId[]>
  /** Undefined where there is none. */
  leaseStatus(lease: LeaseId, options?: { readonly keys?: boolean }): Promise<LeaseStatus | undefined>
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

/** The connection to the store was lost during a write: it was done, or will be, or not. Never to be repeated blindly. */
export class OutcomeUnknownError extends Error {}

/** The request is at fault and would fail again; the message is etcd's. */
export class InvalidRequestError extends Error {}

export class LeaseTtlTooLargeError extends InvalidRequestError {
  constructor() {
    super('etcdserver: too large lease TTL')
  }
}

export class LeaseExistsError extends Error {
  constructor() {
    super('etcdserver: lease already exists')
  }
}

export class LeaseNotFoundError extends Error {
  constructor() {
    super('etcdserver: requested lease not found')
  }
}

/** The key of a text: its UTF-8, one character per byte. */
export function keyOfText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is its own key.
  return /^[\x00-\x7f]*$/.test(text) ? text : Buffer.from(text).toString('latin1')
}

/** The key behind the last one that starts with `prefix`, as `RangeOptions.end` takes it. */
export function prefixEnd(prefix: string): string {
  const last = prefix.search(/[^\xff]\xff*$/)
  return last < 0 ? '\0' : prefix.slice(0, last) + String.fromCharCode(prefix.charCodeAt(last) + 1)
}
