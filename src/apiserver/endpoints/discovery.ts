/** `/api`, `/apis` and below: which groups, versions and resources there are, plain and aggregated (KEP-3352). */
import { createHash } from 'node:crypto'
import { aggregatedCore, aggregatedGroups, aggregatedMediaType } from '../../machinery/discovery/aggregated.ts'
import { groupsOf, type ServedGroup } from '../../machinery/discovery/api-groups.ts'
import { apiVersionsOf, groupListOf, groupOf, resourceListOf } from '../../machinery/discovery/plain.ts'
import { encodeJson } from '../../schema/json-encode.ts'
import type { Kind } from '../../schema/kind.ts'
import { header, type ServerRequest, type ServerResponse } from '../chain/server-request.ts'
import { acceptClauses } from '../forms/negotiate.ts'
import { respondValue } from './respond.ts'

interface Aggregated {
  readonly bytes: Buffer
  readonly value: unknown
  readonly etag: string
}

export class Discovery {
  readonly #groups: readonly ServedGroup[]
  readonly #serverAddress: () => string
  readonly #core: Aggregated
  readonly #others: Aggregated

  /** `serverAddress` is `host:port` as clients reach it. */
  constructor(kinds: readonly Kind[], serverAddress: () => string) {
    this.#groups = groupsOf(kinds)
    this.#serverAddress = serverAddress
    this.#core = aggregated(aggregatedCore(this.#groups))
    this.#others = aggregated(aggregatedGroups(this.#groups))
  }

  /** The response, or undefined where the path is no discovery document. */
  serve(request: ServerRequest, path: string): ServerResponse | undefined {
    const parts = path.split('/').filter(part => part !== '')
    if (parts[0] === 'api') return this.#serveCore(request, parts)
    if (parts[0] !== 'apis') return undefined
    if (parts.length === 1) {
      return wantsAggregated(request)
        ? respondAggregated(request, this.#others)
        : respondValue(request, 200, groupListOf(this.#groups))
    }
    const group = this.#groups.find(({ name }) => name !== '' && name === parts[1])
    if (!group) return undefined
    if (parts.length === 2) return respondValue(request, 200, groupOf(group))
    const version = group.versions.find(candidate => candidate.version === parts[2])
    return version && parts.length === 3 ? respondValue(request, 200, resourceListOf(version)) : undefined
  }

  #serveCore(request: ServerRequest, parts: readonly string[]): ServerResponse | undefined {
    if (parts.length === 1) {
      return wantsAggregated(request)
        ? respondAggregated(request, this.#core)
        : respondValue(request, 200, apiVersionsOf(this.#serverAddress()))
    }
    const version = this.#groups
      .find(({ name }) => name === '')
      ?.versions.find(candidate => candidate.version === parts[1])
    return version && parts.length === 2 ? respondValue(request, 200, resourceListOf(version)) : undefined
  }
}

function aggregated(value: unknown): Aggregated {
  const bytes = Buffer.from(encodeJson(value))
  return { bytes, value, etag: `"${createHash('sha512').update(bytes).digest('hex').toUpperCase()}"` }
}

function wantsAggregated(request: ServerRequest): boolean {
  const [first] = acceptClauses(header(request.headers, 'accept')).filter(
    ({ type }) => type === 'application/json' || type === '*/*' || type === 'application/*',
  )
  const { parameters } = first ?? {}
  return parameters?.g === 'apidiscovery.k8s.io' && parameters.as === 'APIGroupDiscoveryList' && parameters.v === 'v2'
}

function respondAggregated(request: ServerRequest, { bytes, value, etag }: Aggregated): ServerResponse {
  if (request.wantsObjects) return { status: 200, headers: {}, body: { is: 'object', object: value } }
  const headers = { etag, vary: 'Accept', 'cache-control': 'public', 'content-type': aggregatedMediaType }
  if (
    header(request.headers, 'if-none-match')
      .split(',')
      .some(tag => tag.trim() === etag)
  ) {
    return { status: 304, headers, body: { is: 'none' } }
  }
  return { status: 200, headers, body: { is: 'bytes', chunks: [bytes] } }
}
