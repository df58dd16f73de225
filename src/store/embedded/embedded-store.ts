/**
 * The store in one file on this machine, on SQLite. A thread of its own writes; reads and watches are served here, from a
 * connection that reads. What a read sees was synced: a commit shows itself to readers only after the log's sync.
 */
import { randomInt } from 'node:crypto'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import { type Clock, systemClock } from '../../base/clock.ts'
import { type Logger, loggerOf } from '../../base/log.ts'
import type { HistoryHash, MaintainedStore, Snapshot } from '../maintained-store.ts'
import {
  CompactedError,
  InvalidRequestError,
  type LeaseId,
  type LeaseStatus,
  LeaseTtlTooLargeError,
  type RangeOptions,
  type RangeResult,
  type StoreEvent,
  StoreUnavailableError,
  type Transaction,
  type TransactionResult,
  type Watch,
  type WatchHandler,
  type WatchOptions,
} from '../store.ts'
import { packRequests, unpackOutcomes } from './batch-packing.ts'
import { databaseFile, openReader, prepareDirectory, prepareFile, removeLeftovers } from './database.ts'
import { type DirectoryLock, lockDirectory } from './directory-lock.ts'
import type { RevisionEvents } from './event-ring.ts'
import { checkFile, type FileCheck, wasLeftOpen } from './file-check.ts'
import { HistoryReader } from './history-reader.ts'
import { LeaseKeeper } from './lease-keeper.ts'
import { defaultPageCacheKiB, maxLeases, maxLeaseTtlSeconds, rangeSliceRows } from './limits.ts'
import { type MaintenanceAnswer, type MaintenanceRequest, runMaintenance, snapshotOf } from './maintenance.ts'
import { addEvents, errorOf, resultOf } from './outcome.ts'
import { arrays, RangeReader } from './range-reader.ts'
import { checkTransaction } from './request-check.ts'
import { WatchHub } from './watch-hub.ts'
import { type PendingWrite, WriteQueue } from './write-queue.ts'
import type { FromWriter, OpenedMessage, RequestOutcome, ToWriter } from './writer-protocol.ts'

export interface EmbeddedStoreOptions {
  /** Made if missing (0700); one open store a directory. */
  readonly directory: string
  /** For the expiry of leases. */
  readonly clock?: Clock
  /** Memory of each of its two connections for pages, filled as they are read. */
  readonly pageCacheKiB?: number
  /** Of what the check of the file finds after a crash. */
  readonly log?: Logger
}

type Bounds = Required<Pick<EmbeddedStoreOptions, 'clock' | 'pageCacheKiB'>>

interface Waiter {
  readonly type: 'compacted' | 'defragmented'
  readonly holds: (revision: number) => boolean
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

const closedError = () => new StoreUnavailableError('the store is closed')
/** The events of a request that was written. */
function eventsOf({ request }: PendingWrite, outcome: RequestOutcome & { type: 'done' }): StoreEvent[] {
  const operations = request.type === 'transact' ? request.transaction[outcome.succeeded ? 'success' : 'failure'] : []
  const events: StoreEvent[] = []
  addEvents(events, operations, outcome.operations, outcome.revision)
  return events
}

class EmbeddedStore implements MaintainedStore {
  readonly #directory: string
  readonly #lock: DirectoryLock
  readonly #worker: Worker
  readonly #reader: DatabaseSync
  readonly #ranges: RangeReader
  readonly #hub: WatchHub
  readonly #queue: WriteQueue
  readonly #leases: LeaseKeeper
  /** The newest revision that anyone was told of: by an acknowledgement, or by a read that was ahead of it. */
  #revision: number
  /** Ends maintenance that is under way. */
  readonly #maintenance = new Set<() => Promise<unknown>>()
  readonly #waiters = new Set<Waiter>()
  readonly #keysOfLease: StatementSync
  readonly #exited = Promise.withResolvers<void>()
  #closing: Promise<void> | undefined
  /** Runs beside everything else; must end before the file is closed. */
  fileCheck: FileCheck | undefined

  constructor(directory: string, lock: DirectoryLock, worker: Worker, opened: OpenedMessage, options: Bounds) {
    const { clock, pageCacheKiB } = options
    this.#directory = directory
    this.#lock = lock
    this.#worker = worker
    this.#reader = openReader(directory, pageCacheKiB)
    this.#ranges = new RangeReader(this.#reader)
    this.#keysOfLease = arrays(this.#reader, 'SELECT key FROM current WHERE lease = ? AND lease <> 0 ORDER BY key')
    this.#revision = opened.revision
    this.#hub = new WatchHub(new HistoryReader(this.#reader), opened.revision, opened.compactRevision)
    this.#queue = new WriteQueue(requests => this.#post({ type: 'batch', requests: packRequests(requests) }))
    this.#leases = new LeaseKeeper(clock, lease => this.revokeLease(lease))
    for (const { id, ttlSeconds } of opened.leases) this.#leases.add(id, ttlSeconds)
    worker.on('message', (message: FromWriter) => this.#answered(message))
    worker.on('error', (error: Error) => this.#stopped(error.message))
    worker.on('exit', () => {
      this.#stopped('the thread is gone')
      this.#exited.resolve()
    })
  }

  async currentRevision(): Promise<number> {
    this.#open()
    return this.#revision
  }

  async range(options: RangeOptions): Promise<RangeResult> {
    if (options.start === '') throw new InvalidRequestError('etcdserver: key is not provided')
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#rangeInSlices(options)
      } catch (error) {
        // A compaction may overtake a long read of the present; one of the past has named its revision itself.
        if (!(error instanceof CompactedError) || options.revision || attempt === 3) throw error
      }
    }
  }

  async transact(transaction: Transaction): Promise<TransactionResult> {
    const bytes = checkTransaction(transaction)
    const outcome = await this.#write({ type: 'transact', transaction }, bytes)
    const { succeeded, revision, operations } = outcome
    return { succeeded, revision, results: operations.map(operation => resultOf(operation, revision)) }
  }

  watch(options: WatchOptions, handler: WatchHandler): Watch {
    this.#open()
    return this.#hub.add(options, handler)
  }

  async compact(revision: number, { physical = false } = {}): Promise<void> {
    const cleared = physical ? this.#waitFor('compacted', at => at >= revision) : undefined
    try {
      await this.#write({ type: 'compact', revision }, 0)
    } catch (error) {
      cleared?.cancel()
      throw error
    }
    await cleared?.promise
  }

  async grantLease(ttlSeconds: number, { id = 0 }: { id?: LeaseId } = {}): Promise<LeaseId> {
    if (ttlSeconds > maxLeaseTtlSeconds) throw new LeaseTtlTooLargeError()
    if (this.#leases.size >= maxLeases) throw new StoreUnavailableError('etcdserver: too many leases')
    const seconds = Math.max(1, Math.ceil(ttlSeconds))
    let lease = id
    while (lease === 0 || (id === 0 && this.#leases.has(lease))) lease = randomInt(1, 2 ** 48 - 1)
    await this.#write({ type: 'grant', lease, ttlSeconds: seconds }, 0)
    this.#leases.add(lease, seconds)
    return lease
  }

  async keepAliveLease(lease: LeaseId): Promise<number> {
    this.#open()
    return this.#leases.renew(lease)
  }

  async revokeLease(lease: LeaseId): Promise<void> {
    await this.#write({ type: 'revoke', lease }, 0)
  }

  async leases(): Promise<readonly LeaseId[]> {
    this.#open()
    return this.#leases.ids()
  }

  async leaseStatus(lease: LeaseId, { keys = false } = {}): Promise<LeaseStatus | undefined> {
    this.#open()
    const status = this.#leases.status(lease)
    if (status === undefined) return undefined
    const rows = keys ? this.#keysOfLease.all(lease) : []
    return { ...status, keys: (rows as unknown as [string][]).map(([key]) => key) }
  }

  async hash(revision: number): Promise<HistoryHash> {
    this.#open()
    const answer = await this.#maintain({ type: 'hash', directory: this.#directory, revision })
    if (answer.type === 'refused') throw errorOf(answer.error)
    if (answer.type !== 'hash') throw new Error(answer.type)
    return answer.hash
  }

  async snapshot(): Promise<Snapshot> {
    this.#open()
    const file = join(this.#directory, `snapshot-${randomInt(2 ** 47)}.tmp`)
    const answer = await this.#maintain({ type: 'snapshot', directory: this.#directory, file })
    if (answer.type !== 'snapshot') throw new Error(answer.type)
    return snapshotOf(file)
  }

  async defragment(): Promise<void> {
    this.#open()
    const done = this.#waitFor('defragmented', () => true)
    this.#post({ type: 'defragment' })
    await done.promise
  }

  async size(): Promise<{ totalBytes: number; usedBytes: number }> {
    this.#open()
    const pragma = (name: string) => Object.values(this.#reader.prepare(`PRAGMA ${name}`).get() ?? {})[0] as number
    const pageBytes = pragma('page_size')
    const pages = pragma('page_count')
    const logBytes = statSync(`${databaseFile(this.#directory)}-wal`, { throwIfNoEntry: false })?.size ?? 0
    return { totalBytes: pages * pageBytes + logBytes, usedBytes: (pages - pragma('freelist_count')) * pageBytes }
  }

  /** Requests accepted before it are answered; then nothing of the store is left but its files. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#leases.stop()
    await this.#queue.drain(closedError())
    this.#hub.endAll(closedError())
    await this.fileCheck?.stop()
    await Promise.all([...this.#maintenance].map(stop => stop()))
    this.#reader.close()
    this.#post({ type: 'close' })
    await this.#exited.promise
    this.#lock.release()
  }

  #open(): void {
    if (this.#closing !== undefined) throw closedError()
  }

  #readSlice(options: RangeOptions, counted: boolean): RangeResult {
    this.#open()
    const isOneNow = options.end === undefined && !options.revision
    const result = isOneNow
      ? this.#ranges.readNow(options)
      : this.#ranges.snapshot(() => this.#ranges.read(options, counted))
    this.#revision = Math.max(this.#revision, result.revision)
    return result
  }

  /** A long range is read in slices of the event loop, all as of the revision of the first one. */
  async #rangeInSlices(options: RangeOptions): Promise<RangeResult> {
    const limit = options.limit ?? 0
    const first = this.#readSlice(options.countOnly ? options : { ...options, limit: sliceRows(limit) }, true)
    if (!first.more || first.kvs.length === limit) return first
    const kvs = [...first.kvs]
    const revision = options.revision || first.revision
    let more = true
    while (more && (limit === 0 || kvs.length < limit)) {
      await new Promise(resolve => setImmediate(resolve))
      const left = limit === 0 ? 0 : limit - kvs.length
      const slice = this.#readSlice(
        { ...options, start: `${kvs.at(-1)!.key}\0`, limit: sliceRows(left), revision },
        false,
      )
      for (const kv of slice.kvs) kvs.push(kv)
      more = slice.more
    }
    return { kvs, more, count: first.count, revision: first.revision }
  }

  #maintain(request: MaintenanceRequest): Promise<MaintenanceAnswer> {
    const { answer, stop } = runMaintenance(request)
    this.#maintenance.add(stop)
    return answer.finally(() => this.#maintenance.delete(stop))
  }

  /** Waits for a message of the writer that answers no batch. */
  #waitFor(type: 'compacted' | 'defragmented', holds: (revision: number) => boolean) {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    promise.catch(() => {})
    const waiter: Waiter = { type, holds, resolve, reject }
    this.#waiters.add(waiter)
    return { promise, cancel: () => this.#waiters.delete(waiter) }
  }

  #wake(type: Waiter['type'], revision: number): void {
    for (const waiter of [...this.#waiters]) {
      if (waiter.type !== type || !waiter.holds(revision)) continue
      this.#waiters.delete(waiter)
      waiter.resolve()
    }
  }

  async #write(request: Parameters<WriteQueue['add']>[0], bytes: number) {
    const outcome = await this.#queue.add(request, bytes)
    if (outcome.type === 'refused') throw errorOf(outcome.error)
    return outcome
  }

  #post(message: ToWriter): void {
    if (message.type === 'batch') this.#worker.postMessage(message, [message.requests.bytes.buffer])
    else this.#worker.postMessage(message)
  }

  #answered(message: FromWriter): void {
    if (message.type === 'compacted') this.#wake('compacted', message.revision)
    if (message.type === 'defragmented') this.#wake('defragmented', 0)
    if (message.type !== 'committed' && message.type !== 'failed') return
    const answered = this.#queue.takeAnswered()
    if (message.type === 'failed') {
      const error = new StoreUnavailableError(`the store cannot write: ${message.message}`)
      for (const { reject } of answered) reject(error)
      return
    }
    this.#revision = Math.max(this.#revision, message.revision)
    const outcomes = unpackOutcomes(message.outcomes)
    this.#apply(answered, outcomes)
    // Whoever is told of a write has already seen it in its watches.
    answered.forEach(({ resolve }, i) => {
      resolve(outcomes[i]!)
    })
  }

  #apply(answered: readonly PendingWrite[], outcomes: readonly RequestOutcome[]): void {
    const entries: RevisionEvents[] = []
    outcomes.forEach((outcome, i) => {
      if (outcome.type !== 'done') return
      const { request } = answered[i]!
      if (request.type === 'compact') this.#hub.compacted(request.revision)
      if (request.type === 'revoke') this.#leases.forget(request.lease)
      const events = eventsOf(answered[i]!, outcome)
      if (events.length > 0) entries.push({ revision: outcome.revision, events })
    })
    this.#hub.deliver(entries)
  }

  #stopped(why: string): void {
    if (this.#closing === undefined) this.#hub.endAll(new StoreUnavailableError(`the store's writer stopped: ${why}`))
    this.#queue.break(new StoreUnavailableError(`the store's writer stopped: ${why}`))
    for (const { reject } of this.#waiters) reject(new StoreUnavailableError(`the store's writer stopped: ${why}`))
    this.#waiters.clear()
  }
}

const sliceRows = (limit: number): number => (limit === 0 ? rangeSliceRows : Math.min(limit, rangeSliceRows))

function firstMessage(worker: Worker): Promise<OpenedMessage> {
  return new Promise((resolve, reject) => {
    const settle = (run: () => void) => {
      worker.off('message', onMessage)
      worker.off('error', onError)
      worker.off('exit', onExit)
      run()
    }
    const onMessage = (message: FromWriter) =>
      settle(() => {
        if (message.type === 'opened') resolve(message)
        else reject(new Error(message.type === 'openFailed' ? message.message : `unexpected ${message.type}`))
      })
    const onError = (error: Error) => settle(() => reject(error))
    const onExit = () => settle(() => reject(new Error('the writer thread ended while opening')))
    worker.on('message', onMessage)
    worker.on('error', onError)
    worker.on('exit', onExit)
  })
}

/** Throws StoreInUseError if the directory is in use, or an Error that says why the file cannot be opened. */
export async function openEmbeddedStore(options: EmbeddedStoreOptions): Promise<MaintainedStore> {
  const { directory, clock = systemClock, pageCacheKiB = defaultPageCacheKiB, log = loggerOf('store') } = options
  prepareDirectory(directory)
  const lock = lockDirectory(directory)
  let worker: Worker | undefined
  try {
    removeLeftovers(directory)
    prepareFile(directory)
    const leftOpen = wasLeftOpen(directory)
    worker = new Worker(new URL('./writer-worker.ts', import.meta.url), {
      workerData: { directory, pageCacheKiB },
      name: 'store',
      resourceLimits: { maxYoungGenerationSizeMb: 16 },
    })
    const store = new EmbeddedStore(directory, lock, worker, await firstMessage(worker), { clock, pageCacheKiB })
    if (leftOpen) store.fileCheck = checkFile(directory, log)
    return store
  } catch (error) {
    await worker?.terminate()
    lock.release()
    throw error
  }
}
