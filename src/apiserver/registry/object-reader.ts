import type { Kind } from '../../schema/kind.ts'

export interface ObjectChange<T> {
  readonly type: 'added' | 'updated' | 'deleted'
  readonly object: T
  readonly old?: T
}

/**
 * Reads of the server's own caches, for its authorizers and admission plugins. Answers are as fresh as the cache, never
 * older than the last write of this server; objects are shared and must not be changed.
 */
export interface ObjectReader {
  get<T>(kind: Kind<T>, namespace: string, name: string): T | undefined
  /** All of one namespace, or of all where it is ''. */
  list<T>(kind: Kind<T>, namespace: string): readonly T[]
  /** As `list`, after the cache of a kind that nobody has read yet is filled. */
  listWhenReady<T>(kind: Kind<T>, namespace: string): Promise<readonly T[]>
  /** Called for every object there is and then for every change. Returns how to stop. */
  subscribe<T>(kind: Kind<T>, handler: (change: ObjectChange<T>) => void): () => void
  /** Reads through to the store, past the cache. */
  getFresh<T>(kind: Kind<T>, namespace: string, name: string): Promise<T | undefined>
}
