/** What etcd's ranges can that the store's cannot: other orders and bounds on revisions, applied to a whole result. Pure. */
import {
  type KeyValueMessage,
  type RangeRequest,
  type RangeResponse,
  SortOrder,
  SortTarget,
} from '../etcd-api/kv-messages.ts'
import type { KeyValue, RangeOptions, RangeResult } from '../store.ts'
import { invalid } from './rpc-error.ts'

/** A revision, version or limit of a client: beyond a double's exactness it is as good as infinite. */
export const numberOf = (value: number | bigint | undefined): number => Number(value ?? 0)

type Sorted = { readonly target: number; readonly descending: boolean }

/** Throws for an order that does not exist. Undefined: the store's own, by key. */
function orderOf({ sortOrder = 0, sortTarget = 0 }: RangeRequest): Sorted | undefined {
  if (sortOrder < 0 || sortOrder > 2 || sortTarget < 0 || sortTarget > 4) {
    throw invalid('etcdserver: invalid sort option')
  }
  const byKey = sortTarget === SortTarget.key
  if (byKey && sortOrder !== SortOrder.descend) return undefined
  return { target: sortTarget, descending: sortOrder === SortOrder.descend }
}

/** 0: all. */
export const limitOf = ({ limit }: RangeRequest): number => Math.max(0, numberOf(limit))

const hasFilters = (request: RangeRequest): boolean =>
  Boolean(request.minModRevision || request.maxModRevision || request.minCreateRevision || request.maxCreateRevision)

/**
 * Whether the answer is made of the rows that come first by key. As in etcd, a target alone, without an order, orders no
 * more than these and the one behind them, and then cuts. Throws as `orderOf`.
 */
export const isPlain = (request: RangeRequest): boolean =>
  (orderOf(request) === undefined || !request.sortOrder) && !hasFilters(request)

/** What to ask of the store. Throws GrpcError. */
export function rangeOptionsOf(request: RangeRequest): RangeOptions {
  const { key = '', rangeEnd = '', keysOnly = false, countOnly = false } = request
  if (key === '') throw invalid('etcdserver: key is not provided')
  const limit = isPlain(request) ? limitOf(request) : 0
  return {
    start: key,
    ...(rangeEnd === '' ? {} : { end: rangeEnd }),
    limit: limit > 0 && orderOf(request) !== undefined ? limit + 1 : limit,
    revision: Math.max(0, numberOf(request.revision)),
    keysOnly: keysOnly && request.sortTarget !== SortTarget.value,
    countOnly,
    isTransient: true,
  }
}

const comparers: readonly ((a: KeyValue, b: KeyValue) => number)[] = [
  (a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0),
  (a, b) => a.version - b.version,
  (a, b) => a.createRevision - b.createRevision,
  (a, b) => a.modRevision - b.modRevision,
  (a, b) => Buffer.compare(a.value, b.value),
]

/** The rows in the order that was asked for. */
export function inOrder(request: RangeRequest, kvs: readonly KeyValue[]): readonly KeyValue[] {
  const order = orderOf(request)
  if (order === undefined) return kvs
  const compare = comparers[order.target]!
  return kvs.toSorted(order.descending ? (a, b) => compare(b, a) : compare)
}

export function rangeResponseOf(request: RangeRequest, result: RangeResult): RangeResponse {
  let { kvs, more } = result
  if (!isPlain(request)) {
    const { minModRevision: minMod, maxModRevision: maxMod } = request
    const { minCreateRevision: minCreate, maxCreateRevision: maxCreate } = request
    kvs = kvs.filter(
      kv =>
        !(maxMod && kv.modRevision > maxMod) &&
        !(minMod && kv.modRevision < minMod) &&
        !(maxCreate && kv.createRevision > maxCreate) &&
        !(minCreate && kv.createRevision < minCreate),
    )
  }
  kvs = inOrder(request, kvs)
  const limit = limitOf(request)
  if (limit > 0 && kvs.length > limit) {
    more = true
    kvs = kvs.slice(0, limit)
  }
  return {
    kvs: kvs.map(kv => messageOf(kv, request.keysOnly === true)),
    ...(more ? { more } : {}),
    ...(result.count === 0 ? {} : { count: result.count }),
  }
}

/** A value as its message: what is zero is left out, as proto3 does. */
export function messageOf(kv: KeyValue, withoutValue = false): KeyValueMessage {
  const { key, createRevision, modRevision, version, value, lease } = kv
  const message: { -readonly [K in keyof KeyValueMessage]: KeyValueMessage[K] } = { key }
  if (createRevision !== 0) message.createRevision = createRevision
  if (modRevision !== 0) message.modRevision = modRevision
  if (version !== 0) message.version = version
  if (value.byteLength > 0 && !withoutValue) message.value = value
  if (lease !== 0) message.lease = lease
  return message
}

/** About how many bytes the response has on the wire. */
export function bytesOf({ kvs = [] }: RangeResponse): number {
  let bytes = 128
  for (const { key = '', value } of kvs) bytes += key.length + (value?.byteLength ?? 0) + 40
  return bytes
}
