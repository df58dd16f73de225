/** Events as field 11 of a WatchResponse, encoded once for all watches that get them. */
import { writeMessage } from '../../schema/protobuf-encode.ts'
import { WireWriter } from '../../schema/protobuf-wire.ts'
import { EventMessage, EventType } from '../etcd-api/watch-messages.ts'
import type { StoreEvent } from '../store.ts'
import { messageOf } from './range-form.ts'

const eventsTag = 11

const shared = { plain: new WeakMap<StoreEvent, Uint8Array>(), previous: new WeakMap<StoreEvent, Uint8Array>() }

/** `share`: whether others may want the same event. */
export function encodedEvent(event: StoreEvent, withPrevious: boolean, share: boolean): Uint8Array {
  const { previous } = event
  const cache = withPrevious && previous !== undefined ? shared.previous : shared.plain
  const known = share ? cache.get(event) : undefined
  if (known !== undefined) return known
  const message = {
    ...(event.type === 'put' ? {} : { type: EventType.delete }),
    kv: messageOf(event.kv),
    ...(withPrevious && previous !== undefined ? { prevKv: messageOf(previous) } : {}),
  }
  const writer = new WireWriter(
    128 + event.kv.value.byteLength + (withPrevious ? (previous?.value.byteLength ?? 0) : 0),
  )
  writeMessage(writer, EventMessage, message)
  writer.lengthHeader(eventsTag, 0)
  const bytes = writer.view()
  if (share) cache.set(event, bytes)
  return bytes
}
