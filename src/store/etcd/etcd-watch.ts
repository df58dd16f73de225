/** One watch on an etcd cluster, on a stream of its own; carried on at another member when its member is lost. */

import type { DuplexCall } from '../../base/grpc/grpc-channel.ts'
import { GrpcError } from '../../base/grpc/grpc-error.ts'
import { decodeMessage } from '../../schema/protobuf-decode.ts'
import { encodeMessage } from '../../schema/protobuf-encode.ts'
import { WatchRequest, WatchResponse } from '../etcd-api/watch-messages.ts'
import {
  CompactedError,
  type KeyValue,
  type StoreEvent,
  type Watch,
  type WatchHandler,
  type WatchOptions,
} from '../store.ts'
import type { Connection, EtcdConnections } from './connections.ts'
import { eventOf } from './conversion.ts'

const maxMessageBytes = 1 << 30
/** Upstream's too: a member that is cut off from a majority ends the stream; it would stay silent without end. */
const metadata = { hasleader: 'true' }
/** etcd leaves a request for progress unanswered while a watch catches up: it is repeated. */
const progressRetryMs = 100
const firstReopenMs = 10
const lastReopenMs = 1000

/** What was there before is not there any more. */
export const otherHistory = (why: string): Error => new Error(`etcd has another history than before: ${why}`)

export class EtcdWatch implements Watch {
  readonly #connections: EtcdConnections
  readonly #options: WatchOptions
  readonly #handler: WatchHandler
  readonly #reopened: () => void
  /** Every event below it was delivered; 0: not begun. */
  #nextRevision = 0
  #last: KeyValue | undefined
  /**
   * A stream that is opened again begins with the event that was delivered last: where it does not come, the cluster was
   * restored from a snapshot, whatever its revision is by now.
   */
  #witness: KeyValue | undefined
  #call: DuplexCall | undefined
  #member: Connection | undefined
  /** Events of a response that is not whole yet. */
  #fragments: StoreEvent[] = []
  #reopenMs = firstReopenMs
  #closed = false
  #progressTimer: NodeJS.Timeout | undefined

  /** `reopened` is called whenever the cluster may be another one than before. */
  constructor(connections: EtcdConnections, options: WatchOptions, handler: WatchHandler, reopened = () => {}) {
    this.#connections = connections
    this.#options = options
    this.#handler = handler
    this.#reopened = reopened
    if (options.startRevision !== undefined) this.begin(options.startRevision)
  }

  /** For a watch without a revision of its own: what is "next" is found out first, so that a lost stream loses nothing. */
  begin(revision: number): void {
    this.#nextRevision = revision
    this.#open()
  }

  requestProgress(): void {
    if (this.#closed || this.#progressTimer !== undefined) return
    this.#askForProgress()
    this.#progressTimer = setInterval(() => this.#askForProgress(), progressRetryMs).unref()
  }

  close(): void {
    this.#closed = true
    this.#gotProgress()
    this.#call?.cancel()
  }

  /** The store knows that the cluster's history is no longer the one that was watched. */
  fail(error: Error): void {
    this.#end(error)
  }

  #askForProgress(): void {
    this.#call?.send(encodeMessage(WatchRequest, { progressRequest: {} }))
  }

  #gotProgress(): void {
    clearInterval(this.#progressTimer)
    this.#progressTimer = undefined
  }

  #open(): void {
    if (this.#closed) return
    this.#fragments = []
    this.#witness = this.#last
    const onMessage = (bytes: Uint8Array) => {
      if (this.#call === call) this.#receive(bytes)
    }
    const { call, member } = this.#connections.duplex('/etcdserverpb.Watch/Watch', onMessage, { metadata })
    this.#call = call
    this.#member = member
    const { start, end } = this.#options
    call.send(
      encodeMessage(WatchRequest, {
        createRequest: {
          key: start,
          ...(end === undefined ? {} : { rangeEnd: end }),
          startRevision: this.#witness?.modRevision ?? this.#nextRevision,
          progressNotify: true,
          prevKv: true,
          fragment: true,
        },
      }),
    )
    if (this.#progressTimer !== undefined) this.#askForProgress()
    else if (this.#witness !== undefined) this.requestProgress()
    call.done.then(
      () => this.#lost(call),
      () => this.#lost(call),
    )
  }

  #lost(call: DuplexCall): void {
    if (this.#closed || this.#call !== call) return
    if (this.#member) this.#connections.failed(this.#member)
    setTimeout(() => {
      this.#open()
      this.#reopened()
    }, this.#reopenMs)
    this.#reopenMs = Math.min(this.#reopenMs * 2, lastReopenMs)
  }

  #receive(bytes: Uint8Array): void {
    let response: WatchResponse
    try {
      response = decodeMessage(WatchResponse, bytes, maxMessageBytes)
    } catch (error) {
      this.#end(error as Error)
      return
    }
    const { created, canceled, compactRevision = 0, cancelReason = '', events = [], fragment, header } = response
    const revision = header?.revision ?? 0
    if (canceled) {
      this.#end(compactRevision > 0 ? new CompactedError(compactRevision) : new GrpcError(1, cancelReason))
    } else if (created) {
      this.#reopenMs = firstReopenMs
    } else if (events.length === 0 && !fragment) {
      if (this.#witness !== undefined) {
        // A member that lags will come to it; one that is past it has none.
        if (revision >= this.#witness.modRevision) this.#end(otherHistory('an event that was delivered is gone'))
        return
      }
      this.#gotProgress()
      this.#nextRevision = Math.max(this.#nextRevision, revision + 1)
      this.#guard(() => this.#handler.progress(revision))
    } else {
      for (const event of events) this.#fragments.push(eventOf(event))
      if (!fragment) this.#deliver()
    }
  }

  #deliver(): void {
    let events = this.#fragments
    this.#fragments = []
    const witness = this.#witness
    if (witness !== undefined) {
      if (!events.some(({ kv }) => isSameWrite(kv, witness))) {
        this.#end(otherHistory('an event that was delivered is gone'))
        return
      }
      this.#witness = undefined
      events = events.filter(({ kv }) => kv.modRevision > witness.modRevision)
      if (events.length === 0) return
    }
    this.#last = events.at(-1)!.kv
    const revision = this.#last.modRevision
    this.#nextRevision = revision + 1
    this.#guard(() => this.#handler.events(events, revision))
  }

  #guard(call: () => void): void {
    try {
      call()
    } catch (error) {
      this.#end(error as Error)
    }
  }

  #end(error: Error): void {
    if (this.#closed) return
    this.close()
    this.#handler.ended(error)
  }
}

const isSameWrite = (one: KeyValue, other: KeyValue): boolean =>
  one.key === other.key && one.modRevision === other.modRevision && one.version === other.version
