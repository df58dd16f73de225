/**
 * Batches as they pass between the threads: one list of plain words, and every value behind the other in one buffer, which
 * is moved. Objects and buffers of their own cost about ten times as much to pass on.
 */
import type { Compare, KeyValue, LeaseId, Operation, Put, RangeOptions, RangeResult, Transaction } from '../store.ts'
import type { OperationOutcome, RefusedError, RequestOutcome, WriteRequest } from './writer-protocol.ts'

type Word = string | number | bigint | boolean | undefined

export interface Packed {
  readonly words: readonly Word[]
  readonly bytes: Uint8Array<ArrayBuffer>
}

class Packer {
  readonly words: Word[] = []
  readonly #values: Uint8Array[] = []
  #bytes = 0

  value(value: Uint8Array): void {
    this.words.push(value.byteLength)
    if (value.byteLength === 0) return
    this.#values.push(value)
    this.#bytes += value.byteLength
  }

  packed(): Packed {
    const bytes = new Uint8Array(this.#bytes)
    let at = 0
    for (const value of this.#values) {
      bytes.set(value, at)
      at += value.byteLength
    }
    return { words: this.words, bytes }
  }
}

class Unpacker {
  readonly #words: readonly Word[]
  readonly #bytes: Uint8Array
  #word = 0
  #byte = 0

  constructor({ words, bytes }: Packed) {
    this.#words = words
    this.#bytes = bytes
  }

  /** The caller knows what was packed. */
  take<T extends Word>(): T {
    return this.#words[this.#word++] as T
  }

  /** A view on the batch's buffer. */
  value(): Uint8Array {
    const start = this.#byte
    this.#byte += this.take<number>()
    return this.#bytes.subarray(start, this.#byte)
  }

  list<T>(read: (from: Unpacker) => T): T[] {
    const length = this.take<number>()
    const list: T[] = []
    for (let i = 0; i < length; i++) list.push(read(this))
    return list
  }
}

export function packRequests(requests: readonly WriteRequest[]): Packed {
  const to = new Packer()
  to.words.push(requests.length)
  for (const request of requests) {
    to.words.push(request.type)
    if (request.type === 'transact') packTransaction(to, request.transaction)
    else if (request.type === 'compact') to.words.push(request.revision)
    else if (request.type === 'grant') to.words.push(request.lease, request.ttlSeconds)
    else to.words.push(request.lease)
  }
  return to.packed()
}

export const unpackRequests = (packed: Packed): WriteRequest[] => new Unpacker(packed).list(unpackRequest)

function unpackRequest(from: Unpacker): WriteRequest {
  const type = from.take<WriteRequest['type']>()
  switch (type) {
    case 'transact':
      return { type, transaction: unpackTransaction(from) }
    case 'compact':
      return { type, revision: from.take() }
    case 'grant':
      return { type, lease: from.take<LeaseId>(), ttlSeconds: from.take() }
    case 'revoke':
      return { type, lease: from.take<LeaseId>() }
  }
}

function packTransaction(to: Packer, { compare, success, failure }: Transaction): void {
  to.words.push(compare.length)
  for (const one of compare) {
    to.words.push(one.key, one.end, one.is, one.target)
    if (one.target === 'value') to.value(one.value)
    else to.words.push(one.number)
  }
  for (const operations of [success, failure]) {
    to.words.push(operations.length)
    for (const operation of operations) packOperation(to, operation)
  }
}

const unpackTransaction = (from: Unpacker): Transaction => ({
  compare: from.list(unpackCompare),
  success: from.list(unpackOperation),
  failure: from.list(unpackOperation),
})

function unpackCompare(from: Unpacker): Compare {
  const key = from.take<string>()
  const end = from.take<string | undefined>()
  const is = from.take<Compare['is']>()
  const target = from.take<Compare['target']>()
  const range = end === undefined ? { key, is } : { key, end, is }
  return target === 'value'
    ? { ...range, target, value: from.value() }
    : { ...range, target, number: from.take<LeaseId>() }
}

function packOperation(to: Packer, operation: Operation): void {
  if ('put' in operation) {
    to.words.push('put', operation.put, operation.lease, operation.keepValue, operation.keepLease)
    to.value(operation.value)
  } else if ('delete' in operation) to.words.push('delete', operation.delete, operation.end)
  else if ('range' in operation) {
    const { start, end, limit, revision, keysOnly, countOnly } = operation.range
    to.words.push('range', start, end, limit, revision, keysOnly, countOnly)
  } else {
    to.words.push('transaction')
    packTransaction(to, operation.transaction)
  }
}

function unpackOperation(from: Unpacker): Operation {
  switch (from.take<string>()) {
    case 'put':
      return unpackPut(from)
    case 'delete': {
      const key = from.take<string>()
      const end = from.take<string | undefined>()
      return end === undefined ? { delete: key } : { delete: key, end }
    }
    case 'range':
      return { range: unpackRange(from) }
    default:
      return { transaction: unpackTransaction(from) }
  }
}

function unpackPut(from: Unpacker): Put {
  const put = from.take<string>()
  const lease = from.take<LeaseId | undefined>() ?? 0
  const keepValue = from.take<boolean | undefined>() ?? false
  const keepLease = from.take<boolean | undefined>() ?? false
  return { put, lease, keepValue, keepLease, value: from.value() }
}

function unpackRange(from: Unpacker): RangeOptions {
  const start = from.take<string>()
  const end = from.take<string | undefined>()
  const limit = from.take<number | undefined>() ?? 0
  const revision = from.take<number | undefined>() ?? 0
  const keysOnly = from.take<boolean | undefined>() ?? false
  const countOnly = from.take<boolean | undefined>() ?? false
  return { start, limit, revision, keysOnly, countOnly, ...(end === undefined ? {} : { end }) }
}

export function packOutcomes(outcomes: readonly RequestOutcome[]): Packed {
  const to = new Packer()
  to.words.push(outcomes.length)
  for (const outcome of outcomes) {
    to.words.push(outcome.type)
    if (outcome.type === 'refused') {
      to.words.push(outcome.error.name, 'revision' in outcome.error ? outcome.error.revision : 0)
    } else {
      to.words.push(outcome.succeeded, outcome.revision)
      packOperationOutcomes(to, outcome.operations)
    }
  }
  return to.packed()
}

export const unpackOutcomes = (packed: Packed): RequestOutcome[] => new Unpacker(packed).list(unpackOutcome)

function unpackOutcome(from: Unpacker): RequestOutcome {
  if (from.take<string>() === 'refused') {
    return { type: 'refused', error: { name: from.take<string>(), revision: from.take<number>() } as RefusedError }
  }
  const succeeded = from.take<boolean>()
  const revision = from.take<number>()
  return { type: 'done', succeeded, revision, operations: from.list(unpackOperationOutcome) }
}

function packOperationOutcomes(to: Packer, operations: readonly OperationOutcome[]): void {
  to.words.push(operations.length)
  for (const outcome of operations) {
    to.words.push(outcome.type)
    if (outcome.type === 'put') {
      to.words.push(outcome.createRevision, outcome.version, outcome.previous !== undefined)
      if (outcome.previous !== undefined) packKeyValue(to, outcome.previous)
    } else if (outcome.type === 'delete') packKeyValues(to, outcome.deleted)
    else if (outcome.type === 'range') {
      const { more, count, revision, kvs } = outcome.result
      to.words.push(more, count, revision)
      packKeyValues(to, kvs)
    } else {
      to.words.push(outcome.succeeded)
      packOperationOutcomes(to, outcome.operations)
    }
  }
}

function unpackOperationOutcome(from: Unpacker): OperationOutcome {
  const type = from.take<OperationOutcome['type']>()
  switch (type) {
    case 'put': {
      const createRevision = from.take<number>()
      const version = from.take<number>()
      return { type, createRevision, version, previous: from.take<boolean>() ? unpackKeyValue(from) : undefined }
    }
    case 'delete':
      return { type, deleted: from.list(unpackKeyValue) }
    case 'range':
      return { type, result: unpackRangeResult(from) }
    case 'transaction':
      return { type, succeeded: from.take(), operations: from.list(unpackOperationOutcome) }
  }
}

const unpackRangeResult = (from: Unpacker): RangeResult => ({
  more: from.take(),
  count: from.take(),
  revision: from.take(),
  kvs: from.list(unpackKeyValue),
})

function packKeyValues(to: Packer, kvs: readonly KeyValue[]): void {
  to.words.push(kvs.length)
  for (const kv of kvs) packKeyValue(to, kv)
}

function packKeyValue(to: Packer, { key, createRevision, modRevision, version, lease, value }: KeyValue): void {
  to.words.push(key, createRevision, modRevision, version, lease)
  to.value(value)
}

const unpackKeyValue = (from: Unpacker): KeyValue => ({
  key: from.take(),
  createRevision: from.take(),
  modRevision: from.take(),
  version: from.take(),
  lease: from.take<LeaseId>(),
  value: from.value(),
})
