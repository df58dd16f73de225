/** What a component sees of a kind's objects: a local, ordered, eventually current copy, kept by a list and a watch. */
import { type Clock, pause } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import { ApiError } from '../machinery/api-error.ts'
import type { Kind } from '../schema/kind.ts'
import type { ObjectList, ResourceClient } from './client.ts'
import { ObjectCache } from './object-cache.ts'

export interface InformerEvent<T> {
  readonly type: 'added' | 'updated' | 'deleted'
  readonly object: T
  /** On updated: the one before. */
  readonly old?: T
}

/** Objects are shared: never change them. */
export interface Informer<T> {
  /** Whether the first list has arrived. */
  hasSynced(): boolean
  /** Resolves when it has. */
  synced(): Promise<void>
  get(namespace: string, name: string): T | undefined
  /** All objects of a namespace, or of all where it is ''. */
  list(namespace?: string): readonly T[]
  /** Objects by an index added with `addIndex`. */
  byIndex(index: string, value: string): readonly T[]
  /** The same name may be added again by another user with the same meaning. */
  addIndex(index: string, valuesOf: (object: T) => readonly string[]): void
  /** Called for everything there is, then for each change. Returns how to stop. */
  subscribe(handler: (event: InformerEvent<T>) => void): () => void
  /** Everything written up to this resource version is seen; '' before the first list. */
  resourceVersion(): string
}

export interface InformerOptions {
  /** '' or absent: all namespaces. */
  readonly namespace?: string
  readonly fieldSelector?: string
  readonly labelSelector?: string
}

/** Keeps a part of each object instead of the object; the names, UID and resource version must stay. */
export type Projection<T> = (object: T) => T

export interface InformerDependencies {
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly log: Logger
}

/** client-go's page size. */
const pageSize = 500
/** client-go's reflector back-off: 800 ms, doubled up to 30 s, with jitter, reset after two calm minutes. */
const firstBackoffMs = 800
const longestBackoffMs = 30_000
const calmMs = 120_000
/** A watch ends after 5 to 10 minutes, as client-go asks for. */
const leastWatchSeconds = 300

export class WatchingInformer<T> implements Informer<T> {
  readonly kind: Kind<T>
  readonly #client: ResourceClient<T>
  readonly #options: InformerOptions
  readonly #needs: InformerDependencies
  readonly #project: Projection<T>
  readonly #cache = new ObjectCache<T>()
  readonly #handlers = new Set<(event: InformerEvent<T>) => void>()
  readonly #synced = Promise.withResolvers<void>()
  #hasSynced = false
  #resourceVersion = ''
  #running: Promise<void> | undefined

  constructor(
    client: ResourceClient<T>,
    options: InformerOptions,
    needs: InformerDependencies,
    project: Projection<T> = object => object,
  ) {
    this.#project = project
    this.kind = client.kind
    this.#client = client
    this.#options = options
    this.#needs = needs
  }

  /** Lists and watches until the signal aborts. Starting twice is the same as once. */
  start(signal: AbortSignal): void {
    this.#running ??= this.#run(signal)
  }

  hasSynced(): boolean {
    return this.#hasSynced
  }

  synced(): Promise<void> {
    return this.#synced.promise
  }

  resourceVersion(): string {
    return this.#resourceVersion
  }

  get(namespace: string, name: string): T | undefined {
    return this.#cache.get(namespace, name)
  }

  list(namespace = ''): readonly T[] {
    return this.#cache.list(namespace)
  }

  byIndex(index: string, value: string): readonly T[] {
    return this.#cache.byIndex(index, value)
  }

  addIndex(index: string, valuesOf: (object: T) => readonly string[]): void {
    this.#cache.addIndex(index, valuesOf)
  }

  subscribe(handler: (event: InformerEvent<T>) => void): () => void {
    this.#handlers.add(handler)
    for (const object of this.#cache.list('')) this.#call(handler, { type: 'added', object })
    return () => this.#handlers.delete(handler)
  }

  async #run(signal: AbortSignal): Promise<void> {
    let backoffMs = firstBackoffMs
    let lastFailureMs = Number.NEGATIVE_INFINITY
    while (!signal.aborted) {
      try {
        if (this.#resourceVersion === '') await this.#relist(signal)
        await this.#watch(signal)
      } catch (error) {
        if (signal.aborted) return
        if (error instanceof ApiError && (error.code === 410 || isTooLarge(error))) this.#resourceVersion = ''
        const { clock, random, log } = this.#needs
        if (clock.monotonic() - lastFailureMs > calmMs) backoffMs = firstBackoffMs
        lastFailureMs = clock.monotonic()
        const kind = this.kind.gvk.kind
        if (error instanceof ApiError && error.code === 410) log.debug({ kind }, 'list again: the watch expired')
        else log.warn({ kind, error: (error as Error).message }, 'list and watch failed')
        await pause(clock, backoffMs * (1 + random()), signal)
        backoffMs = Math.min(backoffMs * 2, longestBackoffMs)
      }
    }
  }

  async #relist(signal: AbortSignal): Promise<void> {
    const objects = new Map<string, T>()
    let resourceVersion = ''
    let token = ''
    let limit: number | undefined = pageSize
    do {
      let page: ObjectList<T>
      try {
        page = await this.#client.list(this.#options.namespace ?? '', this.#pageOptions(limit, token))
      } catch (error) {
        if (token === '' || !(error instanceof ApiError) || error.code !== 410) throw error
        // The list took longer than its snapshot lived: take it in one piece.
        objects.clear()
        limit = undefined
        token = ''
        page = await this.#client.list(this.#options.namespace ?? '', this.#pageOptions(undefined, ''))
      }
      signal.throwIfAborted()
      for (const item of page.items) {
        const object = this.#typed(item)
        objects.set(keyOf(object), object)
      }
      resourceVersion = page.metadata.resourceVersion ?? ''
      token = page.metadata.continue ?? ''
    } while (token !== '')
    this.#replace(objects)
    this.#resourceVersion = resourceVersion
    this.#hasSynced = true
    this.#synced.resolve()
  }

  #pageOptions(limit: number | undefined, token: string) {
    const { fieldSelector, labelSelector } = this.#options
    return {
      ...(limit === undefined ? {} : { limit }),
      ...(token === '' ? {} : { continue: token }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
      ...(labelSelector === undefined ? {} : { labelSelector }),
    }
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#needs
    const { namespace, fieldSelector, labelSelector } = this.#options
    const startedMs = clock.monotonic()
    let events = 0
    const watch = this.#client.watch(namespace ?? '', {
      resourceVersion: this.#resourceVersion,
      timeoutSeconds: Math.floor(leastWatchSeconds * (1 + random())),
      signal,
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
      ...(labelSelector === undefined ? {} : { labelSelector }),
    })
    for await (const { type, object } of watch) {
      if (signal.aborted) return
      events++
      if (type === 'ERROR') throw errorOfEvent(object)
      // The version is set before the handlers run, so that they see it as reached.
      this.#resourceVersion = metadataOf(object).resourceVersion ?? this.#resourceVersion
      if (type === 'DELETED') this.#remove(object)
      else if (type !== 'BOOKMARK') this.#put(this.#typed(object))
    }
    // client-go calls this a very short watch: without a pause it would be asked for in a tight loop.
    if (events === 0 && clock.monotonic() - startedMs < 1000) await pause(clock, 1000, signal)
  }

  #typed(object: T): T {
    if ((object as { kind?: string }).kind !== undefined) return this.#project(object)
    return this.#project({ apiVersion: this.kind.apiVersion, kind: this.kind.gvk.kind, ...object })
  }

  #replace(objects: ReadonlyMap<string, T>): void {
    for (const object of this.#cache.list('')) {
      if (!objects.has(keyOf(object))) this.#remove(object)
    }
    for (const object of objects.values()) this.#put(object)
  }

  #put(object: T): void {
    const { namespace, name } = metadataOf(object)
    const old = this.#cache.get(namespace ?? '', name)
    if (old !== undefined && metadataOf(old).resourceVersion === metadataOf(object).resourceVersion) return
    this.#cache.put(object)
    this.#tell(old === undefined ? { type: 'added', object } : { type: 'updated', object, old })
  }

  #remove(object: T): void {
    const { namespace, name } = metadataOf(object)
    if (this.#cache.delete(namespace ?? '', name)) this.#tell({ type: 'deleted', object: this.#typed(object) })
  }

  #tell(event: InformerEvent<T>): void {
    for (const handler of [...this.#handlers]) this.#call(handler, event)
  }

  #call(handler: (event: InformerEvent<T>) => void, event: InformerEvent<T>): void {
    try {
      handler(event)
    } catch (error) {
      this.#needs.log.error({ kind: this.kind.gvk.kind, error }, 'a handler of an informer failed')
    }
  }
}

interface Metadata {
  readonly namespace?: string
  readonly name: string
  readonly resourceVersion?: string
}

const metadataOf = (object: unknown): Metadata => (object as { metadata: Metadata }).metadata

const keyOf = (object: unknown): string => {
  const { namespace, name } = metadataOf(object)
  return `${namespace ?? ''}/${name}`
}

/** What a server answers to a resource version from before a restore of its store. */
const isTooLarge = (error: ApiError): boolean =>
  error.status.details?.causes?.some(cause => cause.reason === 'ResourceVersionTooLarge') === true

function errorOfEvent(object: unknown): ApiError {
  const status = object as { code?: number; reason?: string; message?: string }
  return new ApiError(status.code ?? 500, status.reason, status.message ?? 'the watch failed')
}
