/** `/openapi/v2`, as JSON or in the protobuf form that client-go's discovery, and with it kubectl's validation, asks for. */
import { createHash } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { ServedGroup } from '../../machinery/discovery/api-groups.ts'
import { openApiV2 } from '../../machinery/openapi/v2.ts'
import { openApiV2Protobuf } from '../../machinery/openapi/v2-protobuf.ts'
import { encodeJson } from '../../schema/json-encode.ts'
import { header, type ServerRequest, type ServerResponse } from '../chain/server-request.ts'
import { acceptClauses, acceptsGzip } from '../forms/accept.ts'

type Form = 'json' | 'protobuf'

/** What is accepted. An at sign may not stand in a Content-Type (RFC 9110, token), so that the answer says `.v1.0` instead. */
const forms: ReadonlyMap<string, Form> = new Map([
  ['application/json', 'json'],
  ['application/*', 'json'],
  ['*/*', 'json'],
  ['application/com.github.proto-openapi.spec.v2.v1.0+json', 'json'],
  ['application/com.github.proto-openapi.spec.v2@v1.0+protobuf', 'protobuf'],
  ['application/com.github.proto-openapi.spec.v2.v1.0+protobuf', 'protobuf'],
])

const contentTypes: Readonly<Record<Form, string>> = {
  json: 'application/json',
  protobuf: 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
}

const vary = 'Accept-Encoding, Accept'

export class OpenApiV2Endpoint {
  readonly #modified = new Date().toUTCString()
  readonly #groups: readonly ServedGroup[]
  /** Both forms, in gzip (about 65 KiB each, where the text is near a megabyte), made when one is first asked for. */
  #made: { readonly etag: string; readonly zipped: Readonly<Record<Form, Uint8Array>> } | undefined

  constructor(groups: readonly ServedGroup[]) {
    this.#groups = groups
  }

  serve(request: ServerRequest): ServerResponse {
    const accepted = acceptClauses(header(request.headers, 'accept'))
    const form = accepted.map(({ type }) => forms.get(type)).find(each => each !== undefined)
    if (form === undefined) return { status: 406, headers: { vary }, body: { is: 'none' } }
    this.#made ??= made(this.#groups)
    const { etag, zipped } = this.#made
    const headers = { etag, vary, 'last-modified': this.#modified, 'content-type': contentTypes[form] }
    if (header(request.headers, 'if-none-match') === etag) return { status: 304, headers, body: { is: 'none' } }
    if (!acceptsGzip(request)) {
      return { status: 200, headers, body: { is: 'bytes', chunks: [gunzipSync(zipped[form])] } }
    }
    const body = { is: 'bytes', chunks: [zipped[form]] } as const
    return { status: 200, headers: { ...headers, 'content-encoding': 'gzip' }, body }
  }
}

/** The forms share their ETag, as upstream's do: the response varies by Accept. */
function made(groups: readonly ServedGroup[]) {
  const document = openApiV2(groups)
  const json = encodeJson(document)
  const etag = `"${createHash('sha512').update(json).digest('hex').toUpperCase()}"`
  return { etag, zipped: { json: gzipSync(json), protobuf: gzipSync(openApiV2Protobuf(document)) } }
}
