/** How objects look in a response: one implementation for each representation that a client can ask for. */
import type { FailureStatus } from '../../machinery/api-error.ts'
import type { Resource } from '../registry/resource.ts'
import type { StoredObject } from '../registry/stored-object.ts'
import type { WatchType } from '../watch/cache-event.ts'

export interface ListMetaJson {
  readonly resourceVersion?: string
  readonly continue?: string
  readonly remainingItemCount?: number
}

export interface Form {
  /** Of single objects and lists. */
  readonly mediaType: string
  /** Of watches. */
  readonly watchMediaType: string
  /** Forms of one key give the same bytes for the same object. */
  readonly key: string
  object(stored: StoredObject): Uint8Array
  list(items: readonly StoredObject[], meta: ListMetaJson): Iterable<Uint8Array>
  /** One event of a watch. `first`: nothing was sent on this watch yet. */
  frame(type: WatchType, stored: StoredObject, first: boolean): Buffer
  /** Whether the first frame of a watch differs from the same frame later. */
  readonly firstFrameDiffers: boolean
  bookmark(revision: number, initialEventsEnd: boolean): Buffer
  errorFrame(status: FailureStatus): Buffer
}

export type FormOf = (resource: Resource) => Form

/** Joins pieces to chunks of about 64 KiB, so that a long list is sent in few writes and never whole in memory. */
export function* chunked(pieces: Iterable<Uint8Array>): Generator<Uint8Array> {
  const chunkBytes = 65_536
  let pending: Uint8Array[] = []
  let bytes = 0
  for (const piece of pieces) {
    pending.push(piece)
    bytes += piece.length
    if (bytes < chunkBytes) continue
    yield pending.length === 1 ? piece : Buffer.concat(pending, bytes)
    pending = []
    bytes = 0
  }
  if (bytes > 0) yield Buffer.concat(pending, bytes)
}
