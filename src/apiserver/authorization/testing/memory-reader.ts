/** A reader over objects in memory, for tests of what reads the server's caches. */
import type { Kind } from '../../../schema/kind.ts'
import type { ObjectChange, ObjectReader } from '../../registry/object-reader.ts'
import type { ObjectWriter } from '../../registry/object-writer.ts'

interface Named {
  readonly metadata: { readonly name: string; readonly namespace?: string }
}

export class MemoryReader implements ObjectReader, ObjectWriter {
  readonly #objects = new Map<Kind, Map<string, Named>>()
  readonly #handlers = new Map<Kind, Set<(change: ObjectChange<never>) => void>>()

  get<T>(kind: Kind<T>, namespace: string, name: string): T | undefined {
    return this.#of(kind).get(`${namespace}/${name}`) as T | undefined
  }

  list<T>(kind: Kind<T>, namespace: string): readonly T[] {
    const all = [...this.#of(kind).values()]
    return all.filter(o => namespace === '' || o.metadata.namespace === namespace) as T[]
  }

  async listWhenReady<T>(kind: Kind<T>, namespace: string): Promise<readonly T[]> {
    return this.list(kind, namespace)
  }

  subscribe<T>(kind: Kind<T>, handler: (change: ObjectChange<T>) => void): () => void {
    for (const object of this.#of(kind).values()) handler({ type: 'added', object: object as T })
    const handlers = this.#handlers.getOrInsertComputed(kind, () => new Set())
    handlers.add(handler as never)
    return () => handlers.delete(handler as never)
  }

  async getFresh<T>(kind: Kind<T>, namespace: string, name: string): Promise<T | undefined> {
    return this.get(kind, namespace, name)
  }

  async change<T>(kind: Kind<T>, namespace: string, name: string, change: (current: T) => T): Promise<void> {
    const current = this.get(kind, namespace, name)
    if (current !== undefined) this.put(kind, change(current) as object)
  }

  /** Adds or replaces. The object may be a fragment: what is under test decides what it has to have. */
  put<T>(kind: Kind<T>, object: object): void {
    const named = object as Named
    const key = `${named.metadata.namespace ?? ''}/${named.metadata.name}`
    const old = this.#of(kind).get(key)
    this.#of(kind).set(key, named)
    this.#tell(kind, old ? { type: 'updated', object: named, old } : { type: 'added', object: named })
  }

  delete<T>(kind: Kind<T>, namespace: string, name: string): void {
    const old = this.#of(kind).get(`${namespace}/${name}`)
    if (!old) return
    this.#of(kind).delete(`${namespace}/${name}`)
    this.#tell(kind, { type: 'deleted', object: old })
  }

  #of(kind: Kind): Map<string, Named> {
    return this.#objects.getOrInsertComputed(kind, () => new Map())
  }

  #tell(kind: Kind, change: ObjectChange<Named>): void {
    for (const handler of this.#handlers.get(kind) ?? []) handler(change as never)
  }
}
