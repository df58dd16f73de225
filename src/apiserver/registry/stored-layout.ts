/** How the objects of one kind lie in the store and in the cache. */
import { customFactsOf } from '../../machinery/custom/custom-kind.ts'
import { hasDefaults } from '../../machinery/custom/fill.ts'
import { isSelfDescribed, readCbor } from '../../schema/cbor-decode.ts'
import { readJson } from '../../schema/json-decode.ts'
import { encodeObject, stringifyJson } from '../../schema/json-encode.ts'
import type { Kind } from '../../schema/kind.ts'
import { protobufLayout } from './protobuf-layout.ts'
import type { MetadataJson, NormalisedBytes, ObjectJson } from './stored-object.ts'

export interface StoredLayout {
  /** The form of responses for which the stored bytes are passed on as they are. */
  readonly is: 'protobuf' | 'json'
  /** Canonical bytes in memory of their own: equal objects give equal bytes. A resourceVersion is left out. */
  encode(object: ObjectJson): Buffer
  /** A new object without resourceVersion, of canonical bytes. */
  decode(bytes: Buffer): ObjectJson
  /** The metadata alone, where that is less work. */
  decodeMetadata?(bytes: Buffer): MetadataJson
  /** The parts of an object that a picked kind names, where that is less work. */
  decodePicked?(picked: Kind, bytes: Buffer): ObjectJson
  /** Whether bytes of the store are canonical; others are normalised when they enter the cache. */
  isCanonical(bytes: Buffer): boolean
  /** Where that is done by no declaration. */
  normalise?(value: Uint8Array): NormalisedBytes
}

/** Of custom resources, which have no protobuf. Where the schema has defaults, they may be younger than what is stored. */
function jsonLayout(kind: Kind): StoredLayout {
  const { gvk, apiVersion } = kind
  const fills = hasDefaults(customFactsOf(kind)?.schema ?? {})
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
    isCanonical: bytes => !fills && bytes.length > head.length && head.compare(bytes, 0, head.length) === 0,
  }
}

/** Of custom resources that a webhook converts: what was stored in another version stays so until it is written again. */
export function anyVersionLayout(kind: Kind): StoredLayout {
  const { group, kind: name } = kind.gvk
  const head = Buffer.from(`{"kind":${JSON.stringify(name)},"apiVersion":${JSON.stringify(`${group}/`).slice(0, -1)}`)
  return {
    ...jsonLayout(kind),
    isCanonical: bytes => bytes.length > head.length && head.compare(bytes, 0, head.length) === 0,
    normalise(value) {
      const { kind, apiVersion, metadata, ...rest } = (
        isSelfDescribed(value) ? readCbor(value) : readJson(value)
      ) as ObjectJson
      const { resourceVersion: _, ...kept } = metadata
      // The version is part of the bytes, so that what is in another one differs from what is written.
      return { bytes: Buffer.from(stringifyJson({ kind, apiVersion, metadata: kept, ...rest })), isOutdated: false }
    },
  }
}

export const storedLayoutOf = (kind: Kind): StoredLayout =>
  customFactsOf(kind) !== undefined ? jsonLayout(kind) : protobufLayout(kind)
