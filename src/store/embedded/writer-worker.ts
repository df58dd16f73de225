/** The thread that owns the writing connection: one SQLite transaction and one sync for each batch that it gets. */
import type { DatabaseSync } from 'node:sqlite'
import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import type { KeyValue } from '../store.ts'
import { Compactor } from './compactor.ts'
import { openWriter } from './database.ts'
import { checkpointPages, keptFreePages } from './limits.ts'
import { TransactionExecutor } from './transaction-executor.ts'
import type { FromWriter, OperationOutcome, RequestOutcome, ToWriter, WriteRequest } from './writer-protocol.ts'

/** A row touches about so many pages: the row, two indices, the current key. */
const pagesPerRow = 4
/** How long housekeeping rests after a failure, as of a full disk. */
const housekeepingRetryMs = 1000

const port = parentPort!
const send = (message: FromWriter, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer)

/** Values read from the database lie in buffers of their own and are moved, not copied. */
function buffersOf(outcomes: readonly RequestOutcome[]): ArrayBuffer[] {
  const buffers: ArrayBuffer[] = []
  for (const outcome of outcomes) if (outcome.type === 'done') addBuffers(buffers, outcome.operations)
  return buffers
}

function addBuffers(buffers: ArrayBuffer[], operations: readonly OperationOutcome[]): void {
  const add = ({ value }: KeyValue) => {
    if (value.byteLength > 0 && value.buffer instanceof ArrayBuffer) buffers.push(value.buffer)
  }
  for (const operation of operations) {
    if (operation.type === 'transaction') addBuffers(buffers, operation.operations)
    else if (operation.type === 'delete') operation.deleted.forEach(add)
    else if (operation.type === 'range') operation.result.kvs.forEach(add)
    else if (operation.previous !== undefined) add(operation.previous)
  }
}

class Writer {
  readonly #db: DatabaseSync
  readonly #executor: TransactionExecutor
  readonly #compactor: Compactor
  #pagesInLog = 0
  #toldRevision = 0
  #defragmenting = false
  #housekeeping: NodeJS.Immediate | NodeJS.Timeout | undefined

  constructor(directory: string) {
    this.#db = openWriter(directory)
    this.#executor = new TransactionExecutor(this.#db)
    this.#compactor = new Compactor(this.#db)
    // What a crash left in the log goes to the database first, so that the log starts empty.
    this.#checkpoint('TRUNCATE')
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
      this.#db.exec('BEGIN IMMEDIATE')
      outcomes = requests.map(request => this.#executor.run(request))
      this.#db.exec('COMMIT')
    } catch (error) {
      this.#rollBack()
      send({ type: 'failed', message: (error as Error).message })
      return
    }
    send({ type: 'committed', outcomes, revision: this.#executor.revision }, buffersOf(outcomes))
    const bytes = requests.reduce((sum, request) => sum + valueBytes(request), 0)
    this.#pagesInLog += this.#executor.writtenRows * pagesPerRow + bytes / 4096
    this.#executor.writtenRows = 0
    if (this.#pagesInLog > checkpointPages) this.#checkpoint('PASSIVE')
    if (requests.some(request => request.type === 'compact')) this.#keepHouse()
  }

  #rollBack(): void {
    if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
    this.#executor.reload()
    this.#executor.writtenRows = 0
  }

  #checkpoint(mode: 'PASSIVE' | 'TRUNCATE'): void {
    this.#pagesInLog = 0
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
        if (this.#pagesInLog > checkpointPages) this.#checkpoint('PASSIVE')
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

function serve(directory: string): void {
  try {
    const writer = new Writer(directory)
    port.on('message', (message: ToWriter) => {
      if (message.type === 'batch') writer.write(message.requests)
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
if (!isMainThread) serve((workerData as { directory: string }).directory)
