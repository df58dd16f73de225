/** Metadata only, in protobuf: what metadata informers ask for. */
import { ListMeta, ObjectMeta } from '../../api/meta/v1/object-meta.ts'
import { Status } from '../../api/meta/v1/status.ts'
import type { FailureStatus } from '../../machinery/api-error.ts'
import { retagged } from '../../schema/derived-kind.ts'
import { f } from '../../schema/field.ts'
import { type Kind, kindsOf, listKindOf } from '../../schema/kind.ts'
import { encodeApiMessage, encodeEnvelope, envelopeHead } from '../../schema/protobuf-encode.ts'
import { varintLength } from '../../schema/protobuf-wire.ts'
import { isProtobufLayout } from '../registry/protobuf-layout.ts'
import type { Resource } from '../registry/resource.ts'
import type { StoredObject } from '../registry/stored-object.ts'
import type { WatchType } from '../watch/cache-event.ts'
import { ChunkWriter } from './chunk-writer.ts'
import type { Form, ListMetaJson } from './form.ts'
import { envelopeTail, protobufMediaType, rawTag, watchFrame } from './protobuf-form.ts'
import { type MetaVersion, metadataOf } from './representations.ts'

const partialKind = (version: MetaVersion): Kind =>
  kindsOf(
    'meta.k8s.io',
    version,
    'io.k8s.apimachinery.pkg.apis.meta.v1',
  )('PartialObjectMetadata', {
    metadata: f(1, ObjectMeta).always(),
  })

export const partialKinds: Readonly<Record<MetaVersion, Kind>> = {
  v1: partialKind('v1'),
  v1beta1: partialKind('v1beta1'),
}

const olderList = listKindOf(partialKinds.v1beta1, ListMeta)

export const partialLists: Readonly<Record<MetaVersion, Kind>> = {
  v1: listKindOf(partialKinds.v1, ListMeta),
  // The older version has its members the other way round.
  v1beta1: { ...olderList, fields: retagged(olderList.fields, { metadata: 2, items: 1 }) },
}

const partialHeads: Readonly<Record<MetaVersion, Buffer>> = {
  v1: envelopeHead(partialKinds.v1),
  v1beta1: envelopeHead(partialKinds.v1beta1),
}

export class PartialProtobufForm implements Form {
  readonly mediaType = protobufMediaType
  readonly watchMediaType = `${protobufMediaType};stream=watch`
  readonly key: string
  readonly firstFrameDiffers = false
  readonly #resource: Resource
  readonly #version: MetaVersion

  constructor(resource: Resource, version: MetaVersion) {
    this.#resource = resource
    this.#version = version
    this.key = `partial-protobuf:${version}:${resource.kind.apiVersion}`
  }

  object(stored: StoredObject): Uint8Array {
    const { length, write } = this.#metadataField(stored)
    const out = new ChunkWriter(partialHeads[this.#version].length + length + 10)
    out.bytes(partialHeads[this.#version])
    out.header(rawTag, length)
    out.fill(length, write)
    out.bytes(envelopeTail)
    return out.take()
  }

  *list(items: readonly StoredObject[], meta: ListMetaJson): Generator<Uint8Array> {
    const metadata = encodeApiMessage(ListMeta, meta)
    const metadataTag = this.#version === 'v1' ? 1 : 2
    const itemTag = this.#version === 'v1' ? 2 : 1
    let total = 1 + varintLength(metadata.length) + metadata.length
    for (const stored of items) {
      const { length } = this.#metadataField(stored)
      total += 1 + varintLength(length) + length
    }
    const out = new ChunkWriter(total + 256)
    out.bytes(envelopeHead(partialLists[this.#version]))
    out.header(rawTag, total)
    const writeMeta = () => {
      out.header((metadataTag << 3) | 2, metadata.length)
      out.bytes(metadata)
    }
    // Fields stand in the order of their tags.
    if (metadataTag < itemTag) writeMeta()
    for (const stored of items) {
      const { length, write } = this.#metadataField(stored)
      out.header((itemTag << 3) | 2, length)
      out.fill(length, write)
      if (out.isFull) yield out.take()
    }
    if (metadataTag > itemTag) writeMeta()
    out.bytes(envelopeTail)
    yield out.take()
  }

  /** The message of an object's metadata alone: it is field 1, as in the object's own message, whose bytes are passed on. */
  #metadataField(stored: StoredObject): { length: number; write: (target: Buffer, at: number) => void } {
    const { layout } = stored.owner
    const { bytes, revision } = stored
    if (!this.#resource.conversion && isProtobufLayout(layout) && (revision > 0 || stored.version === '')) {
      return {
        length: layout.metadataFieldLength(bytes, revision),
        write: (target, at) => void layout.writeMetadataField(bytes, revision, target, at),
      }
    }
    const made = encodeApiMessage(partialKinds[this.#version], { metadata: metadataOf(this.#resource, stored) })
    return { length: made.length, write: (target, at) => void target.set(made, at) }
  }

  frame(type: WatchType, stored: StoredObject): Buffer {
    return watchFrame(type, this.object(stored))
  }

  bookmark(revision: number, initialEventsEnd: boolean): Buffer {
    const annotations = initialEventsEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}
    const metadata = { resourceVersion: String(revision), ...annotations }
    return watchFrame('BOOKMARK', encodeEnvelope(partialKinds[this.#version], { metadata }))
  }

  errorFrame(status: FailureStatus): Buffer {
    return watchFrame('ERROR', encodeEnvelope(Status, status))
  }
}
