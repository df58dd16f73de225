/** `/api`, `/apis` and below: which groups, versions and resources there are, plain and aggregated (KEP-3352). */
import { createHash } from 'node:crypto'
import { APIGroupDiscovery } from '../../api/apidiscovery/v2/api-group-discovery.ts'
import { APIGroup, APIGroupList, APIResourceList, APIVersions } from '../../api/meta/v1/discovery.ts'
import { aggregatedCore, aggregatedGroups } from '../../machinery/discovery/aggregated.ts'
import { groupsOf, type ServedGroup } from '../../machinery/discovery/api-groups.ts'
import { apiVersionsOf, groupListOf, groupOf, resourceListOf } from '../../machinery/discovery/plain.ts'
import { aggregatedRemoteGroup, plainRemoteGroup, type RemoteGroup } from '../../machinery/discovery/remote-groups.ts'
import { listOf } from '../../machinery/scheme.ts'
import { encodeCborObject } from '../../schema/cbor-encode.ts'
import { encodeJson } from '../../schema/json-encode.ts'
import type { Kind } from '../../schema/kind.ts'
import { encodeEnvelope } from '../../schema/protobuf-encode.ts'
import { header, type ServerRequest, type ServerResponse } from '../chain/server-request.ts'
import {
  acceptClauses,
  checkRoute,
  type Encoding,
  encodingsOf,
  mediaTypes,
  namesEncoding,
  notAcceptableError,
} from '../forms/accept.ts'
import { respondText, respondValue } from './respond.ts'

interface Aggregated {
  readonly bytes: Buffer
  readonly value: unknown
  readonly etag: string
}

export class Discovery {
  readonly #serverAddress: () => string
  readonly #core: Aggregated
  readonly #kinds: readonly Kind[]
  #groups: readonly ServedGroup[]
  /** Made when it is first asked for. */
  #madeOthers: Aggregated | undefined
  #remote: readonly RemoteGroup[] = []

  /** `serverAddress` is `host:port` as clients reach it. */
  constructor(kinds: readonly Kind[], serverAddress: () => string) {
    this.#kinds = kinds
    this.#groups = groupsOf(kinds)
    this.#serverAddress = serverAddress
    this.#core = aggregated(aggregatedCore(this.#groups))
  }

  /** Adds kinds to those that are served always. */
  setCustomKinds(kinds: readonly Kind[]): void {
    this.#groups = groupsOf([...this.#kinds, ...kinds])
    this.#madeOthers = undefined
  }

  /** Groups that other servers serve. */
  setRemoteGroups(groups: readonly RemoteGroup[]): void {
    this.#remote = groups
    this.#madeOthers = undefined
  }

  get #others(): Aggregated {
    if (this.#madeOthers) return this.#madeOthers
    const own = aggregatedGroups(this.#groups)
    const items = [...own.items, ...this.#remote.map(aggregatedRemoteGroup)]
    this.#madeOthers = aggregated({ ...own, items })
    return this.#madeOthers
  }

  /** The response, or undefined where the path is no discovery document. */
  serve(request: ServerRequest, path: string): ServerResponse | undefined {
    const parts = path.split('/').filter(part => part !== '')
    const [root, name = '', version = ''] = parts
    if ((root !== 'api' && root !== 'apis') || parts.length > (root === 'api' ? 2 : 3)) return undefined
    if (parts.length === 1) return this.#serveRoot(request, path, root)
    const group = this.#groups.find(one => (root === 'api' ? one.name === '' : one.name !== '' && one.name === name))
    const remote = parts.length === 2 && root === 'apis' && this.#remote.find(one => one.name === name)
    if (!group && remote) {
      const value = { kind: 'APIGroup', apiVersion: 'v1', ...plainRemoteGroup(remote) }
      return this.#respond(request, value, APIGroup)
    }
    // As upstream: what is asked for below `/apis` alone is not known to be an API.
    if (!group && parts.length === 2 && root === 'apis' && !request.wantsObjects) {
      return respondText(404, '404 page not found\n')
    }
    if (root === 'apis' && version === '') return group && this.#respond(request, groupOf(group), APIGroup)
    const wanted = root === 'api' ? name : version
    const served = group?.versions.find(one => one.version === wanted)
    return served && this.#respond(request, resourceListOf(served), APIResourceList)
  }

  #serveRoot(request: ServerRequest, path: string, root: 'api' | 'apis'): ServerResponse {
    // With a slash behind it, the list of groups is another path, which knows the plain form alone.
    const form = path === '/apis/' ? 'plain' : rootForm(request)
    if (form !== 'plain') return respondAggregated(request, root === 'api' ? this.#core : this.#others, form)
    const own = groupListOf(this.#groups)
    const groups = [...own.groups, ...this.#remote.map(plainRemoteGroup)]
    if (root === 'apis') return this.#respond(request, { ...own, groups }, APIGroupList)
    return this.#respond(request, apiVersionsOf(this.#serverAddress()), APIVersions)
  }

  #respond(request: ServerRequest, value: unknown, kind: Kind): ServerResponse {
    if (request.wantsObjects) return respondValue(request, 200, value)
    checkRoute(
      request,
      encodingsOf(request).map(encoding => mediaTypes[encoding]),
    )
    return respondValue(plainRequest(request), 200, value, kind)
  }
}

function aggregated(value: unknown): Aggregated {
  const bytes = Buffer.from(encodeJson(value))
  return { bytes, value, etag: `"${createHash('sha512').update(bytes).digest('hex').toUpperCase()}"` }
}

const aggregatedParameters = 'g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'

/** How a root is to be shown: the encoding of its aggregated form, or the plain one. Throws 406. */
function rootForm(request: ServerRequest): Encoding | 'plain' {
  for (const { type, parameters } of acceptClauses(header(request.headers, 'accept'))) {
    const encoding = encodingsOf(request).find(one => namesEncoding(type, one))
    if (encoding === undefined) continue
    const { g, v, as } = parameters
    if (g === undefined && v === undefined && as === undefined) return 'plain'
    if (encoding === 'yaml') continue
    if (g === 'apidiscovery.k8s.io' && v === 'v2' && as === 'APIGroupDiscoveryList') return encoding
  }
  return 'plain'
}

/** Documents are shown as themselves alone: the request without its other wishes. Throws 406 where nothing is left. */
function plainRequest(request: ServerRequest): ServerRequest {
  const encodings = encodingsOf(request)
  for (const { type, parameters } of acceptClauses(header(request.headers, 'accept'))) {
    if (parameters.g !== undefined || parameters.v !== undefined || parameters.as !== undefined) continue
    const encoding = encodings.find(one => namesEncoding(type, one))
    if (encoding === undefined) continue
    const accept = `${mediaTypes[encoding]}${parameters.pretty === '1' ? ';pretty=1' : ''}`
    return { ...request, headers: { ...request.headers, accept } }
  }
  throw notAcceptableError(encodings.map(encoding => mediaTypes[encoding]))
}

function respondAggregated(request: ServerRequest, document: Aggregated, encoding: Encoding): ServerResponse {
  const { value, etag } = document
  if (request.wantsObjects) return { status: 200, headers: {}, body: { is: 'object', object: value } }
  const type = `${mediaTypes[encoding]};${aggregatedParameters}`
  const headers = { etag, vary: 'Accept', 'cache-control': 'public', 'content-type': type }
  if (
    header(request.headers, 'if-none-match')
      .split(',')
      .some(tag => tag.trim() === etag)
  ) {
    return { status: 304, headers, body: { is: 'none' } }
  }
  return { status: 200, headers, body: { is: 'bytes', chunks: [bytesOf(document, encoding)] } }
}

function bytesOf({ bytes, value }: Aggregated, encoding: Encoding): Uint8Array {
  if (encoding === 'protobuf') return encodeEnvelope(listOf(APIGroupDiscovery), value)
  return encoding === 'cbor' ? encodeCborObject(listOf(APIGroupDiscovery), value) : bytes
}
