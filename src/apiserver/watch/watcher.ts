/**
 * One client's watch: initial objects first, then events in order, filtered by its selector. Bounded: a client that lets
 * `maxWaiting` events or `maxWaitingBytes` pile up is cut off, and resumes from its last resourceVersion.
 */
import type { Clock, Timer } from '../../base/clock.ts'
import { expiredError, type FailureStatus } from '../../machinery/api-error.ts'
import type { Form } from '../forms/form.ts'
import { type Resource, viewOf } from '../registry/resource.ts'
import type { StoredObject } from '../registry/stored-object.ts'
import type { CacheEvent, WatchType } from './cache-event.ts'
import type { CacheListener, ObjectCache } from './object-cache.ts'
import type { WatchItem, WatchSource } from './watch-source.ts'

export interface WatcherOptions {
  readonly resource: Resource
  readonly cache: ObjectCache
  readonly form: Form
  readonly clock: Clock
  /** Buckets of the cache that can hold a match. */
  readonly bucket: string
  matches(stored: StoredObject): boolean
  /** To be awaited before `matches` is asked, where it cannot tell at once. */
  prepare?(stored: readonly StoredObject[]): Promise<void> | undefined
  /** Sent as ADDED before anything else. */
  readonly initial: readonly StoredObject[]
  /** Events between the start revision and now. */
  readonly backlog: readonly CacheEvent[]
  /** Of the initial state. */
  readonly revision: number
  /** Only events after this revision are sent; it may be still to come. */
  readonly after: number
  readonly bookmarks: boolean
  /** Send a bookmark with `k8s.io/initial-events-end` behind the initial objects. */
  readonly announceInitialEnd: boolean
  readonly timeoutMs: number
  readonly onEnd: () => void
}

const maxWaiting = 10_000
/** Of the objects of what waits, shared with all others who wait for them. */
const maxWaitingBytes = 128 * 1024 * 1024
const bookmarkIntervalMs = 60_000
/** The last bookmark before the time is up. */
const bookmarkBeforeEndMs = 2_000

type Waiting =
  | { readonly is: 'event'; readonly type: WatchType; readonly stored: StoredObject; readonly event: CacheEvent }
  | { readonly is: 'bookmark'; readonly revision: number; readonly initialEnd: boolean }
  | { readonly is: 'error'; readonly status: FailureStatus }

export class Watcher implements WatchSource, CacheListener {
  readonly mediaType: string
  onReady: (() => void) | undefined
  readonly #options: WatcherOptions
  #initialIndex = 0
  #waiting: Waiting[] = []
  #head = 0
  #waitingBytes = 0
  #sentAny = false
  /** What waits for its conversion, in order. */
  #converting: Promise<void> = Promise.resolve()
  #convertingCount = 0
  #finished = false
  #closed = false
  readonly #stopListening: () => void
  readonly #timers: Timer[] = []
  #nextBookmark: Timer | undefined
  readonly #endListeners: (() => void)[] = []

  constructor(options: WatcherOptions) {
    this.#options = options
    this.mediaType = options.form.watchMediaType
    if (options.announceInitialEnd) {
      this.#waiting.push({ is: 'bookmark', revision: options.revision, initialEnd: true })
    }
    this.#stopListening = options.cache.listen(options.bucket, this)
    for (const event of options.backlog) this.event(event)
    this.#startTimers()
  }

  get ended(): boolean {
    return this.#finished && this.#head >= this.#waiting.length
  }

  event(event: CacheEvent): void {
    if (this.#finished) return
    const { after, prepare } = this.#options
    if (event.revision <= after) return
    const found = prepare ? [event.current, event.previous].filter(one => one !== undefined) : []
    const prepared = prepare?.(found)
    if (!prepared && (!prepare || this.#convertingCount === 0)) {
      const waiting = this.#selected(event)
      if (waiting && !this.#isFull()) this.#push(waiting)
    } else if (!this.#isFull()) this.#inTurn(prepared, () => this.#selected(event))
  }

  #selected(event: CacheEvent): Waiting | undefined {
    const { matches } = this.#options
    const now = event.current !== undefined && matches(event.current)
    const then = event.previous !== undefined && matches(event.previous)
    if (!now && !then) return undefined
    const type: WatchType = now ? (then ? 'MODIFIED' : 'ADDED') : 'DELETED'
    return { is: 'event', type, stored: now ? (event.current as StoredObject) : event.gone, event }
  }

  #isFull(): boolean {
    const count = this.#waiting.length - this.#head + this.#convertingCount
    if (count >= maxWaiting || this.#waitingBytes >= maxWaitingBytes) {
      // The client is too slow: end without an error, as a closed connection, so that it resumes from what it has.
      this.#waiting.length = this.#head
      this.#waitingBytes = 0
      this.#finish()
      return true
    }
    return false
  }

  lost(): void {
    if (this.#finished) return
    this.#push({ is: 'error', status: expiredError('The resourceVersion for the provided watch is too old.').status })
    this.#finish()
  }

  take(): WatchItem | undefined {
    const { initial, form, resource } = this.#options
    while (this.#initialIndex < initial.length) {
      const stored = initial[this.#initialIndex++] as StoredObject
      const first = !this.#sentAny
      this.#sentAny = true
      return {
        type: 'ADDED',
        frame: () => form.frame('ADDED', stored, first),
        object: () => viewOf(resource, stored),
      }
    }
    if (this.#head >= this.#waiting.length) {
      if (this.#head > 0) {
        this.#waiting = []
        this.#head = 0
      }
      return undefined
    }
    const waiting = this.#waiting[this.#head++] as Waiting
    this.#waitingBytes -= bytesOf(waiting)
    if (this.#head > 1_000) {
      this.#waiting = this.#waiting.slice(this.#head)
      this.#head = 0
    }
    return this.#itemOf(waiting)
  }

  whenEnded(done: () => void): void {
    if (this.#finished) done()
    else this.#endListeners.push(done)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#waiting = []
    this.#head = 0
    this.#waitingBytes = 0
    this.#initialIndex = this.#options.initial.length
    this.#finish()
  }

  #itemOf(waiting: Waiting): WatchItem {
    const { form, resource } = this.#options
    if (waiting.is === 'error') {
      return { type: 'ERROR', frame: () => form.errorFrame(waiting.status), object: () => waiting.status }
    }
    if (waiting.is === 'bookmark') {
      return {
        type: 'BOOKMARK',
        frame: () => form.bookmark(waiting.revision, waiting.initialEnd),
        object: () => bookmarkObject(resource, waiting.revision, waiting.initialEnd),
      }
    }
    const { type, stored, event } = waiting
    const first = !this.#sentAny
    this.#sentAny = true
    const key = `${form.key}:${type}${first && form.firstFrameDiffers ? ':first' : ''}`
    return {
      type,
      frame: () => event.frame(key, () => form.frame(type, stored, first)),
      object: () => viewOf(resource, stored),
    }
  }

  #push(waiting: Waiting): void {
    const prepared = this.#shown(waiting)
    if (!prepared && this.#convertingCount === 0) this.#pushNow(waiting)
    else this.#inTurn(prepared, () => waiting)
  }

  /** To be awaited before it can be sent. */
  #shown(waiting: Waiting): Promise<void> | undefined {
    return waiting.is === 'event' ? this.#options.resource.conversion?.prepare?.([waiting.stored]) : undefined
  }

  /** Takes it up behind everything that came before, once `prepared` resolves. */
  #inTurn(prepared: Promise<void> | undefined, next: () => Waiting | undefined): void {
    const turn = async (): Promise<void> => {
      const waiting = this.#finished ? undefined : next()
      if (waiting) await this.#shown(waiting)
      this.#convertingCount--
      if (waiting && !this.#finished) this.#pushNow(waiting)
    }
    this.#convertingCount++
    this.#converting = Promise.all([prepared, this.#converting])
      .then(turn)
      .catch(() => {
        // Without an error, as upstream does where an event cannot be encoded: the client resumes from what it has.
        this.#finish()
      })
  }

  #pushNow(waiting: Waiting): void {
    this.#waiting.push(waiting)
    this.#waitingBytes += bytesOf(waiting)
    this.onReady?.()
  }

  #finish(): void {
    if (this.#finished) return
    this.#finished = true
    this.#stopListening()
    for (const timer of this.#timers) timer.cancel()
    this.#nextBookmark?.cancel()
    this.#options.onEnd()
    for (const done of this.#endListeners) done()
    this.onReady?.()
  }

  #startTimers(): void {
    if (this.#finished) return
    const { clock, timeoutMs, bookmarks } = this.#options
    this.#timers.push(clock.after(timeoutMs, () => this.#finish()))
    if (!bookmarks) return
    if (timeoutMs > bookmarkBeforeEndMs) {
      this.#timers.push(clock.after(timeoutMs - bookmarkBeforeEndMs, () => this.#bookmark()))
    }
    const again = () => {
      if (this.#finished) return
      this.#bookmark()
      this.#nextBookmark = clock.after(bookmarkIntervalMs, again)
    }
    this.#nextBookmark = clock.after(bookmarkIntervalMs, again)
  }

  /** Everything up to the cache's revision was queued before: a client that resumes there misses nothing. */
  #bookmark(): void {
    if (this.#finished) return
    const revision = Math.max(this.#options.cache.revision, this.#options.after)
    this.#push({ is: 'bookmark', revision, initialEnd: false })
  }
}

const bytesOf = (waiting: Waiting): number => (waiting.is === 'event' ? waiting.event.bytes : 0)

function bookmarkObject(resource: Resource, revision: number, initialEnd: boolean): unknown {
  const { kind } = resource
  const annotations = initialEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}
  return {
    kind: kind.gvk.kind,
    apiVersion: kind.apiVersion,
    metadata: { resourceVersion: String(revision), ...annotations },
  }
}
