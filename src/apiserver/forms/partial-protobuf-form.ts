/** Metadata only, in protobuf: what metadata informers ask for. */
import { ListMeta, ObjectMeta } from '../../api/meta/v1/object-meta.ts'
import { Status } from '../../api/meta/v1/status.ts'
import type { FailureStatus } from '../../machinery/api-error.ts'
import { retagged } from '../../schema/derived-kind.ts'
import { f } from '../../schema/field.ts'
import { type Kind, kindsOf, listKindOf } from '../../schema/kind.ts'
import { encodeApiMessage, encodeEnvelope, envelopeHead } from '../../schema/protobuf-encode.ts'
import { isProtobufLayout } from '../registry/protobuf-layout.ts'
import type { Resource } from '../registry/resource.ts'
import type { StoredObject } from '../registry/stored-object.ts'
import type { WatchType } from '../watch/cache-event.ts'
import { ChunkWriter } from './chunk-writer.ts'
import type { Form, ListMetaJson } from './form.ts'
import { type ListParts, listOf, noBytes } from './list-parts.ts'
import { envelopeTail, fieldLength, fieldsOf, protobufMediaType, rawTag, watchFrame } from './protobuf-form.ts'
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

const tagOf = (field: number): number => (field << 3) | 2
const tagsOf: Readonly<Record<MetaVersion, { metadataTag: number; itemTag: number }>> = {
  v1: { metadataTag: tagOf(1), itemTag: tagOf(2) },
  v1beta1: { metadataTag: tagOf(2), itemTag: tagOf(1) },
}

export class PartialProtobufForm implements Form {
  readonly mediaType = protobufMediaType
  readonly watchMediaType = `${protobufMediaType};stream=watch`
  readonly key: string
  readonly firstFrameDiffers = false
  readonly #resource: Resource
  readonly #version: MetaVersion
  readonly parts: ListParts

  constructor(resource: Resource, version: MetaVersion) {
    this.#resource = resource
    this.#version = version
    this.key = `partial-protobuf:${version}:${resource.kind.apiVersion}`
    this.parts = this.#partsOf()
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

  list(items: readonly StoredObject[], meta: ListMetaJson): Iterable<Uint8Array> {
    return listOf(this.parts, items, meta)
  }

  #partsOf(): ListParts {
    // Fields stand in the order of their tags.
    const { metadataTag, itemTag } = tagsOf[this.#version]
    const metadataFirst = metadataTag < itemTag
    const metadataField = (meta: ListMetaJson) => {
      const metadata = encodeApiMessage(ListMeta, meta)
      return fieldsOf(metadataTag, [metadata.length], (_, target, at) => void target.set(metadata, at))
    }
    return {
      length: items => {
        let length = 0
        for (const stored of items) length += fieldLength(this.#metadataField(stored).length)
        return length
      },
      head: (meta, itemsLength) => {
        const metadata = metadataField(meta)
        const out = new ChunkWriter(metadata.length + 128)
        out.bytes(envelopeHead(partialLists[this.#version]))
        out.header(rawTag, metadata.length + itemsLength)
        if (metadataFirst) out.bytes(metadata)
        return out.take()
      },
      items: items => {
        const fields = items.map(stored => this.#metadataField(stored))
        const lengths = fields.map(({ length }) => length)
        return fieldsOf(itemTag, lengths, (i, target, at) => fields[i]?.write(target, at))
      },
      separator: noBytes,
      tail: meta => (metadataFirst ? envelopeTail : Buffer.concat([metadataField(meta), envelopeTail])),
    }
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
