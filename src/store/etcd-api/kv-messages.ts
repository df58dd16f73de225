/** etcd v3: the messages of the service KV (etcdserverpb, mvccpb). Enums are numbers, named beside them. */
import { f } from '../../schema/field.ts'
import { messagesOf } from '../../schema/message.ts'
import {
  binary,
  bool,
  byteString,
  int32,
  int64,
  later,
  list,
  type Message,
  type Type,
  type TypeOf,
  uint64,
} from '../../schema/type.ts'
import type { LeaseId } from '../store.ts'

export const message = messagesOf('etcdserverpb')

/** Ids: numbers while they are safe integers, else bigints. */
export const leaseId: Type<LeaseId> = int64
export const memberId: Type<number | bigint> = uint64

export const ResponseHeader = message('ResponseHeader', {
  clusterId: f(1, memberId),
  memberId: f(2, memberId),
  revision: f(3, int64),
  raftTerm: f(4, uint64),
})
export type ResponseHeader = TypeOf<typeof ResponseHeader>

export const KeyValueMessage = messagesOf('mvccpb')('KeyValue', {
  key: f(1, byteString),
  createRevision: f(2, int64),
  modRevision: f(3, int64),
  version: f(4, int64),
  value: f(5, binary),
  lease: f(6, leaseId),
})
export type KeyValueMessage = TypeOf<typeof KeyValueMessage>

export const SortOrder = { none: 0, ascend: 1, descend: 2 } as const
export const SortTarget = { key: 0, version: 1, create: 2, mod: 3, value: 4 } as const

export const RangeRequest = message('RangeRequest', {
  key: f(1, byteString),
  rangeEnd: f(2, byteString),
  limit: f(3, int64),
  revision: f(4, int64),
  sortOrder: f(5, int32),
  sortTarget: f(6, int32),
  serializable: f(7, bool),
  keysOnly: f(8, bool),
  countOnly: f(9, bool),
  minModRevision: f(10, int64),
  maxModRevision: f(11, int64),
  minCreateRevision: f(12, int64),
  maxCreateRevision: f(13, int64),
})
export type RangeRequest = TypeOf<typeof RangeRequest>

export const RangeResponse = message('RangeResponse', {
  header: f(1, ResponseHeader),
  kvs: f(2, list(KeyValueMessage)),
  more: f(3, bool),
  count: f(4, int64),
})
export type RangeResponse = TypeOf<typeof RangeResponse>

export const RangeStreamResponse = message('RangeStreamResponse', { rangeResponse: f(1, RangeResponse) })

export const PutRequest = message('PutRequest', {
  key: f(1, byteString),
  value: f(2, binary),
  lease: f(3, leaseId),
  prevKv: f(4, bool),
  ignoreValue: f(5, bool),
  ignoreLease: f(6, bool),
})
export type PutRequest = TypeOf<typeof PutRequest>

export const PutResponse = message('PutResponse', { header: f(1, ResponseHeader), prevKv: f(2, KeyValueMessage) })
export type PutResponse = TypeOf<typeof PutResponse>

export const DeleteRangeRequest = message('DeleteRangeRequest', {
  key: f(1, byteString),
  rangeEnd: f(2, byteString),
  prevKv: f(3, bool),
})
export type DeleteRangeRequest = TypeOf<typeof DeleteRangeRequest>

export const DeleteRangeResponse = message('DeleteRangeResponse', {
  header: f(1, ResponseHeader),
  deleted: f(2, int64),
  prevKvs: f(3, list(KeyValueMessage)),
})
export type DeleteRangeResponse = TypeOf<typeof DeleteRangeResponse>

export interface TxnRequest {
  readonly compare?: readonly CompareMessage[]
  readonly success?: readonly RequestOp[]
  readonly failure?: readonly RequestOp[]
}

/** One of them is set. */
export const RequestOp = message('RequestOp', {
  requestRange: f(1, RangeRequest),
  requestPut: f(2, PutRequest),
  requestDeleteRange: f(3, DeleteRangeRequest),
  requestTxn: f(
    4,
    later<TxnRequest>(() => TxnRequest),
  ),
})
export type RequestOp = TypeOf<typeof RequestOp>

export interface TxnResponse {
  readonly header?: ResponseHeader
  readonly succeeded?: boolean
  readonly responses?: readonly ResponseOp[]
}

export const ResponseOp = message('ResponseOp', {
  responseRange: f(1, RangeResponse),
  responsePut: f(2, PutResponse),
  responseDeleteRange: f(3, DeleteRangeResponse),
  responseTxn: f(
    4,
    later<TxnResponse>(() => TxnResponse),
  ),
})
export type ResponseOp = TypeOf<typeof ResponseOp>

/** By number. */
export const compareResults = ['=', '>', '<', '!='] as const
export const compareTargets = ['version', 'createRevision', 'modRevision', 'value', 'lease'] as const

export const CompareMessage = message('Compare', {
  result: f(1, int32),
  target: f(2, int32),
  key: f(3, byteString),
  version: f(4, int64),
  createRevision: f(5, int64),
  modRevision: f(6, int64),
  value: f(7, binary),
  lease: f(8, leaseId),
  rangeEnd: f(64, byteString),
})
export type CompareMessage = TypeOf<typeof CompareMessage>

export const TxnRequest: Message<TxnRequest> = message('TxnRequest', {
  compare: f(1, list(CompareMessage)),
  success: f(2, list(RequestOp)),
  failure: f(3, list(RequestOp)),
})

export const TxnResponse: Message<TxnResponse> = message('TxnResponse', {
  header: f(1, ResponseHeader),
  succeeded: f(2, bool),
  responses: f(3, list(ResponseOp)),
})

export const CompactionRequest = message('CompactionRequest', { revision: f(1, int64), physical: f(2, bool) })
/** Also the shape of every response that has nothing but a header. */
export const HeaderResponse = message('CompactionResponse', { header: f(1, ResponseHeader) })
