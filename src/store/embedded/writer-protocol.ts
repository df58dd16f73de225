/** What the store and its writer thread say to each other. Values put are not sent back: the store still has them. */

import type { KeyValue, LeaseId, RangeResult, Transaction } from '../store.ts'
import type { Packed } from './batch-packing.ts'

export type WriteRequest =
  | { readonly type: 'transact'; readonly transaction: Transaction }
  | { readonly type: 'compact'; readonly revision: number }
  | { readonly type: 'grant'; readonly lease: LeaseId; readonly ttlSeconds: number }
  | { readonly type: 'revoke'; readonly lease: LeaseId }

export type ToWriter =
  | { readonly type: 'batch'; readonly requests: Packed }
  /** Gives every free page back to the file system. */
  | { readonly type: 'defragment' }
  | { readonly type: 'close' }

export type OperationOutcome =
  | {
      readonly type: 'put'
      readonly createRevision: number
      readonly version: number
      readonly previous: KeyValue | undefined
    }
  | { readonly type: 'delete'; readonly deleted: readonly KeyValue[] }
  | { readonly type: 'range'; readonly result: RangeResult }
  | { readonly type: 'transaction'; readonly succeeded: boolean; readonly operations: readonly OperationOutcome[] }

export type RequestOutcome =
  | {
      readonly type: 'done'
      readonly succeeded: boolean
      readonly revision: number
      readonly operations: readonly OperationOutcome[]
    }
  /** Nothing of the request was written. */
  | { readonly type: 'refused'; readonly error: RefusedError }

/** An error as it passes between the threads. */
export type RefusedError =
  | { readonly name: 'compacted' | 'future'; readonly revision: number }
  | { readonly name: 'leaseNotFound' | 'leaseExists' | 'keyNotFound' }

export interface OpenedMessage {
  readonly type: 'opened'
  readonly revision: number
  readonly compactRevision: number
  readonly leases: readonly { readonly id: LeaseId; readonly ttlSeconds: number }[]
}

export type FromWriter =
  | OpenedMessage
  | { readonly type: 'openFailed'; readonly message: string }
  /** The batch is on disk. */
  | { readonly type: 'committed'; readonly outcomes: Packed; readonly revision: number }
  /** What lies below this revision is gone from the disk. */
  | { readonly type: 'compacted'; readonly revision: number }
  | { readonly type: 'defragmented' }
  /** Nothing of the batch was written. */
  | { readonly type: 'failed'; readonly message: string }
