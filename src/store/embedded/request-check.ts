/** What a transaction must fulfil before it is queued; the messages are etcd's, which clients match on. */
import { InvalidRequestError, type Operation, type Transaction } from '../store.ts'
import { maxOperations, maxValueBytes } from './limits.ts'

const keyMissing = 'etcdserver: key is not provided'
const duplicateKey = () => new InvalidRequestError('etcdserver: duplicate key given in txn request')

interface Deletion {
  readonly start: string
  readonly end: string | undefined
}

/** etcd does not see that a range without an end has every key from its start on; what it lets pass, passes here. */
const includes = ({ start, end }: Deletion, key: string): boolean =>
  end === undefined ? key === start : key >= start && key < end

/** What a list of operations touches. Throws where a key is put twice, or put and deleted, in what can happen together. */
function touchedBy(operations: readonly Operation[]): { puts: Set<string>; deletions: Deletion[] } {
  const puts = new Set<string>()
  const deletions: Deletion[] = []
  for (const operation of operations) {
    if ('delete' in operation) deletions.push({ start: operation.delete, end: operation.end })
  }
  const add = (key: string, known: ReadonlySet<string> = puts) => {
    if (known.has(key) || deletions.some(deletion => includes(deletion, key))) throw duplicateKey()
    puts.add(key)
  }
  for (const operation of operations) {
    if (!('transaction' in operation)) continue
    const success = touchedBy(operation.transaction.success)
    const failure = touchedBy(operation.transaction.failure)
    // Of the two branches only one happens.
    const before = new Set(puts)
    for (const key of success.puts) add(key, before)
    for (const key of failure.puts) add(key, before)
    deletions.push(...success.deletions, ...failure.deletions)
  }
  // Two deletions of a key are allowed: the second finds nothing.
  for (const operation of operations) if ('put' in operation) add(operation.put)
  return { puts, deletions }
}

function checkOperation(operation: Operation, operationsLeft: number): number {
  if ('transaction' in operation) return checkLists(operation.transaction, operationsLeft)
  if (!('put' in operation)) {
    if (('delete' in operation ? operation.delete : operation.range.start) === '') {
      throw new InvalidRequestError(keyMissing)
    }
    return 0
  }
  const { value } = operation
  if (operation.put === '') throw new InvalidRequestError(keyMissing)
  if (operation.keepValue && value.byteLength > 0) throw new InvalidRequestError('etcdserver: value is provided')
  if (operation.keepLease && operation.lease) throw new InvalidRequestError('etcdserver: lease is provided')
  if (value.byteLength > maxValueBytes) throw new InvalidRequestError('etcdserver: request is too large')
  return value.byteLength
}

/** A nested transaction has what its parents leave of the operations. */
function checkLists({ compare, success, failure }: Transaction, mostOperations: number): number {
  const operations = Math.max(compare.length, success.length, failure.length)
  if (operations > mostOperations) throw new InvalidRequestError('etcdserver: too many operations in txn request')
  for (const { key } of compare) if (key === '') throw new InvalidRequestError(keyMissing)
  let bytes = 0
  for (const operation of success) bytes += checkOperation(operation, mostOperations - operations)
  for (const operation of failure) bytes += checkOperation(operation, mostOperations - operations)
  return bytes
}

/** Throws InvalidRequestError. Returns the bytes of the values that it would write. */
export function checkTransaction(transaction: Transaction): number {
  const bytes = checkLists(transaction, maxOperations)
  for (const operations of [transaction.success, transaction.failure]) {
    if (operations.length > 1 || operations.some(operation => 'transaction' in operation)) touchedBy(operations)
  }
  return bytes
}
