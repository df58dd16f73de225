/** How the objects of one kind lie in the store and in the cache. */
import { customFactsOf } from '../../machinery/custom/custom-kind.ts'
import { readJson } from '../../schema/json-decode.ts'
import { encodeObject } from '../../schema/json-encode.ts'
import type { Kind } from '../../schema/kind.ts'
import { protobufLayout } from './protobuf-layout.ts'
import type { ObjectJson } from './stored-object.ts'

export interface StoredLayout {
  /** The form of responses for which the stored bytes are passed on as they are. */
  readonly is: 'protobuf' | 'json'
  /** Canonical bytes in memory of their own: equal objects give equal bytes. A resourceVersion is left out. */
  encode(object: ObjectJson): Buffer
  /** A new object without resourceVersion, of canonical bytes. */
  decode(bytes: Buffer): ObjectJson
  /** Whether bytes of the store are canonical; others are normalised when they enter the cache. */
  isCanonical(bytes: Buffer): boolean
}

/** Of custom resources, which have no protobuf. */
function jsonLayout(kind: Kind): StoredLayout {
  const { gvk, apiVersion } = kind
  const head = Buffer.from(
    `{"kind":${JSON.stringify(gvk.kind)},"apiVersion":${JSON.stringify(apiVersion)},"metadata":{`,
  )
  return {
    is: 'json',
    encode(object) {
      const { resourceVersion: _, ...metadata } = object.metadata
      const bytes = encodeObject(kind, { ...object, metadata })
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    },
    decode: bytes => readJson(bytes) as ObjectJson,
    isCanonical: bytes => bytes.length > head.length && head.compare(bytes, 0, head.length) === 0,
  }
}

export const storedLayoutOf = (kind: Kind): StoredLayout =>
  customFactsOf(kind) !== undefined ? jsonLayout(kind) : protobufLayout(kind)
