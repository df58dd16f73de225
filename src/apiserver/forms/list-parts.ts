/** Lists as their head, their items with separators between them, and their tail. */
import type { StoredObject } from '../registry/stored-object.ts'
import type { ListMetaJson } from './form.ts'

export interface ListParts {
  /** Of items one behind the other; about, where `head` needs not know. */
  length(items: readonly StoredObject[]): number
  head(meta: ListMetaJson, itemsLength: number): Uint8Array
  /** Items one behind the other, at least one. `once`: what is made on the way is not asked for again. */
  items(items: readonly StoredObject[], once: boolean): Uint8Array
  readonly separator: Uint8Array
  tail(meta: ListMetaJson): Uint8Array
  /** Where items change with time: the second for which they are made. */
  readonly second?: number
}

export const noBytes = Buffer.alloc(0)
/** Between the items of a JSON list, and behind the last. */
export const comma = Buffer.from(',')
export const listEnd = Buffer.from(']}\n')

/** About the length of the items where `head` needs not know it. */
export function storedLength(items: readonly StoredObject[]): number {
  let length = 0
  for (const stored of items) length += stored.bytes.length
  return length
}

/** Stored bytes of the items that are written together. */
const chunkBytes = 57_344

export function* listOf(parts: ListParts, items: readonly StoredObject[], meta: ListMetaJson): Generator<Uint8Array> {
  yield parts.head(meta, parts.length(items))
  let start = 0
  let bytes = 0
  for (const [i, stored] of items.entries()) {
    bytes += stored.bytes.length
    if (bytes < chunkBytes && i < items.length - 1) continue
    if (start > 0 && parts.separator.length > 0) yield parts.separator
    yield parts.items(items.slice(start, i + 1), false)
    start = i + 1
    bytes = 0
  }
  yield parts.tail(meta)
}
