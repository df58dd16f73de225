/** etcd's service KV. */

import { GrpcCode, GrpcError } from '../../base/grpc/grpc-error.ts'
import type { StreamHandler, UnaryHandler } from '../../base/grpc/grpc-server.ts'
import { decodeMessage } from '../../schema/protobuf-decode.ts'
import { framed } from '../etcd-api/framed.ts'
import {
  CompactionRequest,
  DeleteRangeRequest,
  DeleteRangeResponse,
  HeaderResponse,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  RangeStreamResponse,
  TxnRequest,
  TxnResponse,
} from '../etcd-api/kv-messages.ts'
import { AlarmType } from '../etcd-api/maintenance-messages.ts'
import type { Operation, Store } from '../store.ts'
import {
  bytesOf,
  inOrder,
  isPlain,
  limitOf,
  messageOf,
  numberOf,
  rangeOptionsOf,
  rangeResponseOf,
} from './range-form.ts'
import { corruptMessage, invalid, noSpaceMessage, rpcErrorOf, tooLargeMessage } from './rpc-error.ts'
import { prefixedBy, type ServiceDeps } from './service.ts'
import { deleteOf, deleteResponseOf, putOf, putResponseOf, transactionOf, txnResponseOf } from './transaction-form.ts'

/** etcd's `--max-request-bytes`. */
const maxWriteBytes = 1.5 * 1024 * 1024
/** Rows of a stream's first part; later ones have about `streamPartBytes`. */
const firstStreamRows = 10
const streamPartBytes = 512 * 1024

const path = prefixedBy('KV')

export function kvService({ store, identity }: ServiceDeps): {
  unary: [string, UnaryHandler][]
  streams: [string, StreamHandler][]
} {
  const { alarms } = identity
  const checkCorrupt = () => {
    if (alarms.size > 0 && alarms.has(AlarmType.corrupt)) throw new GrpcError(GrpcCode.dataLoss, corruptMessage)
  }
  /** `grows`: whether it may add data. */
  const checkWrite = (request: Buffer, grows: boolean) => {
    checkCorrupt()
    if (request.length > maxWriteBytes) throw invalid(tooLargeMessage)
    if (grows && alarms.has(AlarmType.noSpace)) throw new GrpcError(GrpcCode.resourceExhausted, noSpaceMessage)
  }
  const write = async (operation: Operation) => {
    const { revision, results } = await store.transact({ compare: [], success: [operation], failure: [] })
    return { header: identity.header(revision), result: results[0]! }
  }

  return {
    unary: [
      path('Range', async bytes => {
        checkCorrupt()
        const request = decodeMessage(RangeRequest, bytes)
        const result = await store.range(rangeOptionsOf(request))
        const response = rangeResponseOf(request, result)
        return framed(RangeResponse, { header: identity.header(result.revision), ...response }, bytesOf(response))
      }),
      path('Put', async bytes => {
        checkWrite(bytes, true)
        const request = decodeMessage(PutRequest, bytes)
        const { header, result } = await write(putOf(request))
        return framed(PutResponse, { header, ...putResponseOf(request, result) })
      }),
      path('DeleteRange', async bytes => {
        checkWrite(bytes, false)
        const request = decodeMessage(DeleteRangeRequest, bytes)
        const { header, result } = await write(deleteOf(request))
        return framed(DeleteRangeResponse, { header, ...deleteResponseOf(request, result) })
      }),
      path('Txn', async bytes => {
        const request = decodeMessage(TxnRequest, bytes)
        checkWrite(bytes, hasPut(request))
        const result = await store.transact(transactionOf(request))
        return framed(TxnResponse, txnResponseOf(request, result, identity.header(result.revision)))
      }),
      path('Compact', async bytes => {
        const { revision = 0, physical = false } = decodeMessage(CompactionRequest, bytes)
        await store.compact(numberOf(revision), { physical })
        return framed(HeaderResponse, { header: identity.header(await store.currentRevision()) })
      }),
    ],
    streams: [
      [
        '/etcdserverpb.KV/RangeStream',
        call => {
          let over = false
          let isAsked = false
          return {
            message(bytes) {
              isAsked = true
              streamRange(store, decodeMessage(RangeRequest, bytes), async response => {
                const { header, ...rest } = response
                const whole = header === undefined ? rest : { header: identity.header(header.revision ?? 0), ...rest }
                const frame = framed(RangeStreamResponse, { rangeResponse: whole }, bytesOf(response))
                return (await call.sent(frame)) && !over
              }).then(
                () => call.end(),
                error => call.end(rpcErrorOf(error)),
              )
            },
            ended() {
              if (!isAsked) call.end(new GrpcError(GrpcCode.internal, 'the request has no message'))
            },
            closed() {
              over = true
            },
          }
        },
      ],
    ],
  }
}

const hasPut = ({ success = [], failure = [] }: TxnRequest): boolean =>
  [...success, ...failure].some(
    operation => operation.requestPut !== undefined || (operation.requestTxn && hasPut(operation.requestTxn)),
  )

const withoutFilters = { minModRevision: 0, maxModRevision: 0, minCreateRevision: 0, maxCreateRevision: 0 }

/** A range in parts, all as of one revision; the last part has the header, the count and whether there is more. */
async function streamRange(
  store: Store,
  request: RangeRequest,
  send: (response: RangeResponse) => Promise<boolean>,
): Promise<void> {
  const options = rangeOptionsOf(request)
  if (!isPlain(request)) {
    const what = isPlain({ ...request, ...withoutFilters }) ? 'revision filters' : 'custom sort orders'
    throw new GrpcError(GrpcCode.unimplemented, `RangeStream does not support ${what}`)
  }
  const total = limitOf(request) || Number.POSITIVE_INFINITY
  let { start } = options
  let rows = Math.min(firstStreamRows, total)
  let sent = 0
  let pinned: number | undefined
  for (;;) {
    const revision = options.revision || pinned || 0
    const result = await store.range({ ...options, start, revision, ...(options.countOnly ? {} : { limit: rows }) })
    pinned ??= result.revision
    sent += result.kvs.length
    const part: RangeResponse = { kvs: inOrder(request, result.kvs).map(kv => messageOf(kv, request.keysOnly)) }
    if (!result.more || sent === total) {
      // What was read counts every key from its start on.
      const count = sent - result.kvs.length + result.count
      const header = { revision: pinned }
      await send({ header, ...part, ...(result.more ? { more: true } : {}), ...(count === 0 ? {} : { count }) })
      return
    }
    if (!(await send(part))) return
    start = `${result.kvs.at(-1)!.key}\0`
    const bytesPerRow = Math.max(1, bytesOf(part) / result.kvs.length)
    rows = Math.min(total - sent, Math.max(1, Math.min(rows * 8, Math.floor(streamPartBytes / bytesPerRow))))
  }
}
