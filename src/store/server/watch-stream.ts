/**
 * One stream of etcd's service Watch: any number of watches of the store. A client that reads too slowly costs no memory:
 * its watches are closed, and opened again at the revision after the last one sent once the stream has drained.
 */
import type { CallListener, ServerCall } from '../../base/grpc/grpc-server.ts'
import { decodeMessage } from '../../schema/protobuf-decode.ts'
import { framed } from '../etcd-api/framed.ts'
import {
  FilterType,
  noWatchId,
  type WatchCreateRequest,
  WatchRequest,
  WatchResponse,
} from '../etcd-api/watch-messages.ts'
import { CompactedError, type StoreEvent, type Watch, type WatchHandler } from '../store.ts'
import { encodedEvent } from './event-bytes.ts'
import { numberOf } from './range-form.ts'
import { compactedMessage, rpcErrorOf } from './rpc-error.ts'
import type { ServiceDeps } from './service.ts'

/** Watches of one stream. */
const maxWatches = 20_000
/** A response of a watch that asked for fragments is cut near this size (etcd's `--max-request-bytes`). */
const fragmentBytes = 1.5 * 1024 * 1024

interface Served {
  readonly id: number
  readonly start: string
  readonly end: string | undefined
  readonly without: { readonly puts: boolean; readonly deletes: boolean }
  readonly prevKv: boolean
  readonly fragment: boolean
  readonly progressNotify: boolean
  /** Every event below it was sent. */
  nextRevision: number
  /** Undefined while the client does not keep up. */
  watch: Watch | undefined
  /** Nothing was sent since the last notification of progress. */
  idle: boolean
  notifying: boolean
}

export interface WatchStreamOptions {
  /** Between two notifications of progress to a watch without events. */
  readonly progressIntervalMs: number
}

export class WatchStream implements CallListener {
  readonly #deps: ServiceDeps
  readonly #call: ServerCall
  readonly #watches = new Map<number, Served>()
  readonly #timer: NodeJS.Timeout
  /** Requests wait for the ones before them. */
  #requests: Promise<void> = Promise.resolve()
  #nextId = 0
  #keepsUp = true
  /** A request for progress waits for these watches; it is answered with the least of what they say. */
  #progress: { readonly waiting: Set<Served>; revision: number; again: boolean } | undefined

  constructor(deps: ServiceDeps, call: ServerCall, { progressIntervalMs }: WatchStreamOptions) {
    this.#deps = deps
    this.#call = call
    const jitterMs = Math.random() * (progressIntervalMs / 10)
    this.#timer = setInterval(() => this.#notify(), progressIntervalMs + jitterMs).unref()
  }

  message(bytes: Buffer): void {
    let request: WatchRequest
    try {
      request = decodeMessage(WatchRequest, bytes)
    } catch (error) {
      this.#call.end(rpcErrorOf(error))
      return
    }
    this.#requests = this.#requests
      .then(() => this.#handle(request))
      .catch(error => {
        this.#call.end(rpcErrorOf(error))
      })
  }

  ended(): void {
    this.closed()
    this.#call.end()
  }

  drained(): void {
    if (this.#keepsUp) return
    this.#keepsUp = true
    for (const served of this.#watches.values()) if (served.watch === undefined) this.#open(served)
  }

  closed(): void {
    clearInterval(this.#timer)
    for (const served of this.#watches.values()) served.watch?.close()
    this.#watches.clear()
    this.#progress = undefined
  }

  async #handle({ createRequest, cancelRequest, progressRequest }: WatchRequest): Promise<void> {
    if (createRequest) await this.#create(createRequest)
    else if (cancelRequest) await this.#cancel(cancelRequest.watchId ?? 0)
    else if (progressRequest) this.#requestProgress()
  }

  async #create(request: WatchCreateRequest): Promise<void> {
    const revision = await this.#deps.store.currentRevision()
    const { watchId = 0, filters = [] } = request
    const startRevision = numberOf(request.startRevision)
    const start = request.key || '\0'
    const end = request.rangeEnd || undefined
    const refuse = (cancelReason: string) =>
      this.#send({ watchId: noWatchId, created: true, canceled: true, cancelReason }, revision)
    if (startRevision < 0) return refuse(compactedMessage)
    if (end !== undefined && end !== '\0' && end <= start) return refuse('mvcc: watcher range is empty')
    if (this.#watches.has(watchId) && watchId !== 0) {
      return refuse('mvcc: duplicate watch ID provided on the WatchStream')
    }
    if (this.#watches.size >= maxWatches) return refuse('etcdserver: too many watches')
    const id = watchId === 0 ? this.#freeId() : watchId
    const served: Served = {
      id,
      start,
      end,
      without: { puts: filters.includes(FilterType.noPut), deletes: filters.includes(FilterType.noDelete) },
      prevKv: request.prevKv === true,
      fragment: request.fragment === true,
      progressNotify: request.progressNotify === true,
      nextRevision: startRevision || revision + 1,
      watch: undefined,
      idle: true,
      notifying: false,
    }
    this.#watches.set(id, served)
    this.#send({ watchId: id, created: true }, revision)
    if (this.#keepsUp) this.#open(served)
  }

  #freeId(): number {
    while (this.#watches.has(this.#nextId)) this.#nextId++
    return this.#nextId++
  }

  async #cancel(id: number): Promise<void> {
    const served = this.#watches.get(id)
    if (served === undefined) return
    this.#forget(served)
    served.watch?.close()
    this.#send({ watchId: id, canceled: true }, await this.#deps.store.currentRevision())
  }

  #forget(served: Served): void {
    this.#watches.delete(served.id)
    if (this.#progress?.waiting.delete(served)) this.#answerProgress()
  }

  #open(served: Served): void {
    const { start, end, nextRevision } = served
    const options = { start, ...(end === undefined ? {} : { end }), startRevision: nextRevision }
    try {
      served.watch = this.#deps.store.watch(options, this.#handler(served))
    } catch (error) {
      this.#end(served, error as Error)
      return
    }
    if (served.notifying || this.#progress?.waiting.has(served)) served.watch.requestProgress()
  }

  #handler(served: Served): WatchHandler {
    return {
      events: (events, revision) => this.#events(served, events, revision),
      progress: revision => this.#progressed(served, revision),
      ended: error => this.#end(served, error),
    }
  }

  #events(served: Served, events: readonly StoreEvent[], revision: number): void {
    served.nextRevision = revision + 1
    const { puts, deletes } = served.without
    const wanted = puts || deletes ? events.filter(event => (event.type === 'put' ? !puts : !deletes)) : events
    if (wanted.length === 0) return
    served.idle = false
    const encoded = wanted.map(event => encodedEvent(event, served.prevKv, this.#watches.size > 1))
    for (const { parts, last } of served.fragment ? fragments(encoded) : [{ parts: encoded, last: true }]) {
      this.#send({ watchId: served.id, ...(last ? {} : { fragment: true }) }, revision, parts)
    }
  }

  #end(served: Served, error: Error): void {
    if (this.#watches.get(served.id) !== served) return
    this.#forget(served)
    const compacted = error instanceof CompactedError
    this.#deps.store.currentRevision().then(
      revision =>
        this.#send(
          {
            watchId: served.id,
            canceled: true,
            ...(compacted ? { compactRevision: error.compactRevision } : { cancelReason: rpcErrorOf(error).details }),
          },
          revision,
        ),
      failure => this.#call.end(rpcErrorOf(failure)),
    )
  }

  /** `tail`: the encoded events. */
  #send(response: WatchResponse, revision: number, tail: readonly Uint8Array[] = []): void {
    let bytes = 128
    for (const part of tail) bytes += part.length
    const header = this.#deps.identity.header(revision)
    const { watchId: _id, ...rest } = response
    const whole = response.watchId === 0 ? { header, ...rest } : { header, ...response }
    if (this.#call.send(framed(WatchResponse, whole, bytes, tail))) return
    this.#keepsUp = false
    for (const served of this.#watches.values()) {
      served.watch?.close()
      served.watch = undefined
    }
  }

  #notify(): void {
    for (const served of this.#watches.values()) {
      if (!served.progressNotify) continue
      if (served.idle) {
        served.notifying = true
        served.watch?.requestProgress()
      }
      served.idle = true
    }
  }

  #requestProgress(): void {
    if (this.#progress !== undefined) {
      this.#progress.again = true
      return
    }
    if (this.#watches.size === 0) return
    this.#progress = { waiting: new Set(this.#watches.values()), revision: Number.MAX_SAFE_INTEGER, again: false }
    for (const served of this.#progress.waiting) served.watch?.requestProgress()
  }

  #progressed(served: Served, revision: number): void {
    served.nextRevision = Math.max(served.nextRevision, revision + 1)
    if (served.notifying) {
      served.notifying = false
      this.#send({ watchId: served.id }, revision)
    }
    if (!this.#progress?.waiting.delete(served)) return
    this.#progress.revision = Math.min(this.#progress.revision, revision)
    this.#answerProgress()
  }

  #answerProgress(): void {
    const progress = this.#progress
    if (progress === undefined || progress.waiting.size > 0) return
    this.#progress = undefined
    if (progress.revision < Number.MAX_SAFE_INTEGER) this.#send({ watchId: noWatchId }, progress.revision)
    if (progress.again) this.#requestProgress()
  }
}

/** Cuts events into responses near the bound; each has at least one. */
export function fragments(
  encoded: readonly Uint8Array[],
  maxBytes = fragmentBytes,
): { readonly parts: readonly Uint8Array[]; readonly last: boolean }[] {
  const cut: { parts: Uint8Array[]; last: boolean }[] = []
  let bytes = 0
  for (const part of encoded) {
    const current = cut.at(-1)
    if (current === undefined || bytes + part.length > maxBytes) {
      cut.push({ parts: [part], last: false })
      bytes = part.length
    } else {
      current.parts.push(part)
      bytes += part.length
    }
  }
  const last = cut.at(-1)
  if (last !== undefined) last.last = true
  return cut
}
