/** How objects look in a response: one implementation for each representation that a client can ask for. */
import type { FailureStatus } from '../../machinery/api-error.ts'
import type { Resource } from '../registry/resource.ts'
import type { StoredObject } from '../registry/stored-object.ts'
import type { WatchType } from '../watch/cache-event.ts'
import type { ListParts } from './list-parts.ts'

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
  /** What `list` is put together of, where the bytes of an item depend on its object alone. */
  readonly parts?: ListParts
  /** One event of a watch. `first`: nothing was sent on this watch yet. */
  frame(type: WatchType, stored: StoredObject, first: boolean): Buffer
  /** Whether the first frame of a watch differs from the same frame later. */
  readonly firstFrameDiffers: boolean
  bookmark(revision: number, initialEventsEnd: boolean): Buffer
  errorFrame(status: FailureStatus): Buffer
}

export type FormOf = (resource: Resource) => Form
