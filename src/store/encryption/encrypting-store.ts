/** A store whose values of some keys are encrypted: users see them plain, the store below never does. */
import {
  InvalidRequestError,
  type KeyValue,
  type LeaseId,
  type Operation,
  type OperationResult,
  type RangeOptions,
  type RangeResult,
  type Store,
  type StoreEvent,
  type Transaction,
  type TransactionResult,
  type Watch,
  type WatchHandler,
  type WatchOptions,
} from '../store.ts'
import { DecryptionError } from './ciphers.ts'
import { SecretNeededError } from './kms-provider.ts'
import { PlainWatch } from './plain-watch.ts'
import type { Transformer } from './transformer.ts'

/** The transformer of a key; undefined where its values are as they are. */
export type TransformerOf = (key: string) => Transformer | undefined

/** A value that cannot be read: whoever asks for it gets this error, and a watch that meets it ends. */
export class UnreadableValueError extends Error {
  constructor(key: string, cause: DecryptionError) {
    super(`unable to transform key ${JSON.stringify(key)}: ${cause.message}`, { cause })
  }
}

export class EncryptingStore implements Store {
  readonly #store: Store
  readonly #transformerOf: TransformerOf

  constructor(store: Store, transformerOf: TransformerOf) {
    this.#store = store
    this.#transformerOf = transformerOf
  }

  currentRevision(): Promise<number> {
    return this.#store.currentRevision()
  }

  async range(options: RangeOptions): Promise<RangeResult> {
    const result = await this.#store.range(options)
    return options.keysOnly || options.countOnly ? result : this.#plainRange(result)
  }

  async transact(transaction: Transaction): Promise<TransactionResult> {
    return this.#plainResult(await this.#store.transact(this.#sealed(transaction)))
  }

  watch(options: WatchOptions, handler: WatchHandler): Watch {
    const plain = new PlainWatch(handler, event => this.#plainEvent(event))
    const watch = this.#store.watch(options, plain)
    plain.stop = () => watch.close()
    return {
      requestProgress: () => watch.requestProgress(),
      close: () => plain.close(),
    }
  }

  compact(revision: number, options?: { readonly physical?: boolean }): Promise<void> {
    return this.#store.compact(revision, options)
  }
  grantLease(ttlSeconds: number, options?: { readonly id?: LeaseId }): Promise<LeaseId> {
    return this.#store.grantLease(ttlSeconds, options)
  }
  keepAliveLease(lease: LeaseId): Promise<number> {
    return this.#store.keepAliveLease(lease)
  }
  revokeLease(lease: LeaseId): Promise<void> {
    return this.#store.revokeLease(lease)
  }
  leases(): Promise<readonly LeaseId[]> {
    return this.#store.leases()
  }
  leaseStatus(lease: LeaseId, options?: { readonly keys?: boolean }) {
    return this.#store.leaseStatus(lease, options)
  }
  size() {
    return this.#store.size()
  }
  close(): Promise<void> {
    return this.#store.close()
  }

  #sealed({ compare, success, failure }: Transaction): Transaction {
    for (const condition of compare)
      if (condition.target === 'value' && this.#transformerOf(condition.key))
        throw new InvalidRequestError('encrypted values cannot be compared')
    const seal = (operation: Operation) => this.#sealedOperation(operation)
    return { compare, success: success.map(seal), failure: failure.map(seal) }
  }

  #sealedOperation(operation: Operation): Operation {
    if ('transaction' in operation) return { transaction: this.#sealed(operation.transaction) }
    if (!('put' in operation) || operation.keepValue) return operation
    const transformer = this.#transformerOf(operation.put)
    return transformer ? { ...operation, value: transformer.write(operation.value, operation.put) } : operation
  }

  #plain(kv: KeyValue): KeyValue {
    const transformer = kv.value.length === 0 ? undefined : this.#transformerOf(kv.key)
    if (!transformer) return kv
    try {
      const { plain, isOutdated } = transformer.read(kv.value, kv.key)
      return { ...kv, value: plain, ...(isOutdated ? { isOutdated } : {}) }
    } catch (error) {
      throw error instanceof DecryptionError ? new UnreadableValueError(kv.key, error) : error
    }
  }

  /** The values of a list one after the other, for some may wait until their key is known. */
  async #plainAll(kvs: readonly KeyValue[]): Promise<KeyValue[]> {
    const plain: KeyValue[] = []
    while (plain.length < kvs.length) {
      const kv = kvs[plain.length]!
      try {
        plain.push(this.#plain(kv))
      } catch (error) {
        if (!(error instanceof SecretNeededError)) throw error
        await error.known.catch(cause => {
          throw new UnreadableValueError(kv.key, cause)
        })
      }
    }
    return plain
  }

  async #plainRange(result: RangeResult): Promise<RangeResult> {
    return { ...result, kvs: await this.#plainAll(result.kvs) }
  }

  #plainEvent(event: StoreEvent): StoreEvent {
    const { kv, previous } = event
    return { ...event, kv: this.#plain(kv), ...(previous ? { previous: this.#plain(previous) } : {}) }
  }

  async #plainResult(result: TransactionResult): Promise<TransactionResult> {
    return { ...result, results: await Promise.all(result.results.map(each => this.#plainOperation(each))) }
  }

  async #plainOperation({ range, deleted, previous, transaction }: OperationResult): Promise<OperationResult> {
    return {
      ...(range ? { range: await this.#plainRange(range) } : {}),
      ...(deleted ? { deleted: await this.#plainAll(deleted) } : {}),
      ...(previous ? { previous: (await this.#plainAll([previous]))[0]! } : {}),
      ...(transaction ? { transaction: await this.#plainResult(transaction) } : {}),
    }
  }
}
