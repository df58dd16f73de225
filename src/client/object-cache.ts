/** Objects by namespace and name, with indexes. Holds references, never copies; bounded by what the server holds. */
interface Index<T> {
  readonly valuesOf: (object: T) => readonly string[]
  readonly objects: Map<string, Map<string, T>>
}

interface Named {
  readonly metadata: { readonly namespace?: string; readonly name: string }
}

const nothing: readonly never[] = []

export class ObjectCache<T> {
  readonly #namespaces = new Map<string, Map<string, T>>()
  readonly #indexes = new Map<string, Index<T>>()

  get(namespace: string, name: string): T | undefined {
    return this.#namespaces.get(namespace)?.get(name)
  }

  /** The objects of a namespace; of all where it is ''. */
  list(namespace: string): readonly T[] {
    if (namespace !== '') return [...(this.#namespaces.get(namespace)?.values() ?? nothing)]
    return [...this.#namespaces.values()].flatMap(objects => [...objects.values()])
  }

  byIndex(index: string, value: string): readonly T[] {
    const known = this.#indexes.get(index)
    if (!known) throw new Error(`no index ${index}`)
    return [...(known.objects.get(value)?.values() ?? nothing)]
  }

  addIndex(name: string, valuesOf: (object: T) => readonly string[]): void {
    if (this.#indexes.has(name)) return
    const index: Index<T> = { valuesOf, objects: new Map() }
    this.#indexes.set(name, index)
    for (const object of this.list('')) insert(index, object)
  }

  put(object: T): void {
    const { namespace = '', name } = (object as unknown as Named).metadata
    this.delete(namespace, name)
    let objects = this.#namespaces.get(namespace)
    if (!objects) {
      objects = new Map()
      this.#namespaces.set(namespace, objects)
    }
    objects.set(name, object)
    for (const index of this.#indexes.values()) insert(index, object)
  }

  delete(namespace: string, name: string): boolean {
    const objects = this.#namespaces.get(namespace)
    const old = objects?.get(name)
    if (!objects || old === undefined) return false
    objects.delete(name)
    if (objects.size === 0) this.#namespaces.delete(namespace)
    for (const index of this.#indexes.values()) remove(index, old)
    return true
  }
}

const keyOf = (object: unknown): string => {
  const { namespace = '', name } = (object as Named).metadata
  return `${namespace}/${name}`
}

function insert<T>(index: Index<T>, object: T): void {
  for (const value of index.valuesOf(object)) {
    let objects = index.objects.get(value)
    if (!objects) {
      objects = new Map()
      index.objects.set(value, objects)
    }
    objects.set(keyOf(object), object)
  }
}

function remove<T>(index: Index<T>, object: T): void {
  for (const value of index.valuesOf(object)) {
    const objects = index.objects.get(value)
    objects?.delete(keyOf(object))
    if (objects?.size === 0) index.objects.delete(value)
  }
}
