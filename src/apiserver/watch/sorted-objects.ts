/**
 * Objects in key order, in chunks, so that a write moves few of them however many there are. A snapshot given out is never
 * changed afterwards.
 */
import type { StoredObject } from '../registry/stored-object.ts'

/** A chunk that grows beyond it is cut in two. */
const maxChunk = 512
/** Neighbours that are smaller together become one. */
const mergedChunk = 256

export class SortedObjects {
  /** None of them is empty. */
  readonly #chunks: StoredObject[][] = []
  readonly #byKey = new Map<string, StoredObject>()
  /** Everything, as it was given out since the last change. */
  #all: readonly StoredObject[] | undefined

  /** `sorted` must be in key order. */
  constructor(sorted: readonly StoredObject[] = []) {
    for (const object of sorted) this.#byKey.set(object.key, object)
    for (let i = 0; i < sorted.length; i += mergedChunk) this.#chunks.push(sorted.slice(i, i + mergedChunk))
  }

  get size(): number {
    return this.#byKey.size
  }

  get(key: string): StoredObject | undefined {
    return this.#byKey.get(key)
  }

  all(): readonly StoredObject[] {
    this.#all ??= this.#chunks.flat()
    return this.#all
  }

  /** Of those under a prefix all from `start` on. */
  under(prefix: string, start = prefix): readonly StoredObject[] {
    const found: StoredObject[] = []
    let index = this.#chunkOf(start)
    let from = indexIn(this.#chunks[index] ?? [], start)
    for (; index < this.#chunks.length; index++, from = 0) {
      const chunk = this.#chunks[index] as StoredObject[]
      let end = chunk.length
      // In key order what is under the prefix lies together.
      while (end > from && !(chunk[end - 1] as StoredObject).key.startsWith(prefix)) end--
      for (let i = from; i < end; i++) found.push(chunk[i] as StoredObject)
      if (end < chunk.length) return found
    }
    return found
  }

  put(object: StoredObject): void {
    this.#all = undefined
    this.#byKey.set(object.key, object)
    const at = this.#chunkOf(object.key)
    const chunk = this.#chunks[at]
    if (!chunk) {
      this.#chunks.push([object])
      return
    }
    const index = indexIn(chunk, object.key)
    if (chunk[index]?.key === object.key) {
      chunk[index] = object
      return
    }
    chunk.splice(index, 0, object)
    if (chunk.length > maxChunk) this.#chunks.splice(at + 1, 0, chunk.splice(chunk.length >> 1))
  }

  remove(key: string): void {
    if (!this.#byKey.delete(key)) return
    this.#all = undefined
    const at = this.#chunkOf(key)
    const chunk = this.#chunks[at] as StoredObject[]
    chunk.splice(indexIn(chunk, key), 1)
    const before = this.#chunks[at - 1]
    if (chunk.length === 0) this.#chunks.splice(at, 1)
    else if (before && before.length + chunk.length < mergedChunk) {
      before.push(...chunk)
      this.#chunks.splice(at, 1)
    }
  }

  /** Index of the last chunk that begins at or before a key; 0 where none does. */
  #chunkOf(key: string): number {
    let low = 0
    let high = this.#chunks.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (((this.#chunks[middle] as StoredObject[])[0] as StoredObject).key <= key) low = middle + 1
      else high = middle
    }
    return Math.max(0, low - 1)
  }
}

/** Index of the first object whose key is not below `key`. */
function indexIn(chunk: readonly StoredObject[], key: string): number {
  let low = 0
  let high = chunk.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((chunk[middle] as StoredObject).key < key) low = middle + 1
    else high = middle
  }
  return low
}
