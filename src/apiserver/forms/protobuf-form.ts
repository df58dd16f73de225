/**
 * `application/vnd.kubernetes.protobuf`. A watch is a stream of frames: four bytes of length (big endian), then a
 * meta.v1.WatchEvent whose object is a whole enveloped message.
 */

import { Status } from '../../api/meta/v1/status.ts'
import type { FailureStatus } from '../../machinery/api-error.ts'
import { listOf } from '../../machinery/scheme.ts'
import type { Kind } from '../../schema/kind.ts'
import { encodeEnvelope } from '../../schema/protobuf-encode.ts'
import { type Resource, viewOf } from '../registry/resource.ts'
import type { StoredObject } from '../registry/stored-object.ts'
import type { WatchType } from '../watch/cache-event.ts'
import type { Form, ListMetaJson } from './form.ts'

export const protobufMediaType = 'application/vnd.kubernetes.protobuf'

export class ProtobufForm implements Form {
  readonly mediaType = protobufMediaType
  readonly watchMediaType = `${protobufMediaType};stream=watch`
  readonly key: string
  readonly firstFrameDiffers = false
  readonly #resource: Resource

  constructor(resource: Resource) {
    this.#resource = resource
    this.key = `protobuf:${resource.kind.apiVersion}`
  }

  object(stored: StoredObject): Uint8Array {
    return stored.owner.forms.of(stored, this.key, () => {
      const bytes = encodeEnvelope(this.#resource.kind, viewOf(this.#resource, stored))
      return { value: bytes, bytes: bytes.length }
    }) as Uint8Array
  }

  list(items: readonly StoredObject[], meta: ListMetaJson): Iterable<Uint8Array> {
    const objects = items.map(stored => viewOf(this.#resource, stored))
    return [encodeEnvelope(listOf(this.#resource.kind) as Kind, { metadata: meta, items: objects })]
  }

  frame(type: WatchType, stored: StoredObject): Buffer {
    return watchFrame(type, this.object(stored))
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

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  while (rest > 127) {
    bytes.push((rest & 127) | 128)
    rest >>>= 7
  }
  bytes.push(rest)
  return bytes
}

/** WatchEvent { type = 1; object = 2: RawExtension { raw = 1 } } behind its length. */
export function watchFrame(type: string, object: Uint8Array): Buffer {
  const raw = [0x0a, ...varint(object.length)]
  const name = Buffer.from(type, 'latin1')
  const head = Buffer.from([0x0a, name.length, ...name, 0x12, ...varint(raw.length + object.length), ...raw])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(head.length + object.length)
  return Buffer.concat([length, head, object])
}
