/** What a transaction must fulfil before it is queued; the messages are etcd's, which clients match on. */
import { InvalidRequestError, type Operation, type Transaction } from '../store.ts'
import { maxOperations, maxValueBytes } from './limits.ts'

const keyMissing = 'etcdserver: key is not provided'

function checkPuts(operations: readonly Operation[]): void {
  const puts = new Set<string>()
  const deletes: { start: string; end: string | undefined }[] = []
  for (const operation of operations) {
    if ('put' in operation) {
      if (puts.has(operation.put)) throw new InvalidRequestError('etcdserver: duplicate key given in txn request')
      puts.add(operation.put)
    } else if ('delete' in operation) deletes.push({ start: operation.delete, end: operation.end })
  }
  // Two deletions of a key are allowed: the second finds nothing.
  for (const { start, end } of puts.size === 0 ? [] : deletes) {
    for (const key of puts) {
      const hit = end === undefined ? key === start : key >= start && (end === '\0' || key < end)
      if (hit) throw new InvalidRequestError('etcdserver: duplicate key given in txn request')
    }
  }
}

/** Throws InvalidRequestError. Returns the bytes of the values that it would write. */
export function checkTransaction(transaction: Transaction): number {
  const { compare, success, failure } = transaction
  if (Math.max(compare.length, success.length, failure.length) > maxOperations) {
    throw new InvalidRequestError('etcdserver: too many operations in txn request')
  }
  let bytes = 0
  for (const { key } of compare) if (key === '') throw new InvalidRequestError(keyMissing)
  for (const operations of [success, failure]) {
    for (const operation of operations) {
      const key = 'put' in operation ? operation.put : 'delete' in operation ? operation.delete : operation.range.start
      if (key === '') throw new InvalidRequestError(keyMissing)
      if ('put' in operation) {
        if (operation.value.byteLength > maxValueBytes) {
          throw new InvalidRequestError('etcdserver: request is too large')
        }
        bytes += operation.value.byteLength
      }
    }
    checkPuts(operations)
  }
  return bytes
}
