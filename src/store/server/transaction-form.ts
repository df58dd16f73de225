/** etcd's transactions as the store's, and the results back. Pure. */
import {
  type CompareMessage,
  compareResults,
  compareTargets,
  type DeleteRangeRequest,
  type DeleteRangeResponse,
  type PutRequest,
  type PutResponse,
  type RequestOp,
  type ResponseHeader,
  type ResponseOp,
  type TxnRequest,
  type TxnResponse,
} from '../etcd-api/kv-messages.ts'
import type { Compare, Operation, OperationResult, Put, Transaction, TransactionResult } from '../store.ts'
import { messageOf, numberOf, rangeOptionsOf, rangeResponseOf } from './range-form.ts'
import { invalid } from './rpc-error.ts'

const noBytes = new Uint8Array(0)

export const putOf = ({ key = '', value = noBytes, lease = 0, ignoreValue, ignoreLease }: PutRequest): Put => ({
  put: key,
  value,
  ...(lease === 0 ? {} : { lease }),
  ...(ignoreValue ? { keepValue: true } : {}),
  ...(ignoreLease ? { keepLease: true } : {}),
})

export const deleteOf = ({ key = '', rangeEnd = '' }: DeleteRangeRequest): Operation =>
  rangeEnd === '' ? { delete: key } : { delete: key, end: rangeEnd }

export function compareOf(message: CompareMessage): Compare {
  const { result = 0, target: targetNumber = 0, key = '', rangeEnd = '' } = message
  const is = compareResults[result]
  const target = compareTargets[targetNumber]
  if (is === undefined || target === undefined) throw invalid('etcdserver: unknown comparison in txn request')
  const range = rangeEnd === '' ? { key, is } : { key, end: rangeEnd, is }
  if (target === 'value') return { ...range, target, value: message.value ?? noBytes }
  if (target === 'lease') return { ...range, target, number: message.lease ?? 0 }
  return { ...range, target, number: numberOf(message[target]) }
}

function operationOf(operation: RequestOp): Operation {
  if (operation.requestPut) return putOf(operation.requestPut)
  if (operation.requestRange) return { range: rangeOptionsOf(operation.requestRange) }
  if (operation.requestDeleteRange) return deleteOf(operation.requestDeleteRange)
  if (operation.requestTxn) return { transaction: transactionOf(operation.requestTxn) }
  // etcd's answer to an operation that is none.
  throw invalid('etcdserver: key not found')
}

/** Throws GrpcError. */
export const transactionOf = ({ compare = [], success = [], failure = [] }: TxnRequest): Transaction => ({
  compare: compare.map(compareOf),
  success: success.map(operationOf),
  failure: failure.map(operationOf),
})

export const putResponseOf = (request: PutRequest, result: OperationResult): PutResponse =>
  request.prevKv && result.previous !== undefined ? { prevKv: messageOf(result.previous) } : {}

export function deleteResponseOf(request: DeleteRangeRequest, { deleted = [] }: OperationResult): DeleteRangeResponse {
  if (deleted.length === 0) return {}
  if (!request.prevKv) return { deleted: deleted.length }
  return { deleted: deleted.length, prevKvs: deleted.map(kv => messageOf(kv)) }
}

function responseOf(operation: RequestOp, result: OperationResult, header: ResponseHeader): ResponseOp {
  const { requestPut, requestRange, requestDeleteRange, requestTxn } = operation
  if (requestPut) return { responsePut: { header, ...putResponseOf(requestPut, result) } }
  if (requestRange) return { responseRange: { header, ...rangeResponseOf(requestRange, result.range!) } }
  if (requestDeleteRange) return { responseDeleteRange: { header, ...deleteResponseOf(requestDeleteRange, result) } }
  return { responseTxn: txnResponseOf(requestTxn!, result.transaction!, header) }
}

/** Inner headers carry the revision alone, as etcd's. */
export function txnResponseOf(request: TxnRequest, result: TransactionResult, header: ResponseHeader): TxnResponse {
  const operations = (result.succeeded ? request.success : request.failure) ?? []
  const inner = { revision: result.revision }
  return {
    header,
    ...(result.succeeded ? { succeeded: true } : {}),
    responses: operations.map((operation, i) => responseOf(operation, result.results[i]!, inner)),
  }
}
