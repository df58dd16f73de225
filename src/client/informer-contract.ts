/** What a component sees of a kind's objects: a local, ordered, eventually current copy. Objects are shared: never change them. */
export interface InformerEvent<T> {
  readonly type: 'added' | 'updated' | 'deleted'
  readonly object: T
  /** On updated: the one before. */
  readonly old?: T
}

export interface Informer<T> {
  /** Whether the first list has arrived. */
  hasSynced(): boolean
  /** Resolves when it has. */
  synced(): Promise<void>
  get(namespace: string, name: string): T | undefined
  /** All objects of a namespace, or of all where it is ''. */
  list(namespace?: string): readonly T[]
  /** Objects by an index added before the start. */
  byIndex(index: string, value: string): readonly T[]
  addIndex(index: string, valuesOf: (object: T) => readonly string[]): void
  /** Called for everything there is, then for each change. Returns how to stop. */
  subscribe(handler: (event: InformerEvent<T>) => void): () => void
}
