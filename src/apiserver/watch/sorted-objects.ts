/** Objects in key order. A snapshot given out is never changed afterwards. */
import type { StoredObject } from '../registry/stored-object.ts'

export class SortedObjects {
  #sorted: StoredObject[]
  readonly #byKey = new Map<string, StoredObject>()
  /** Whether `#sorted` was given out: the next change copies it first. */
  #shared = false

  /** `sorted` must be in key order. */
  constructor(sorted: StoredObject[] = []) {
    this.#sorted = sorted
    for (const object of sorted) this.#byKey.set(object.key, object)
  }

  get size(): number {
    return this.#byKey.size
  }

  get(key: string): StoredObject | undefined {
    return this.#byKey.get(key)
  }

  all(): readonly StoredObject[] {
    this.#shared = true
    return this.#sorted
  }

  under(prefix: string): readonly StoredObject[] {
    const start = this.#indexOf(prefix)
    let end = start
    while (end < this.#sorted.length && (this.#sorted[end] as StoredObject).key.startsWith(prefix)) end++
    return this.#sorted.slice(start, end)
  }

  put(object: StoredObject): void {
    this.#own()
    const index = this.#indexOf(object.key)
    if (this.#sorted[index]?.key === object.key) this.#sorted[index] = object
    else if (index === this.#sorted.length) this.#sorted.push(object)
    else this.#sorted.splice(index, 0, object)
    this.#byKey.set(object.key, object)
  }

  remove(key: string): void {
    if (!this.#byKey.delete(key)) return
    this.#own()
    this.#sorted.splice(this.#indexOf(key), 1)
  }

  #own(): void {
    if (!this.#shared) return
    this.#sorted = this.#sorted.slice()
    this.#shared = false
  }

  /** Index of the first object whose key is not below `key`. */
  #indexOf(key: string): number {
    let low = 0
    let high = this.#sorted.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#sorted[middle] as StoredObject).key < key) low = middle + 1
      else high = middle
    }
    return low
  }
}
