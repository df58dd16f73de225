/** The contract's requests as etcd's, and etcd's answers as the contract's. Pure. */
import {
  type CompareMessage,
  compareResults,
  compareTargets,
  type KeyValueMessage,
  type RangeRequest,
  type RangeResponse,
  type RequestOp,
  type ResponseOp,
  type TxnRequest,
  type TxnResponse,
} from '../etcd-api/kv-messages.ts'
import { type EventMessage, EventType } from '../etcd-api/watch-messages.ts'
import type {
  Compare,
  KeyValue,
  Operation,
  OperationResult,
  RangeOptions,
  RangeResult,
  StoreEvent,
  Transaction,
  TransactionResult,
} from '../store.ts'

const noBytes = new Uint8Array(0)

export function rangeRequestOf(options: RangeOptions): RangeRequest {
  const { start, end, limit = 0, revision = 0, keysOnly, countOnly } = options
  return {
    key: start,
    ...(end === undefined ? {} : { rangeEnd: end }),
    ...(limit === 0 ? {} : { limit }),
    ...(revision === 0 ? {} : { revision }),
    ...(keysOnly ? { keysOnly } : {}),
    ...(countOnly ? { countOnly } : {}),
  }
}

function compareOf(compare: Compare): CompareMessage {
  const message = {
    result: compareResults.indexOf(compare.is),
    target: compareTargets.indexOf(compare.target),
    key: compare.key,
    ...(compare.end === undefined ? {} : { rangeEnd: compare.end }),
  }
  return compare.target === 'value'
    ? { ...message, value: compare.value }
    : { ...message, [compare.target]: compare.number }
}

function requestOf(operation: Operation): RequestOp {
  if ('range' in operation) return { requestRange: rangeRequestOf(operation.range) }
  if ('transaction' in operation) return { requestTxn: txnRequestOf(operation.transaction) }
  if ('delete' in operation) {
    const { delete: key, end } = operation
    return { requestDeleteRange: { key, ...(end === undefined ? {} : { rangeEnd: end }), prevKv: true } }
  }
  const { put: key, value, lease = 0, keepValue, keepLease } = operation
  return {
    requestPut: {
      key,
      value,
      prevKv: true,
      ...(lease === 0 ? {} : { lease }),
      ...(keepValue ? { ignoreValue: true } : {}),
      ...(keepLease ? { ignoreLease: true } : {}),
    },
  }
}

export const txnRequestOf = ({ compare, success, failure }: Transaction): TxnRequest => ({
  compare: compare.map(compareOf),
  success: success.map(requestOf),
  failure: failure.map(requestOf),
})

export const keyValueOf = (message: KeyValueMessage): KeyValue => ({
  key: message.key ?? '',
  value: message.value ?? noBytes,
  createRevision: message.createRevision ?? 0,
  modRevision: message.modRevision ?? 0,
  version: message.version ?? 0,
  lease: message.lease ?? 0,
})

export const rangeResultOf = ({ kvs = [], more = false, count = 0, header }: RangeResponse): RangeResult => ({
  kvs: kvs.map(keyValueOf),
  more,
  count,
  revision: header?.revision ?? 0,
})

function resultOf(response: ResponseOp, revision: number): OperationResult {
  const { responseRange, responseTxn, responseDeleteRange, responsePut } = response
  if (responseRange) return { range: rangeResultOf(responseRange) }
  if (responseTxn) return { transaction: transactionResultOf(responseTxn, revision) }
  if (responseDeleteRange) return { deleted: (responseDeleteRange.prevKvs ?? []).map(keyValueOf) }
  return responsePut?.prevKv ? { previous: keyValueOf(responsePut.prevKv) } : {}
}

/** `revision` is the outermost transaction's. */
export function transactionResultOf(response: TxnResponse, revision: number): TransactionResult {
  const { succeeded = false, responses = [] } = response
  return { succeeded, revision, results: responses.map(one => resultOf(one, revision)) }
}

export function eventOf({ type = EventType.put, kv = {}, prevKv }: EventMessage): StoreEvent {
  const event = { type: type === EventType.put ? 'put' : 'delete', kv: keyValueOf(kv) } as const
  return prevKv === undefined ? event : { ...event, previous: keyValueOf(prevKv) }
}
