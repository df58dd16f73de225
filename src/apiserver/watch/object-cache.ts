/**
 * All objects of one kind, as bytes, in key order, kept current by the store's feed. Started by its first reader.
 * Invariant: the content is the store's as of `revision`; history holds every event after `history.completeAfter`.
 */
import { type Logger, loggerOf } from '../../base/log.ts'
import type { Requirement } from '../../machinery/selectors/requirement.ts'
import type { Kind } from '../../schema/kind.ts'
import { type KeyValue, prefixEnd, type Store, type StoreEvent } from '../../store/store.ts'
import type { DerivedForms } from '../registry/derived-forms.ts'
import type { StoredLayout } from '../registry/stored-layout.ts'
import {
  type NormalisedBytes,
  type ObjectJson,
  type ObjectOwner,
  outdatedObjects,
  parsedBytes,
  type SelectableFacts,
  StoredObject,
} from '../registry/stored-object.ts'
import { CacheEvent } from './cache-event.ts'
import { EventHistory } from './event-history.ts'
import { LabelIndex } from './label-index.ts'
import { SortedObjects } from './sorted-objects.ts'
import type { FeedListener, StoreFeed } from './store-feed.ts'

export interface CacheListener {
  event(event: CacheEvent): void
  /** The history was lost: what was told before is no longer continued. */
  lost(): void
}

export interface ObjectCacheOptions {
  readonly kind: Kind
  /** `/registry/pods/` */
  readonly prefix: string
  readonly namespaced: boolean
  readonly store: Store
  readonly feed: StoreFeed
  readonly forms: DerivedForms
  readonly factsOf: (object: ObjectJson) => SelectableFacts
  /** A field by whose value objects and watchers are indexed, as `spec.nodeName`. */
  readonly indexedField?: string
  readonly layout: StoredLayout
  /** Turns what another server may have stored into our canonical bytes. */
  readonly normalise: (value: Uint8Array) => NormalisedBytes
  /** Milliseconds, for the age of events. */
  readonly monotonic: () => number
}

const pageSize = 1_000
/** Between two attempts to read again what was lost. */
const reloadMs = 500

export class ObjectCache implements FeedListener, ObjectOwner {
  readonly kind: Kind
  readonly prefix: string
  readonly forms: DerivedForms
  readonly layout: StoredLayout
  readonly factsOf: (object: ObjectJson) => SelectableFacts
  readonly indexedField: string | undefined
  readonly #options: ObjectCacheOptions
  readonly #log: Logger = loggerOf('apiserver/cache')
  #objects = new SortedObjects()
  /** The last state that subscribers were told of, while it is being read again after a gap. */
  #beforeGap: SortedObjects | undefined
  readonly #byField = new Map<string, Set<string>>()
  readonly #byLabel = new LabelIndex()
  #history: EventHistory
  #loading: Promise<void> | undefined
  /** Raised when the history is lost: what is being read then may belong to it. */
  #losses = 0
  #ready = false
  #closed = false
  #buffered: StoreEvent[] = []
  /** State and later events are from after this revision. */
  #loadedAt = 0
  #changedAt = 0
  /** Watchers and subscribers, by what they can possibly be interested in. `*` is everything. */
  readonly #listeners = new Map<string, Set<CacheListener>>()
  readonly #progressListeners = new Set<(revision: number) => void>()
  /** Objects of writes under way by key: their events then need no parsing. Bounded by the writes in flight. */
  readonly #expected = new Map<string, { bytes: Buffer; object: ObjectJson }>()

  constructor(options: ObjectCacheOptions) {
    this.#options = options
    this.#history = new EventHistory(0, options.monotonic)
    this.kind = options.kind
    this.prefix = options.prefix
    this.forms = options.forms
    this.factsOf = options.factsOf
    this.indexedField = options.indexedField
    this.layout = options.layout
    options.feed.listen(options.prefix, this)
  }

  get revision(): number {
    return Math.max(this.#loadedAt, this.#options.feed.revision)
  }

  /** Revision of the newest change that is known of. */
  get changedAt(): number {
    return this.#changedAt
  }

  get isReady(): boolean {
    return this.#ready
  }

  get size(): number {
    return this.#objects.size
  }

  /** Resolves when the content was read once. */
  ready(): Promise<void> {
    if (this.#ready) return Promise.resolve()
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined
    })
    return this.#loading
  }

  /** Resolves when the content is no older than any write acknowledged before the call. */
  async fresh(): Promise<void> {
    const { feed } = this.#options
    do {
      if (!this.#ready) await this.ready()
      const revision = await feed.storeRevision()
      if (this.revision < revision || feed.isInterrupted) await feed.reached(revision)
      // Meanwhile the history may have been lost, and all of it with it.
    } while (!this.#ready || feed.isInterrupted)
  }

  get(key: string): StoredObject | undefined {
    return this.#objects.get(key)
  }

  /** A snapshot of the objects under a prefix of this cache's, in key order, from `start` on. */
  under(prefix: string, start = prefix): readonly StoredObject[] {
    return prefix === this.prefix && start === prefix ? this.#objects.all() : this.#objects.under(prefix, start)
  }

  /** What is stored is not what would be stored now. */
  markOutdated(): void {
    for (const stored of this.#objects.all()) outdatedObjects.add(stored)
  }

  /** Objects whose indexed field has this value, in key order. */
  byField(value: string): readonly StoredObject[] {
    return this.#present([...(this.#byField.get(value) ?? [])])
  }

  #present(keys: string[]): readonly StoredObject[] {
    const found: StoredObject[] = []
    for (const key of keys.sort()) {
      const object = this.#objects.get(key)
      if (object) found.push(object)
    }
    return found
  }

  /** Objects in key order among which are all that fulfil the requirements; undefined where every object may. */
  byLabels(requirements: readonly Requirement[]): readonly StoredObject[] | undefined {
    const keys = this.#byLabel.find(requirements, () => this.#objects.all(), this.#objects.size)
    return keys && this.#present(keys)
  }

  /** Events after `revision`, or undefined where they are forgotten. */
  eventsSince(revision: number): CacheEvent[] | undefined {
    return this.#history.since(revision)
  }

  get oldestRevision(): number {
    return this.#history.completeAfter
  }

  /** `bucket` is `*`, `s:namespace`, `k:key` or `f:value of the indexed field`. */
  listen(bucket: string, listener: CacheListener): () => void {
    let bucketListeners = this.#listeners.get(bucket)
    if (!bucketListeners) {
      bucketListeners = new Set()
      this.#listeners.set(bucket, bucketListeners)
    }
    bucketListeners.add(listener)
    return () => {
      bucketListeners.delete(listener)
      if (bucketListeners.size === 0 && this.#listeners.get(bucket) === bucketListeners) this.#listeners.delete(bucket)
    }
  }

  onProgress(listener: (revision: number) => void): () => void {
    this.#progressListeners.add(listener)
    return () => this.#progressListeners.delete(listener)
  }

  /** Announces the bytes that are about to be written under a key, and the object that they encode. */
  expect(key: string, bytes: Buffer, object: ObjectJson): void {
    this.#expected.set(key, { bytes, object })
  }

  unexpect(key: string, bytes: Buffer): void {
    if (this.#expected.get(key)?.bytes === bytes) this.#expected.delete(key)
  }

  /** An object read past the cache, in its terms. */
  storedOf(kv: KeyValue): StoredObject {
    const known = this.#objects.get(kv.key)
    if (this.#ready && known && known.revision === kv.modRevision) return known
    return this.#stored(kv)
  }

  events(events: readonly StoreEvent[]): void {
    if (this.#loading) for (const event of events) this.#buffered.push(event)
    else if (this.#ready) for (const event of events) this.#apply(event)
  }

  progress(revision: number): void {
    this.#history.forgetOld()
    for (const listener of this.#progressListeners) listener(revision)
  }

  lost(): void {
    this.#losses++
    if (!this.#ready) return
    this.#beforeGap = this.#objects
    this.#ready = false
    for (const listeners of [...this.#listeners.values()]) for (const listener of [...listeners]) listener.lost()
    this.#readAgain()
  }

  /** Until it succeeds, for subscribers wait for it. */
  #readAgain(): void {
    if (this.#closed) return
    this.ready().catch(error => {
      this.#log.error({ error: (error as Error).message, kind: this.kind.gvk.kind }, 'reading again failed')
      setTimeout(() => this.#readAgain(), reloadMs).unref()
    })
  }

  /** Ends all watches: their resource is no longer served as it was. */
  close(): void {
    this.#closed = true
    this.#options.feed.unlisten(this.prefix)
    for (const listeners of [...this.#listeners.values()]) for (const listener of [...listeners]) listener.lost()
  }

  async #load(): Promise<void> {
    let losses: number
    do {
      losses = this.#losses
      const { objects, revision } = await this.#readAll()
      if (losses === this.#losses) this.#take(objects, revision)
    } while (losses !== this.#losses)
  }

  async #readAll(): Promise<{ objects: StoredObject[]; revision: number }> {
    const { store } = this.#options
    this.#buffered = []
    const loaded: StoredObject[] = []
    let start = this.prefix
    let revision: number | undefined
    const end = prefixEnd(this.prefix)
    for (;;) {
      const page = await store.range({ start, end, limit: pageSize, ...(revision === undefined ? {} : { revision }) })
      revision ??= page.revision
      for (const kv of page.kvs) {
        try {
          loaded.push(this.#stored(kv))
        } catch (error) {
          this.#log.error({ key: kv.key, error: (error as Error).message }, 'stored object cannot be decoded')
        }
      }
      const last = page.kvs.at(-1)
      if (!page.more || !last) return { objects: loaded, revision }
      start = `${last.key}\0`
    }
  }

  #take(loaded: StoredObject[], revision: number): void {
    this.#objects = new SortedObjects(loaded)
    this.#byField.clear()
    this.#byLabel.clear()
    if (this.indexedField !== undefined) for (const object of loaded) this.#index(object)
    this.#loadedAt = revision
    this.#changedAt = revision
    this.#history = new EventHistory(revision, this.#options.monotonic)
    this.#ready = true
    const buffered = this.#buffered
    this.#buffered = []
    for (const event of buffered) this.#apply(event)
    const before = this.#beforeGap
    this.#beforeGap = undefined
    if (before) this.#tellDifference(before)
  }

  /** After a gap: whoever stayed subscribed hears what changed meanwhile. */
  #tellDifference(before: SortedObjects): void {
    for (const object of before.all()) {
      if (!this.#objects.get(object.key)) this.#tell(new CacheEvent(this.#loadedAt, undefined, object))
    }
    for (const object of this.#objects.all()) {
      const old = before.get(object.key)
      // In another history the same revision may have written something else.
      if (old?.revision !== object.revision || !old.bytes.equals(object.bytes))
        this.#tell(new CacheEvent(object.revision, object, old))
    }
  }

  #stored(kv: KeyValue): StoredObject {
    const stored = this.#read(kv)
    if (kv.isOutdated) outdatedObjects.add(stored)
    return stored
  }

  #read({ key, value, modRevision }: KeyValue): StoredObject {
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    if (this.layout.isCanonical(bytes)) {
      // A slice of a larger buffer would keep all of it.
      if (value.buffer.byteLength === value.byteLength) return new StoredObject(this, key, bytes, modRevision)
      const own = Buffer.allocUnsafeSlow(bytes.length)
      bytes.copy(own)
      return new StoredObject(this, key, own, modRevision)
    }
    const normalised = this.#options.normalise(value)
    const stored = new StoredObject(this, key, normalised.bytes, modRevision)
    if (normalised.isOutdated) outdatedObjects.add(stored)
    return stored
  }

  #apply(event: StoreEvent): void {
    const { key, modRevision } = event.kv
    if (modRevision <= this.#loadedAt) return
    const previous = this.#objects.get(key)
    let current: StoredObject | undefined
    if (event.type === 'put') {
      try {
        current = this.#arrived(event.kv)
      } catch (error) {
        this.#log.error({ key, error: (error as Error).message }, 'stored object cannot be decoded')
        return
      }
      this.#objects.put(current)
    } else {
      if (!previous) return
      this.#objects.remove(key)
    }
    this.#changedAt = modRevision
    const cacheEvent = new CacheEvent(modRevision, current, previous)
    this.#history.add(cacheEvent)
    if (this.indexedField !== undefined) {
      if (previous) this.#unindex(previous)
      if (current) this.#index(current)
    }
    this.#byLabel.changed(previous, current)
    this.#tell(cacheEvent)
    cacheEvent.forgetForms()
  }

  #arrived(kv: KeyValue): StoredObject {
    const expected = this.#expected.get(kv.key)
    if (expected && expected.bytes.length === kv.value.length && expected.bytes.equals(kv.value)) {
      this.#expected.delete(kv.key)
      const stored = new StoredObject(this, kv.key, expected.bytes, kv.modRevision)
      expected.object.metadata.resourceVersion = String(kv.modRevision)
      this.forms.putOnTrial(stored, 'object', expected.object, parsedBytes(expected.bytes))
      return stored
    }
    return this.#stored(kv)
  }

  #tell(event: CacheEvent): void {
    if (this.#listeners.size === 0) return
    const key = (event.current ?? event.previous)?.key as string
    this.#tellBucket('*', event)
    this.#tellBucket(`k:${key}`, event)
    if (this.#options.namespaced) {
      const rest = key.slice(this.prefix.length)
      const slash = rest.indexOf('/')
      if (slash > 0) this.#tellBucket(`s:${rest.slice(0, slash)}`, event)
    }
    if (this.indexedField === undefined) return
    const now = event.current?.facts.fields[this.indexedField]
    const then = event.previous?.facts.fields[this.indexedField]
    if (now !== undefined) this.#tellBucket(`f:${now}`, event)
    if (then !== undefined && then !== now) this.#tellBucket(`f:${then}`, event)
  }

  #tellBucket(bucket: string, event: CacheEvent): void {
    const listeners = this.#listeners.get(bucket)
    if (listeners) for (const listener of listeners) listener.event(event)
  }

  #index(object: StoredObject): void {
    const value = object.facts.fields[this.indexedField as string] ?? ''
    const keys = this.#byField.get(value)
    if (keys) keys.add(object.key)
    else this.#byField.set(value, new Set([object.key]))
  }

  #unindex(object: StoredObject): void {
    const value = object.facts.fields[this.indexedField as string] ?? ''
    const keys = this.#byField.get(value)
    keys?.delete(object.key)
    if (keys?.size === 0) this.#byField.delete(value)
  }
}
