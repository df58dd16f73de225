/** Metadata only, in protobuf: what metadata informers ask for. */
import { ListMeta, ObjectMeta } from '../../api/meta/v1/object-meta.ts'
import { Status } from '../../api/meta/v1/status.ts'
import type { FailureStatus } from '../../machinery/api-error.ts'
import { retagged } from '../../schema/derived-kind.ts'
import { f } from '../../schema/field.ts'
import { type Kind, kindsOf, listKindOf } from '../../schema/kind.ts'
import { encodeEnvelope } from '../../schema/protobuf-encode.ts'
import { type Resource, viewOnce } from '../registry/resource.ts'
import type { StoredObject } from '../registry/stored-object.ts'
import type { WatchType } from '../watch/cache-event.ts'
import type { Form, ListMetaJson } from './form.ts'
import { protobufMediaType, watchFrame } from './protobuf-form.ts'
import type { MetaVersion } from './representations.ts'

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

const partialLists: Readonly<Record<MetaVersion, Kind>> = {
  v1: listKindOf(partialKinds.v1, ListMeta),
  // The older version has its members the other way round.
  v1beta1: { ...olderList, fields: retagged(olderList.fields, { metadata: 2, items: 1 }) },
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
    return encodeEnvelope(partialKinds[this.#version], { metadata: viewOnce(this.#resource, stored).metadata })
  }

  list(items: readonly StoredObject[], meta: ListMetaJson): Iterable<Uint8Array> {
    const partial = items.map(stored => ({ metadata: viewOnce(this.#resource, stored).metadata }))
    return [encodeEnvelope(partialLists[this.#version], { metadata: meta, items: partial })]
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
