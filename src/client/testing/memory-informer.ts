/** An informer whose objects a test sets. */
import type { Informer, InformerEvent } from '../informer.ts'
import { ObjectCache } from '../object-cache.ts'

type Named = { readonly metadata: { readonly name: string; readonly namespace?: string } }

export class MemoryInformer<T extends Named> implements Informer<T> {
  readonly #cache = new ObjectCache<T>()
  readonly #handlers = new Set<(event: InformerEvent<T>) => void>()

  put(object: T): void {
    const old = this.#cache.get(object.metadata.namespace ?? '', object.metadata.name)
    this.#cache.put(object)
    const event: InformerEvent<T> = old === undefined ? { type: 'added', object } : { type: 'updated', object, old }
    for (const handler of this.#handlers) handler(event)
  }

  remove(object: T): void {
    this.#cache.delete(object.metadata.namespace ?? '', object.metadata.name)
    for (const handler of this.#handlers) handler({ type: 'deleted', object })
  }

  hasSynced = (): boolean => true
  synced = async (): Promise<void> => {}
  get = (namespace: string, name: string): T | undefined => this.#cache.get(namespace, name)
  list = (namespace = ''): readonly T[] => this.#cache.list(namespace)
  byIndex = (index: string, value: string): readonly T[] => this.#cache.byIndex(index, value)
  addIndex = (index: string, valuesOf: (object: T) => readonly string[]): void => this.#cache.addIndex(index, valuesOf)
  resourceVersion = (): string => '1'

  subscribe(handler: (event: InformerEvent<T>) => void): () => void {
    this.#handlers.add(handler)
    for (const object of this.#cache.list('')) handler({ type: 'added', object })
    return () => this.#handlers.delete(handler)
  }
}
