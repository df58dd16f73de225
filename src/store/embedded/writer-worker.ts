/** The thread that owns the writing connection: one SQLite transaction and one sync for each batch that it gets. */
import { statfsSync } from 'node:fs'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import { packOutcomes, unpackRequests } from './batch-packing.ts'
import { Compactor } from './compactor.ts'
import { openWriter } from './database.ts'
import { checkpointPages, compactionCheckpointPages, keptFreePages } from './limits.ts'
import { TransactionExecutor } from './transaction-executor.ts'
import type { FromWriter, RequestOutcome, ToWriter, WriteRequest } from './writer-protocol.ts'

/** A row touches about so many pages: the row, two indices, the current key. */
const pagesPerRow = 4
/** SQLITE_FULL. */
const sqliteFull = 13
/** How long housekeeping rests after a failure, as of a full disk. */
const housekeepingRetryMs = 1000

const port = parentPort!
const send = (message: FromWriter, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer)

interface WriterData {
  readonly directory: string
  readonly pageCacheKiB: number
}

class Writer {
  readonly #db: DatabaseSync
  readonly #executor: TransactionExecutor
  readonly #begin: StatementSync
  readonly #commit: StatementSync
  readonly #compactor: Compactor
  readonly #directory: string
  /** What a crash left in the log goes to the database as soon as the store is open. */
  #pagesInLog = checkpointPages + 1
  /** Near a full disk the log stays small, so that what it holds still finds room in the database. */
  #checkpointPages = checkpointPages
  #toldRevision = 0
  #defragmenting = false
  #housekeeping: NodeJS.Immediate | NodeJS.Timeout | undefined

  constructor({ directory, pageCacheKiB }: WriterData) {
    this.#directory = directory
    this.#db = openWriter(directory, pageCacheKiB)
    this.#executor = new TransactionExecutor(this.#db)
    this.#compactor = new Compactor(this.#db)
    this.#begin = this.#db.prepare('BEGIN IMMEDIATE')
    this.#commit = this.#db.prepare('COMMIT')
    // They report the rowid inserted last, which may be a lease's of 63 bits.
    for (const statement of [this.#begin, this.#commit]) statement.setReadBigInts(true)
    send({
      type: 'opened',
      revision: this.#executor.revision,
      compactRevision: this.#executor.compactRevision,
      leases: this.#executor.leases(),
    })
    this.#keepHouse()
  }

  /** Nothing is sent before COMMIT has returned, and COMMIT returns after the sync. */
  write(requests: readonly WriteRequest[]): void {
    let outcomes: RequestOutcome[]
    try {
      outcomes = this.#commitAll(requests)
    } catch (error) {
      send({ type: 'failed', message: (error as Error).message })
      return
    }
    const packed = packOutcomes(outcomes)
    send({ type: 'committed', outcomes: packed, revision: this.#executor.revision }, [packed.bytes.buffer])
    const bytes = requests.reduce((sum, request) => sum + valueBytes(request), 0)
    this.#pagesInLog += this.#executor.writtenRows * pagesPerRow + bytes / 4096
    this.#executor.writtenRows = 0
    this.#checkpointIfDue(this.#housekeeping !== undefined)
    if (requests.some(request => request.type === 'compact')) this.#keepHouse()
  }

  /** What it throws has left nothing of the batch. On a full disk the log is emptied first, for it may be what fills it. */
  #commitAll(requests: readonly WriteRequest[], mayMakeRoom = true): RequestOutcome[] {
    try {
      this.#begin.run()
      const outcomes = requests.map(request => this.#executor.run(request))
      this.#commit.run()
      return outcomes
    } catch (error) {
      this.#rollBack()
      if (!mayMakeRoom || (error as { errcode?: number }).errcode !== sqliteFull) throw error
      this.#checkpoint('PASSIVE')
      return this.#commitAll(requests, false)
    }
  }

  #rollBack(): void {
    if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
    this.#executor.reload()
    this.#executor.writtenRows = 0
  }

  #checkpointIfDue(compacting: boolean): void {
    const due = compacting ? compactionCheckpointPages : checkpointPages
    if (this.#pagesInLog > Math.min(due, this.#checkpointPages)) this.#checkpoint('PASSIVE')
  }

  #checkpoint(mode: 'PASSIVE' | 'TRUNCATE'): void {
    this.#pagesInLog = 0
    const { bavail, bsize } = statfsSync(this.#directory)
    this.#checkpointPages = Math.min(checkpointPages, (bavail * bsize) / 4096 / 8)
    try {
      this.#db.prepare(`PRAGMA wal_checkpoint(${mode})`).all()
    } catch {
      // A full disk: the log keeps what it has, and the next checkpoint tries again.
    }
  }

  #keepHouse(): void {
    if (this.#housekeeping !== undefined) return
    this.#housekeeping = setImmediate(() => {
      this.#housekeeping = undefined
      try {
        const more = this.#compactor.step()
        this.#pagesInLog += more ? 100 : 0
        this.#checkpointIfDue(more)
        this.#tellCompacted()
        if (more) this.#keepHouse()
        else this.#finishDefragmentation()
      } catch {
        this.#housekeeping = setTimeout(() => {
          this.#housekeeping = undefined
          this.#keepHouse()
        }, housekeepingRetryMs)
      }
    })
  }

  #tellCompacted(): void {
    if (this.#compactor.doneRevision === this.#toldRevision) return
    this.#toldRevision = this.#compactor.doneRevision
    send({ type: 'compacted', revision: this.#toldRevision })
  }

  defragment(): void {
    this.#defragmenting = true
    this.#compactor.keptPages = 0
    this.#keepHouse()
  }

  #finishDefragmentation(): void {
    if (!this.#defragmenting) return
    this.#defragmenting = false
    this.#compactor.keptPages = keptFreePages
    this.#checkpoint('TRUNCATE')
    send({ type: 'defragmented' })
  }

  close(): void {
    clearImmediate(this.#housekeeping as NodeJS.Immediate)
    clearTimeout(this.#housekeeping as NodeJS.Timeout)
    this.#checkpoint('TRUNCATE')
    this.#db.close()
  }
}

function valueBytes(request: WriteRequest): number {
  if (request.type !== 'transact') return 0
  let bytes = 0
  for (const operation of request.transaction.success) if ('put' in operation) bytes += operation.value.byteLength
  return bytes
}

function serve(data: WriterData): void {
  try {
    const writer = new Writer(data)
    port.on('message', (message: ToWriter) => {
      if (message.type === 'batch') writer.write(unpackRequests(message.requests))
      else if (message.type === 'defragment') writer.defragment()
      else {
        writer.close()
        port.close()
      }
    })
  } catch (error) {
    send({ type: 'openFailed', message: (error as Error).message })
    port.close()
  }
}

// On the main thread it is only compiled, see `main/compiled-modules.ts`.
if (!isMainThread) serve(workerData as WriterData)
