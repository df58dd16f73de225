/** JSON. Of objects stored as JSON the stored bytes with the resource version spliced in; of others made once and kept. */
import type { FailureStatus } from '../../machinery/api-error.ts'
import { encodeObject } from '../../schema/json-encode.ts'
import { listKindNameOf, type Resource, viewOnce } from '../registry/resource.ts'
import type { StoredObject } from '../registry/stored-object.ts'
import type { WatchType } from '../watch/cache-event.ts'
import type { Form, ListMetaJson } from './form.ts'
import { comma, type ListParts, listEnd, listOf, storedLength } from './list-parts.ts'

const newline = Buffer.from('\n')
const frameEnd = Buffer.from('}\n')
const itemHead = '{"metadata":{'

/** Upstream's lists of custom resources always say where they go on. */
export const listMetaOf = (isCustom: boolean | undefined, meta: ListMetaJson): ListMetaJson =>
  isCustom ? { continue: '', ...meta } : meta

export class JsonForm implements Form {
  readonly mediaType = 'application/json'
  readonly watchMediaType = 'application/json'
  readonly key: string
  readonly firstFrameDiffers = false
  readonly #resource: Resource
  /** `{"kind":"Pod","apiVersion":"v1","metadata":{` of the served version. */
  readonly #head: string
  readonly parts: ListParts

  constructor(resource: Resource) {
    this.#resource = resource
    this.key = `json:${resource.kind.apiVersion}`
    this.#head = `{"kind":${JSON.stringify(resource.kind.gvk.kind)},"apiVersion":${JSON.stringify(resource.kind.apiVersion)},"metadata":{`
    this.parts = this.#partsOf()
  }

  object(stored: StoredObject): Uint8Array {
    return Buffer.concat([this.#headOf(this.#head, stored), this.#tailOf(stored), newline])
  }

  list(items: readonly StoredObject[], meta: ListMetaJson): Iterable<Uint8Array> {
    return listOf(this.parts, items, meta)
  }

  #partsOf(): ListParts {
    const { kind, typedItems } = this.#resource
    const typeMeta = `{"kind":${JSON.stringify(listKindNameOf(this.#resource))},"apiVersion":${JSON.stringify(kind.apiVersion)}`
    const head = typedItems ? this.#head : itemHead
    return {
      length: storedLength,
      head: meta => Buffer.from(`${typeMeta},"metadata":${JSON.stringify(listMetaOf(typedItems, meta))},"items":[`),
      items: (items, once) => {
        const pieces: Uint8Array[] = []
        for (const [i, stored] of items.entries()) {
          const before = i === 0 ? head : `,${head}`
          pieces.push(Buffer.from(`${before}"resourceVersion":"${stored.revision}",`), this.#tailOf(stored, once))
        }
        return Buffer.concat(pieces)
      },
      separator: comma,
      tail: () => listEnd,
    }
  }

  frame(type: WatchType, stored: StoredObject): Buffer {
    const head = this.#headOf(`{"type":"${type}","object":${this.#head}`, stored)
    return Buffer.concat([head, this.#tailOf(stored), frameEnd])
  }

  bookmark(revision: number, initialEventsEnd: boolean): Buffer {
    const annotations = initialEventsEnd ? ',"annotations":{"k8s.io/initial-events-end":"true"}' : ''
    const { kind } = this.#resource
    return Buffer.from(
      `{"type":"BOOKMARK","object":{"kind":${JSON.stringify(kind.gvk.kind)},"apiVersion":${JSON.stringify(kind.apiVersion)},"metadata":{"resourceVersion":"${revision}"${annotations}}}}\n`,
    )
  }

  errorFrame(status: FailureStatus): Buffer {
    return Buffer.from(`${JSON.stringify({ type: 'ERROR', object: status })}\n`)
  }

  #headOf(head: string, stored: StoredObject): Buffer {
    const { version } = stored
    return Buffer.from(version === '' ? head : `${head}"resourceVersion":${JSON.stringify(version)},`)
  }

  /** Everything behind `"metadata":{`. */
  #tailOf(stored: StoredObject, once = false): Uint8Array {
    if (!this.#resource.conversion && stored.owner.layout.is === 'json') return stored.bytes.subarray(this.#head.length)
    const { forms } = stored.owner
    const form = `tail:${this.#resource.kind.apiVersion}`
    const make = () => {
      const object = viewOnce(this.#resource, stored)
      const { resourceVersion: _, ...metadata } = object.metadata
      const encoded = encodeObject(this.#resource.kind, { ...object, metadata })
      return { value: encoded.subarray(this.#head.length), bytes: encoded.length }
    }
    return (once ? (forms.known(stored, form) ?? make().value) : forms.of(stored, form, make)) as Uint8Array
  }
}
