/**
 * `application/vnd.kubernetes.protobuf`. A watch is a stream of frames: four bytes of length (big endian), then a
 * meta.v1.WatchEvent whose object is a whole enveloped message. Stored bytes are passed on, the resource version spliced in.
 */

import { ListMeta } from '../../api/meta/v1/object-meta.ts'
import { Status } from '../../api/meta/v1/status.ts'
import type { FailureStatus } from '../../machinery/api-error.ts'
import { listOf as listKindOf } from '../../machinery/scheme.ts'
import { encodeApiMessage, encodeEnvelope, envelopeHead } from '../../schema/protobuf-encode.ts'
import { varintLength, writeVarint } from '../../schema/protobuf-wire.ts'
import { isProtobufLayout, type ProtobufLayout } from '../registry/protobuf-layout.ts'
import { type Resource, viewOnce } from '../registry/resource.ts'
import type { StoredObject } from '../registry/stored-object.ts'
import type { WatchType } from '../watch/cache-event.ts'
import { ChunkWriter } from './chunk-writer.ts'
import type { Form, ListMetaJson } from './form.ts'
import { type ListParts, listOf, noBytes } from './list-parts.ts'

export const protobufMediaType = 'application/vnd.kubernetes.protobuf'

/** runtime.Unknown: `raw`, and the empty content encoding and type behind it. */
export const rawTag = (2 << 3) | 2
export const envelopeTail = Buffer.of((3 << 3) | 2, 0, (4 << 3) | 2, 0)
const listMetadataTag = (1 << 3) | 2
const listItemTag = (2 << 3) | 2

/** With its tag. */
export const fieldLength = (length: number): number => 1 + varintLength(length) + length

/** One field as often as there are lengths, each filled by `write`. */
export function fieldsOf(
  tag: number,
  lengths: readonly number[],
  write: (index: number, target: Buffer, at: number) => void,
): Buffer {
  let total = 0
  for (const length of lengths) total += fieldLength(length)
  const target = Buffer.allocUnsafeSlow(total)
  let at = 0
  for (const [i, length] of lengths.entries()) {
    target[at] = tag
    at = writeVarint(target, at + 1, length)
    write(i, target, at)
    at += length
  }
  return target
}

export class ProtobufForm implements Form {
  readonly mediaType = protobufMediaType
  readonly watchMediaType = `${protobufMediaType};stream=watch`
  readonly key: string
  readonly firstFrameDiffers = false
  readonly #resource: Resource
  /** What stands in front of an object's length in its envelope. */
  readonly #head: Buffer
  /** Undefined where objects are encoded anew: another version than the stored one. */
  readonly #layout: ProtobufLayout | undefined
  readonly parts: ListParts
  readonly #listHead: Buffer

  constructor(resource: Resource) {
    this.#resource = resource
    this.key = `protobuf:${resource.kind.apiVersion}`
    this.#head = Buffer.concat([envelopeHead(resource.kind), Buffer.of(rawTag)])
    const layout = resource.conversion ? undefined : resource.cache?.layout
    this.#layout = layout && isProtobufLayout(layout) ? layout : undefined
    this.#listHead = envelopeHead(listKindOf(resource.kind))
    this.parts = this.#partsOf()
  }

  object(stored: StoredObject): Uint8Array {
    return this.#enveloped(stored, 0)
  }

  list(items: readonly StoredObject[], meta: ListMetaJson): Iterable<Uint8Array> {
    return listOf(this.parts, items, meta)
  }

  #partsOf(): ListParts {
    return {
      length: items => {
        let length = 0
        for (const stored of items) length += fieldLength(this.#messageLength(stored))
        return length
      },
      head: (meta, itemsLength) => {
        const metadata = encodeApiMessage(ListMeta, meta)
        const out = new ChunkWriter(metadata.length + 128)
        out.bytes(this.#listHead)
        out.header(rawTag, fieldLength(metadata.length) + itemsLength)
        out.header(listMetadataTag, metadata.length)
        out.bytes(metadata)
        return out.take()
      },
      items: items =>
        fieldsOf(
          listItemTag,
          items.map(stored => this.#messageLength(stored)),
          (i, target, at) => void this.#writeMessage(items[i] as StoredObject, target, at),
        ),
      separator: noBytes,
      tail: () => envelopeTail,
    }
  }

  frame(type: WatchType, stored: StoredObject): Buffer {
    const head = watchFrameHead(type, this.#envelopedLength(stored))
    const frame = this.#enveloped(stored, head.length)
    head.copy(frame)
    return frame
  }

  #envelopedLength(stored: StoredObject): number {
    const length = this.#messageLength(stored)
    return this.#head.length + varintLength(length) + length + envelopeTail.length
  }

  /** The object in its envelope, behind so many bytes that are left free. */
  #enveloped(stored: StoredObject, free: number): Buffer {
    const target = Buffer.allocUnsafe(free + this.#envelopedLength(stored))
    let at = free + this.#head.copy(target, free)
    at = writeVarint(target, at, this.#messageLength(stored))
    at = this.#writeMessage(stored, target, at)
    envelopeTail.copy(target, at)
    return target
  }

  #messageLength(stored: StoredObject): number {
    return this.#layout ? this.#layout.messageLength(stored.bytes, stored.revision) : this.#made(stored).length
  }

  #writeMessage(stored: StoredObject, target: Buffer, at: number): number {
    if (this.#layout) return this.#layout.writeMessage(stored.bytes, stored.revision, target, at)
    return at + this.#made(stored).copy(target, at)
  }

  #made(stored: StoredObject): Buffer {
    return stored.owner.forms.of(stored, this.key, () => {
      const bytes = encodeApiMessage(this.#resource.kind, viewOnce(this.#resource, stored))
      return { value: bytes, bytes: bytes.length }
    }) as Buffer
  }

  bookmark(revision: number, initialEventsEnd: boolean): Buffer {
    const { kind } = this.#resource
    const annotations = initialEventsEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}
    const object = {
      kind: kind.gvk.kind,
      apiVersion: kind.apiVersion,
      metadata: { resourceVersion: String(revision), ...annotations },
    }
    return watchFrame('BOOKMARK', encodeEnvelope(kind, object))
  }

  errorFrame(status: FailureStatus): Buffer {
    return watchFrame('ERROR', encodeEnvelope(Status, status))
  }
}

/** `watchFrame` without the object. */
function watchFrameHead(type: string, objectLength: number): Buffer {
  const rawLength = 1 + varintLength(objectLength) + objectLength
  const length = 2 + type.length + 1 + varintLength(rawLength) + rawLength
  const head = Buffer.allocUnsafe(4 + length - objectLength)
  head.writeUInt32BE(length)
  head[4] = 0x0a
  head[5] = type.length
  let at = 6 + head.write(type, 6, 'latin1')
  head[at] = 0x12
  at = writeVarint(head, at + 1, rawLength)
  head[at] = 0x0a
  writeVarint(head, at + 1, objectLength)
  return head
}

/** WatchEvent { type = 1; object = 2: RawExtension { raw = 1 } } behind its length. */
export const watchFrame = (type: string, object: Uint8Array): Buffer =>
  Buffer.concat([watchFrameHead(type, object.length), object])
