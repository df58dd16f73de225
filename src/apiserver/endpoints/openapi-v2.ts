/** `/openapi/v2` as JSON. The protobuf form of that document (gnostic's) is not offered: its clients fall back to OpenAPI v3. */
import { createHash } from 'node:crypto'
import type { ServedGroup } from '../../machinery/discovery/api-groups.ts'
import { openApiV2 } from '../../machinery/openapi/v2.ts'
import { encodeJson } from '../../schema/json-encode.ts'
import { header, type ServerRequest, type ServerResponse } from '../chain/server-request.ts'
import { acceptClauses, notAcceptableError } from '../forms/negotiate.ts'

const mediaTypes = new Set([
  'application/json',
  'application/*',
  '*/*',
  'application/com.github.proto-openapi.spec.v2.v1.0+json',
])

export class OpenApiV2Endpoint {
  readonly #groups: readonly ServedGroup[]
  #made: { readonly bytes: Uint8Array; readonly etag: string } | undefined

  constructor(groups: readonly ServedGroup[]) {
    this.#groups = groups
  }

  serve(request: ServerRequest): ServerResponse {
    if (!acceptClauses(header(request.headers, 'accept')).some(({ type }) => mediaTypes.has(type))) {
      throw notAcceptableError('application/json')
    }
    const { bytes, etag } = this.#document()
    const headers = { etag, vary: 'Accept', 'content-type': 'application/json' }
    if (header(request.headers, 'if-none-match') === etag) return { status: 304, headers, body: { is: 'none' } }
    return { status: 200, headers, body: { is: 'bytes', chunks: [bytes] } }
  }

  #document() {
    if (!this.#made) {
      const bytes = encodeJson(openApiV2(this.#groups))
      this.#made = { bytes, etag: `"${createHash('sha512').update(bytes).digest('hex').toUpperCase()}"` }
    }
    return this.#made
  }
}
