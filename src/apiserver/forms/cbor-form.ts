/** `application/cbor`: objects by themselves, watches as a sequence of events (`application/cbor-seq`, RFC 8742). */
import type { FailureStatus } from '../../machinery/api-error.ts'
import { CborWriter, encodeCbor, encodeCborItem, encodeCborObject, selfDescribedTag } from '../../schema/cbor-encode.ts'
import { listKindNameOf, type Resource, viewOf } from '../registry/resource.ts'
import type { StoredObject } from '../registry/stored-object.ts'
import type { WatchType } from '../watch/cache-event.ts'
import { mediaTypes } from './accept.ts'
import { ChunkWriter } from './chunk-writer.ts'
import type { Form, ListMetaJson } from './form.ts'

export class CborForm implements Form {
  readonly mediaType = mediaTypes.cbor
  readonly watchMediaType = 'application/cbor-seq'
  readonly key: string
  readonly firstFrameDiffers = false
  readonly #resource: Resource

  constructor(resource: Resource) {
    this.#resource = resource
    this.key = `cbor:${resource.kind.apiVersion}`
  }

  object(stored: StoredObject): Uint8Array {
    return stored.owner.forms.of(stored, this.key, () => {
      const bytes = encodeCborObject(this.#resource.kind, viewOf(this.#resource, stored))
      return { value: bytes, bytes: bytes.length }
    }) as Uint8Array
  }

  *list(items: readonly StoredObject[], meta: ListMetaJson): Generator<Uint8Array> {
    const { kind } = this.#resource
    const head = new CborWriter()
    head.raw(selfDescribedTag)
    // In the order of the keys' encodings.
    head.head(5, 4)
    head.text('kind')
    head.text(listKindNameOf(this.#resource))
    head.text('items')
    head.head(4, items.length)
    const out = new ChunkWriter()
    out.bytes(head.take())
    for (const stored of items) {
      out.bytes(encodeCborItem(kind, this.#itemOf(viewOf(this.#resource, stored))))
      if (out.isFull) yield out.take()
    }
    const tail = new CborWriter()
    tail.text('metadata')
    tail.raw(encodeCbor(meta).subarray(selfDescribedTag.length))
    tail.text('apiVersion')
    tail.text(kind.apiVersion)
    out.bytes(tail.take())
    yield out.take()
  }

  frame(type: WatchType, stored: StoredObject): Buffer {
    return cborFrame(type, this.object(stored))
  }

  bookmark(revision: number, initialEventsEnd: boolean): Buffer {
    const annotations = initialEventsEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}
    const metadata = { resourceVersion: String(revision), ...annotations }
    return cborFrame('BOOKMARK', encodeCborObject(this.#resource.kind, { metadata }))
  }

  errorFrame(status: FailureStatus): Buffer {
    return cborFrame('ERROR', encodeCbor(status))
  }

  #itemOf(object: object): object {
    return this.#resource.typedItems ? object : { ...object, kind: undefined, apiVersion: undefined }
  }
}

/** An event around an object that is encoded already. */
export function cborFrame(type: string, object: Uint8Array): Buffer {
  const writer = new CborWriter()
  writer.raw(selfDescribedTag)
  writer.head(5, 2)
  writer.text('type')
  writer.text(type)
  writer.text('object')
  writer.raw(object)
  return writer.take()
}
