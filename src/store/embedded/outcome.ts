/** What the writer thread answered, as callers and watches get it. */
import {
  CompactedError,
  FutureRevisionError,
  InvalidRequestError,
  LeaseExistsError,
  LeaseNotFoundError,
  type Operation,
  type OperationResult,
  type StoreEvent,
} from '../store.ts'
import type { OperationOutcome, RefusedError } from './writer-protocol.ts'

const noBytes = new Uint8Array(0)

export function errorOf(error: RefusedError): Error {
  switch (error.name) {
    case 'compacted':
      return new CompactedError(error.revision)
    case 'future':
      return new FutureRevisionError(error.revision)
    case 'leaseNotFound':
      return new LeaseNotFoundError()
    case 'leaseExists':
      return new LeaseExistsError()
    case 'keyNotFound':
      return new InvalidRequestError('etcdserver: key not found')
  }
}

/** `revision` is the transaction's own. */
export function resultOf(outcome: OperationOutcome, revision: number): OperationResult {
  switch (outcome.type) {
    case 'put':
      return outcome.previous === undefined ? {} : { previous: outcome.previous }
    case 'delete':
      return { deleted: outcome.deleted }
    case 'range':
      return { range: outcome.result }
    case 'transaction': {
      const results = outcome.operations.map(inner => resultOf(inner, revision))
      return { transaction: { succeeded: outcome.succeeded, revision, results } }
    }
  }
}

/** Adds the events of operations that were written; the values put are the ones that the caller handed in. */
export function addEvents(
  events: StoreEvent[],
  operations: readonly Operation[],
  outcomes: readonly OperationOutcome[],
  modRevision: number,
): void {
  outcomes.forEach((outcome, i) => {
    if (outcome.type === 'delete') {
      for (const previous of outcome.deleted) {
        const { key } = previous
        events.push({
          type: 'delete',
          kv: { key, value: noBytes, createRevision: 0, modRevision, version: 0, lease: 0 },
          previous,
        })
      }
      return
    }
    const operation = operations[i]!
    if (outcome.type === 'transaction' && 'transaction' in operation) {
      const { success, failure } = operation.transaction
      addEvents(events, outcome.succeeded ? success : failure, outcome.operations, modRevision)
    } else if (outcome.type === 'put' && 'put' in operation) {
      const { createRevision, version, previous } = outcome
      const value = operation.keepValue ? previous!.value : operation.value
      const lease = operation.keepLease ? previous!.lease : (operation.lease ?? 0)
      const kv = { key: operation.put, value, createRevision, modRevision, version, lease }
      events.push(previous === undefined ? { type: 'put', kv } : { type: 'put', kv, previous })
    }
  })
}
