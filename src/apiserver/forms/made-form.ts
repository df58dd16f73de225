/** Forms that are made from parsed objects: tables, metadata only, and YAML itself. */
import type { FailureStatus } from '../../machinery/api-error.ts'
import { encodeCbor } from '../../schema/cbor-encode.ts'
import { encodeJson } from '../../schema/json-encode.ts'
import { toYaml } from '../../schema/yaml.ts'
import type { StoredObject } from '../registry/stored-object.ts'
import type { WatchType } from '../watch/cache-event.ts'
import { type Encoding, mediaTypes } from './accept.ts'
import { cborFrame } from './cbor-form.ts'
import type { Form, ListMetaJson } from './form.ts'
import { comma, type ListParts, listEnd, listOf, storedLength } from './list-parts.ts'

/** What a representation makes of objects; the text encoding is added by MadeForm. */
export interface Representation {
  readonly key: string
  object(stored: StoredObject, first: boolean): unknown
  list(items: readonly StoredObject[], meta: ListMetaJson): unknown
  bookmark(revision: number, initialEventsEnd: boolean): unknown
  /** A list of at least one in pieces of JSON: of a long one only a few objects exist at a time, and die young. */
  readonly pieces?: ListPieces | undefined
  readonly firstDiffers: boolean
}

export interface ListPieces {
  /** The list without its items, which are its last member. */
  head(meta: ListMetaJson): object
  readonly member: string
  item(stored: StoredObject): string
  /** Where items tell ages: the second for which they are made. */
  readonly second?: number
}

export class MadeForm implements Form {
  readonly mediaType: string
  readonly watchMediaType: string
  readonly key: string
  readonly firstFrameDiffers: boolean
  readonly #representation: Representation
  readonly #encoding: Encoding
  readonly #pretty: boolean
  readonly parts?: ListParts

  constructor(representation: Representation, encoding: Encoding, pretty = false) {
    this.#representation = representation
    this.#encoding = encoding
    this.#pretty = pretty
    if (encoding === 'json' && !pretty && representation.pieces) this.parts = partsOf(representation.pieces)
    this.key = `${encoding}:${pretty ? 'pretty:' : ''}${representation.key}`
    this.firstFrameDiffers = representation.firstDiffers
    this.mediaType = mediaTypes[encoding]
    this.watchMediaType = encoding === 'cbor' ? 'application/cbor-seq' : this.mediaType
  }

  object(stored: StoredObject): Uint8Array {
    return this.#encode(this.#representation.object(stored, true))
  }

  list(items: readonly StoredObject[], meta: ListMetaJson): Iterable<Uint8Array> {
    if (this.parts && items.length > 0) return listOf(this.parts, items, meta)
    return [this.#encode(this.#representation.list(items, meta))]
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

function partsOf({ head, member, item, second }: ListPieces): ListParts {
  return {
    length: storedLength,
    head: meta => Buffer.from(`${JSON.stringify(head(meta)).slice(0, -1)},${JSON.stringify(member)}:[`),
    items: items => Buffer.from(items.map(item).join(',')),
    separator: comma,
    tail: () => listEnd,
    ...(second === undefined ? {} : { second }),
  }
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
