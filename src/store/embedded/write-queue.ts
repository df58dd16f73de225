/**
 * Requests on their way to the writer thread. While one batch is written the next one gathers, so that requests made at the
 * same time share a sync. Bounded: what does not fit is refused at once.
 */
import { StoreUnavailableError } from '../store.ts'
import { maxBatchBytes, maxBatchRequests, maxQueuedBytes, maxQueuedRequests } from './limits.ts'
import type { RequestOutcome, WriteRequest } from './writer-protocol.ts'

export interface PendingWrite {
  readonly request: WriteRequest
  readonly bytes: number
  readonly resolve: (outcome: RequestOutcome) => void
  readonly reject: (error: Error) => void
}

export class WriteQueue {
  readonly #send: (requests: readonly WriteRequest[]) => void
  #waiting: PendingWrite[] = []
  #waitingBytes = 0
  #inFlight: readonly PendingWrite[] = []
  #flushScheduled = false
  #broken: Error | undefined
  #idle: (() => void) | undefined

  constructor(send: (requests: readonly WriteRequest[]) => void) {
    this.#send = send
  }

  add(request: WriteRequest, bytes: number): Promise<RequestOutcome> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken)
    const full =
      this.#waiting.length >= maxQueuedRequests ||
      (this.#waiting.length > 0 && this.#waitingBytes + bytes > maxQueuedBytes)
    if (full) return Promise.reject(new StoreUnavailableError('etcdserver: too many requests'))
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, bytes, resolve, reject })
      this.#waitingBytes += bytes
      this.#schedule()
    })
  }

  /** Takes the batch that the writer has answered; the next one is sent at once. */
  takeAnswered(): readonly PendingWrite[] {
    const answered = this.#inFlight
    this.#inFlight = []
    this.#flush()
    return answered
  }

  /** Refuses everything from now on, and what is waiting and in flight. */
  break(error: Error): void {
    this.#broken ??= error
    const pending = [...this.#inFlight, ...this.#waiting]
    this.#inFlight = []
    this.#waiting = []
    this.#waitingBytes = 0
    for (const { reject } of pending) reject(this.#broken)
    this.#idle?.()
  }

  /** Refuses new requests and resolves when the accepted ones are answered. */
  drain(error: Error): Promise<void> {
    this.#broken ??= error
    if (this.#inFlight.length === 0 && this.#waiting.length === 0) return Promise.resolve()
    return new Promise(resolve => {
      this.#idle = resolve
    })
  }

  /** In a microtask, so that requests of one turn go together. */
  #schedule(): void {
    if (this.#flushScheduled || this.#inFlight.length > 0) return
    this.#flushScheduled = true
    queueMicrotask(() => {
      this.#flushScheduled = false
      if (this.#inFlight.length === 0) this.#flush()
    })
  }

  #flush(): void {
    if (this.#waiting.length === 0) {
      this.#idle?.()
      return
    }
    let count = 0
    let bytes = 0
    while (count < this.#waiting.length && count < maxBatchRequests) {
      const next = this.#waiting[count]!.bytes
      if (count > 0 && bytes + next > maxBatchBytes) break
      bytes += next
      count++
    }
    this.#inFlight = this.#waiting.slice(0, count)
    this.#waiting = this.#waiting.slice(count)
    this.#waitingBytes -= bytes
    this.#send(this.#inFlight.map(({ request }) => request))
  }
}
