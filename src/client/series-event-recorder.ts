/**
 * Events as `events.k8s.io/v1` has them (KEP-383): the first of its kind is written at once, a second makes it a series,
 * whose count is written again when it ends, and every half an hour. Recording never waits and never fails.
 */
import { hostname } from 'node:os'
import type { ObjectReference } from '../api/core/v1/object-reference.ts'
import { Event } from '../api/events/v1/event.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import { ApiError, isAlreadyExists, isNotFound } from '../machinery/api-error.ts'
import type { Client } from './client.ts'
import { eventName } from './event-recorder.ts'
import { LostEvents } from './lost-events.ts'
import { microTimeOf } from './timestamps.ts'

export interface SeriesEventRecorderOptions {
  readonly client: Client
  readonly clock: Clock
  readonly log: Logger
  /** Shown as the event's origin, as `default-scheduler`. */
  readonly controller: string
}

export interface Happening {
  readonly regarding: ObjectReference
  readonly related?: ObjectReference
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  /** What was done, as `Binding`. */
  readonly action: string
  readonly note: string
}

/** Events that wait to be written, of a few hundred bytes each. client-go lets any number wait for its rate limit. */
const maxWaiting = 32_768
/** Requests under way: events come after what they tell of, and must not hold it up. */
const maxWriting = 4
const maxRemembered = 32_768
const maxNoteLength = 1024
/** client-go's numbers. */
const maxAttempts = 12
const retryMs = 10_000
const finishMs = 360_000
const refreshMs = 1_800_000

interface Kept {
  readonly happening: Happening
  readonly name: string
  readonly firstAtMs: number
  lastAtMs: number
  /** 1: no series yet. */
  count: number
  refreshedAtMs: number
  isCreated: boolean
}

export class SeriesEventRecorder {
  readonly #options: SeriesEventRecorderOptions
  readonly #instance: string
  readonly #kept = new Map<string, Kept>()
  /** What waits to be written, once each, in order. */
  readonly #waiting = new Set<Kept>()
  readonly #writing = new Set<Promise<void>>()
  readonly #lost: LostEvents
  #writers = 0
  #serial = 0
  #finishTimer: Timer | undefined
  #stopped = false

  constructor(options: SeriesEventRecorderOptions) {
    this.#options = options
    this.#lost = new LostEvents(options)
    this.#instance = `${options.controller}-${hostname()}`
  }

  record(happening: Happening): void {
    if (this.#stopped) return
    const nowMs = this.#options.clock.now()
    const { regarding, related, type, reason, action } = happening
    const key = JSON.stringify([type, action, reason, regarding, related])
    const known = this.#kept.get(key)
    if (known) {
      known.count++
      known.lastAtMs = nowMs
      if (known.count === 2) this.#enqueue(known)
      return
    }
    this.#serial++
    const name = eventName(regarding, nowMs, this.#serial)
    const times = { firstAtMs: nowMs, lastAtMs: nowMs, refreshedAtMs: nowMs }
    const kept: Kept = { happening, name, ...times, count: 1, isCreated: false }
    this.#remember(key, kept)
    this.#enqueue(kept)
  }

  /** Resolves when everything recorded so far is written or given up. */
  async flush(): Promise<void> {
    while (this.#writing.size > 0) await Promise.all(this.#writing)
  }

  stop(): void {
    this.#stopped = true
    this.#waiting.clear()
    this.#finishTimer?.cancel()
    this.#lost.stop()
  }

  #remember(key: string, kept: Kept): void {
    this.#kept.set(key, kept)
    if (this.#kept.size > maxRemembered) {
      const [oldest] = this.#kept.keys()
      this.#kept.delete(oldest as string)
    }
    this.#finishTimer ??= this.#options.clock.after(finishMs, () => this.#finish())
  }

  /** Writes the counts of series, and forgets what has not been seen for a while. */
  #finish(): void {
    const nowMs = this.#options.clock.now()
    for (const [key, kept] of this.#kept) {
      const isOver = kept.lastAtMs < nowMs - finishMs
      if (isOver) this.#kept.delete(key)
      if (kept.count < 2 || !(isOver || kept.refreshedAtMs <= nowMs - refreshMs)) continue
      kept.refreshedAtMs = nowMs
      this.#enqueue(kept)
    }
    this.#finishTimer = this.#kept.size === 0 ? undefined : this.#options.clock.after(finishMs, () => this.#finish())
  }

  #enqueue(kept: Kept): void {
    if (this.#waiting.size >= maxWaiting) {
      this.#lost.add()
      return
    }
    this.#waiting.add(kept)
    if (this.#writers >= maxWriting) return
    this.#writers++
    const run = this.#write().finally(() => this.#writing.delete(run))
    this.#writing.add(run)
  }

  async #write(): Promise<void> {
    for (const kept of this.#waiting) {
      this.#waiting.delete(kept)
      for (let attempt = 1; attempt <= maxAttempts && !this.#stopped; attempt++) {
        if (await this.#attempt(kept)) break
        await new Promise<void>(resolve => this.#options.clock.after(retryMs, resolve))
      }
    }
    // In the same step that found nothing more: what comes later starts another.
    this.#writers--
  }

  /** Whether it is written, or will never be. */
  async #attempt(kept: Kept): Promise<boolean> {
    try {
      await this.#send(kept)
      return true
    } catch (error) {
      if (!(error instanceof ApiError)) return false
      // An answer may have been lost, or its time was over while it was patched.
      if (isAlreadyExists(error)) {
        kept.isCreated = true
        return kept.count === 1
      }
      this.#options.log.debug({ reason: kept.happening.reason, error: error.message }, 'event refused')
      return true
    }
  }

  async #send(kept: Kept): Promise<void> {
    const { happening, name, firstAtMs, lastAtMs, count } = kept
    const events = this.#options.client.of(Event)
    const { regarding, related, type, reason, action, note } = happening
    const namespace = regarding.namespace || 'default'
    const series = count > 1 ? { series: { count, lastObservedTime: microTimeOf(lastAtMs) } } : {}
    if (kept.isCreated) {
      if (count === 1) return
      try {
        await events.patch(namespace, name, 'strategic', series)
        return
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
    }
    await events.create(namespace, {
      metadata: { name, namespace },
      eventTime: microTimeOf(firstAtMs),
      ...series,
      reportingController: this.#options.controller,
      reportingInstance: this.#instance,
      action,
      reason,
      regarding,
      ...(related === undefined ? {} : { related }),
      note: note.length > maxNoteLength ? note.slice(0, maxNoteLength) : note,
      type,
    } as Parameters<typeof events.create>[1])
    kept.isCreated = true
  }
}
