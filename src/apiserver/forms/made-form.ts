/** Forms that are made from parsed objects: tables, metadata only, and YAML itself. */
import type { FailureStatus } from '../../machinery/api-error.ts'
import { encodeCbor } from '../../schema/cbor-encode.ts'
import { encodeJson } from '../../schema/json-encode.ts'
import { toYaml } from '../../schema/yaml.ts'
import type { StoredObject } from '../registry/stored-object.ts'
import type { WatchType } from '../watch/cache-event.ts'
import { type Encoding, mediaTypes } from './accept.ts'
import { cborFrame } from './cbor-form.ts'
import { ChunkWriter } from './chunk-writer.ts'
import type { Form, ListMetaJson } from './form.ts'

/** What a representation makes of objects; the text encoding is added by MadeForm. */
export interface Representation {
  readonly key: string
  object(stored: StoredObject, first: boolean): unknown
  list(items: readonly StoredObject[], meta: ListMetaJson): unknown
  bookmark(revision: number, initialEventsEnd: boolean): unknown
  /** A list of at least one in pieces of JSON: of a long one only a few objects exist at a time, and die young. */
  pieces?(items: readonly StoredObject[], meta: ListMetaJson): ListPieces | undefined
  readonly firstDiffers: boolean
}

export interface ListPieces {
  /** The list without its items, which are its last member. */
  readonly head: object
  readonly member: string
  item(stored: StoredObject): string
}

export class MadeForm implements Form {
  readonly mediaType: string
  readonly watchMediaType: string
  readonly key: string
  readonly firstFrameDiffers: boolean
  readonly #representation: Representation
  readonly #encoding: Encoding
  readonly #pretty: boolean

  constructor(representation: Representation, encoding: Encoding, pretty = false) {
    this.#representation = representation
    this.#encoding = encoding
    this.#pretty = pretty
    this.key = `${encoding}:${pretty ? 'pretty:' : ''}${representation.key}`
    this.firstFrameDiffers = representation.firstDiffers
    this.mediaType = mediaTypes[encoding]
    this.watchMediaType = encoding === 'cbor' ? 'application/cbor-seq' : this.mediaType
  }

  object(stored: StoredObject): Uint8Array {
    return this.#encode(this.#representation.object(stored, true))
  }

  list(items: readonly StoredObject[], meta: ListMetaJson): Iterable<Uint8Array> {
    const inPieces = this.#encoding === 'json' && !this.#pretty && items.length > 0
    const pieces = inPieces ? this.#representation.pieces?.(items, meta) : undefined
    return pieces ? written(pieces, items) : [this.#encode(this.#representation.list(items, meta))]
  }

  frame(type: WatchType, stored: StoredObject, first: boolean): Buffer {
    return this.#event(type, this.#representation.object(stored, first))
  }

  bookmark(revision: number, initialEventsEnd: boolean): Buffer {
    return this.#event('BOOKMARK', this.#representation.bookmark(revision, initialEventsEnd))
  }

  errorFrame(status: FailureStatus): Buffer {
    return this.#event('ERROR', status)
  }

  #event(type: string, object: unknown): Buffer {
    if (this.#encoding === 'cbor') return cborFrame(type, encodeCbor(object))
    return Buffer.concat([Buffer.from(`{"type":"${type}","object":`), encodeJson(object), Buffer.from('}\n')])
  }

  #encode(value: unknown): Uint8Array {
    return encodeValue(value, this.#encoding, this.#pretty)
  }
}

function* written({ head, member, item }: ListPieces, items: readonly StoredObject[]): Generator<Uint8Array> {
  const out = new ChunkWriter()
  out.utf8(`${JSON.stringify(head).slice(0, -1)},${JSON.stringify(member)}:`)
  let separator = '['
  for (const stored of items) {
    out.utf8(separator + item(stored))
    separator = ','
    if (out.isFull) yield out.take()
  }
  out.utf8(']}\n')
  yield out.take()
}

/** A JSON value by itself. Protobuf needs a declaration: without one it is JSON. */
export function encodeValue(value: unknown, encoding: Encoding, pretty: boolean): Uint8Array {
  if (encoding === 'yaml') return Buffer.from(toYaml(value))
  if (encoding === 'cbor') return encodeCbor(value)
  if (!pretty) return Buffer.concat([encodeJson(value), newline])
  return Buffer.from(indent(Buffer.from(encodeJson(value)).toString('utf8')))
}

const newline = Buffer.from('\n')

/** Indents JSON text by two spaces a level without reading its numbers, which may be longer than a double holds. */
function indent(text: string): string {
  let out = ''
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    const c = text[i] as string
    if (c === '"') {
      let end = i + 1
      while (text[end] !== '"') end += text[end] === '\\' ? 2 : 1
      out += text.slice(i, end + 1)
      i = end
    } else if (c === '{' || c === '[') {
      const close = text[i + 1]
      if (close === '}' || close === ']') {
        out += c + close
        i++
      } else out += `${c}\n${'  '.repeat(++depth)}`
    } else if (c === '}' || c === ']') out += `\n${'  '.repeat(--depth)}${c}`
    else if (c === ',') out += `,\n${'  '.repeat(depth)}`
    else if (c === ':') out += ': '
    else out += c
  }
  return out
}
