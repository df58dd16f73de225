/** JSON. Of objects stored as JSON the stored bytes with the resource version spliced in; of others made once and kept. */
import type { FailureStatus } from '../../machinery/api-error.ts'
import { encodeObject } from '../../schema/json-encode.ts'
import { listKindNameOf, type Resource, viewOnce } from '../registry/resource.ts'
import type { StoredObject } from '../registry/stored-object.ts'
import type { WatchType } from '../watch/cache-event.ts'
import { ChunkWriter } from './chunk-writer.ts'
import type { Form, ListMetaJson } from './form.ts'

const newline = Buffer.from('\n')
const frameEnd = Buffer.from('}\n')
const itemHead = '{"metadata":{'

export class JsonForm implements Form {
  readonly mediaType = 'application/json'
  readonly watchMediaType = 'application/json'
  readonly key: string
  readonly firstFrameDiffers = false
  readonly #resource: Resource
  /** `{"kind":"Pod","apiVersion":"v1","metadata":{` of the served version. */
  readonly #head: string

  constructor(resource: Resource) {
    this.#resource = resource
    this.key = `json:${resource.kind.apiVersion}`
    this.#head = `{"kind":${JSON.stringify(resource.kind.gvk.kind)},"apiVersion":${JSON.stringify(resource.kind.apiVersion)},"metadata":{`
  }

  object(stored: StoredObject): Uint8Array {
    return Buffer.concat([this.#headOf(this.#head, stored), this.#tailOf(stored), newline])
  }

  *list(items: readonly StoredObject[], meta: ListMetaJson): Generator<Uint8Array> {
    const { kind } = this.#resource
    const out = new ChunkWriter()
    out.text(
      `{"kind":${JSON.stringify(listKindNameOf(this.#resource))},"apiVersion":${JSON.stringify(kind.apiVersion)},"metadata":${JSON.stringify(meta)},"items":[`,
    )
    const head = this.#resource.typedItems ? this.#head : itemHead
    const next = `,${head}`
    let separator = head
    for (const stored of items) {
      out.text(`${separator}"resourceVersion":"${stored.revision}",`)
      separator = next
      out.bytes(this.#tailOf(stored))
      if (out.isFull) yield out.take()
    }
    out.text(']}\n')
    yield out.take()
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
  #tailOf(stored: StoredObject): Uint8Array {
    if (!this.#resource.conversion && stored.owner.layout.is === 'json') return stored.bytes.subarray(this.#head.length)
    return stored.owner.forms.of(stored, `tail:${this.#resource.kind.apiVersion}`, () => {
      const object = viewOnce(this.#resource, stored)
      const { resourceVersion: _, ...metadata } = object.metadata
      const encoded = encodeObject(this.#resource.kind, { ...object, metadata })
      return { value: encoded.subarray(this.#head.length), bytes: encoded.length }
    }) as Uint8Array
  }
}
