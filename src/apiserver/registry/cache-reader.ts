/** ObjectReader over the caches, for authorizers and admission plugins. */
import type { Kind } from '../../schema/kind.ts'
import type { CacheEvent } from '../watch/cache-event.ts'
import { freshObject } from './current.ts'
import type { ObjectChange, ObjectReader } from './object-reader.ts'
import type { RegistryDeps } from './registry-deps.ts'
import { cacheOf, keyOf, type Resource, viewOf, viewOnce } from './resource.ts'
import type { ResourceTable } from './resource-table.ts'

/** Between two attempts to read what a subscription begins with. */
const readAgainMs = 500

export class CacheReader implements ObjectReader {
  readonly #table: ResourceTable
  readonly #deps: () => RegistryDeps

  /** `deps` is asked late: what is built with a reader is part of it. */
  constructor(table: ResourceTable, deps: () => RegistryDeps) {
    this.#table = table
    this.#deps = deps
  }

  /** Reads these kinds, so that `get` and `list` answer at once. */
  async start(kinds: readonly Kind[]): Promise<void> {
    await Promise.all(kinds.map(kind => cacheOf(this.#resourceOf(kind)).ready()))
  }

  get<T>(kind: Kind<T>, namespace: string, name: string): T | undefined {
    const resource = this.#resourceOf(kind as Kind)
    const cache = cacheOf(resource)
    if (!cache.isReady) cache.ready().catch(() => {})
    const stored = cache.get(keyOf(resource, namespace, name))
    return stored && (viewOf(resource, stored) as T)
  }

  list<T>(kind: Kind<T>, namespace: string): readonly T[] {
    const resource = this.#resourceOf(kind as Kind)
    const cache = cacheOf(resource)
    if (!cache.isReady) cache.ready().catch(() => {})
    const prefix = resource.namespaced && namespace !== '' ? `${cache.prefix}${namespace}/` : cache.prefix
    return cache.under(prefix).map(stored => viewOf(resource, stored) as T)
  }

  async listWhenReady<T>(kind: Kind<T>, namespace: string): Promise<readonly T[]> {
    await cacheOf(this.#resourceOf(kind as Kind)).ready()
    return this.list(kind, namespace)
  }

  subscribe<T>(kind: Kind<T>, handler: (change: ObjectChange<T>) => void): () => void {
    const resource = this.#resourceOf(kind as Kind)
    const cache = cacheOf(resource)
    const tell = (event: CacheEvent) => {
      const old = event.previous && (viewOnce(resource, event.previous) as T)
      if (!event.current) handler({ type: 'deleted', object: viewOnce(resource, event.gone) as T })
      else if (old === undefined) handler({ type: 'added', object: viewOnce(resource, event.current) as T })
      else handler({ type: 'updated', object: viewOnce(resource, event.current) as T, old })
    }
    let stop = () => {}
    let stopped = false
    // After a gap the cache tells the difference itself.
    const begin = () => {
      if (stopped) return
      for (const stored of cache.under(cache.prefix)) handler({ type: 'added', object: viewOf(resource, stored) as T })
      stop = cache.listen('*', { event: tell, lost: () => {} })
    }
    const beginWhenRead = () => {
      cache.ready().then(begin, () => {
        if (!stopped) setTimeout(beginWhenRead, readAgainMs).unref()
      })
    }
    if (cache.isReady) begin()
    else beginWhenRead()
    return () => {
      stopped = true
      stop()
    }
  }

  async getFresh<T>(kind: Kind<T>, namespace: string, name: string): Promise<T | undefined> {
    const resource = this.#resourceOf(kind as Kind)
    const stored = await freshObject(this.#deps(), resource, namespace, name)
    return stored && (viewOf(resource, stored) as T)
  }

  #resourceOf(kind: Kind): Resource {
    const resource = this.#table.ofKind(kind)
    if (!resource) throw new Error(`${kind.gvk.kind} is not served`)
    return resource
  }
}
