/** OpenAPI v3: an index of documents, and a document per group and version (KEP-2896). */
import { createHash } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import { APIGroup, APIGroupList, APIResourceList, APIVersions } from '../../api/meta/v1/discovery.ts'
import { DeleteOptions } from '../../api/meta/v1/options.ts'
import { WatchEvent } from '../../api/meta/v1/watch-event.ts'
import { Info } from '../../api/version/info.ts'
import { encodeJson } from '../../schema/json-encode.ts'
import type { Kind } from '../../schema/kind.ts'
import type { ServedGroup, ServedVersion } from '../discovery/api-groups.ts'
import { described, namesOf, type Operation, PathBuilder, type PathItem } from './operations.ts'
import { type Schema, SchemaSet } from './schema.ts'
import { openApiV3Protobuf } from './v3-protobuf.ts'

export interface OpenApiDocument {
  readonly openapi: '3.0.0'
  readonly info: { readonly title: string; readonly version: string }
  readonly paths: Readonly<Record<string, PathItem>>
  readonly components: {
    readonly schemas?: Readonly<Record<string, Schema>>
    readonly securitySchemes: unknown
  }
}

/** The documents, made when first asked for and kept: they change only with the kinds. */
export class OpenApiV3 {
  readonly #makers = new Map<string, () => OpenApiDocument>()
  /** When this server began to serve them (RFC 9110, Last-Modified). */
  readonly modified = new Date().toUTCString()
  readonly #made = new Map<string, { readonly bytes: Uint8Array; readonly hash: string }>()
  /** Asked for rarely, and a tenth of its size. */
  readonly #zippedProtobuf = new Map<string, Uint8Array>()

  constructor(groups: readonly ServedGroup[]) {
    this.#makers.set('api', () => rootDocument('/api/', 'getCoreAPIVersions', 'core', APIVersions))
    this.#makers.set('apis', () => rootDocument('/apis/', 'getAPIVersions', 'apis', APIGroupList))
    for (const [name, maker] of Object.entries(plainDocuments)) this.#makers.set(name, maker)
    for (const group of groups) {
      const root = group.name === '' ? 'api' : `apis/${group.name}`
      if (group.name !== '') {
        const { id, tag } = namesOf({ group: group.name, version: '' })
        const groupTag = tag.slice(0, -1)
        this.#makers.set(root, () => rootDocument(`/${root}/`, `get${id}APIGroup`, groupTag, APIGroup))
      }
      for (const version of group.versions) {
        this.#makers.set(`${root}/${version.version}`, () => versionDocument(group.name, version))
      }
    }
  }

  /** `/openapi/v3`: where each document is, with the hash of its bytes. */
  index(): { paths: Record<string, { serverRelativeURL: string }> } {
    const paths: Record<string, { serverRelativeURL: string }> = {}
    for (const name of this.names()) {
      paths[name] = { serverRelativeURL: `/openapi/v3/${name}?hash=${this.document(name)?.hash}` }
    }
    return { paths }
  }

  /** Names of all documents, as `apis/apps/v1`. */
  names(): string[] {
    return [...this.#makers.keys()].sort()
  }

  /** A document as a value, made anew. */
  value(name: string): OpenApiDocument | undefined {
    return this.#makers.get(name)?.()
  }

  /** JSON of `/openapi/v3/<name>` such as `apis/apps/v1`, and its hash, which is its ETag too; undefined if there is none. */
  document(name: string): { readonly bytes: Uint8Array; readonly hash: string } | undefined {
    const known = this.#made.get(name)
    if (known) return known
    const maker = this.#makers.get(name)
    if (!maker) return undefined
    const bytes = encodeJson(maker())
    const made = { bytes, hash: createHash('sha512').update(bytes).digest('hex').toUpperCase() }
    this.#made.set(name, made)
    return made
  }

  /** The same in protobuf. */
  protobuf(name: string): Uint8Array | undefined {
    let zipped = this.#zippedProtobuf.get(name)
    if (!zipped) {
      const value = this.value(name)
      if (!value) return undefined
      zipped = gzipSync(openApiV3Protobuf(value))
      this.#zippedProtobuf.set(name, zipped)
    }
    return gunzipSync(zipped)
  }
}

/** The document of one group and version. */
export function versionDocument(group: string, { version, groupVersion, kinds }: ServedVersion): OpenApiDocument {
  const own = { group, version }
  const schemas = new SchemaSet(
    new Map([DeleteOptions, WatchEvent].map((kind: Kind) => [kind.name, [kind.gvk, { ...own, kind: kind.gvk.kind }]])),
  )
  const root = group === '' ? `/api/${version}` : `/apis/${groupVersion}`
  const builder = new PathBuilder(root, schemas)
  for (const kind of kinds) builder.add(kind)
  const { id, tag } = namesOf(own)
  const resources = readOperation(`get${id}APIResources`, tag, schemas.of(APIResourceList))
  return document({ [`${root}/`]: { get: resources }, ...builder.paths }, schemas)
}

function rootDocument(path: string, operationId: string, tag: string, answered: Kind): OpenApiDocument {
  const schemas = new SchemaSet()
  return document({ [path]: { get: readOperation(operationId, tag, schemas.of(answered)) } }, schemas)
}

function readOperation(operationId: string, tag: string, schema: Schema): Operation {
  const types = ['application/json', 'application/vnd.kubernetes.protobuf', 'application/yaml']
  const content = Object.fromEntries(types.map(type => [type, { schema }]))
  return { operationId, tags: [tag], responses: described({ 200: { content }, 401: {} }) }
}

/** Of what is no API: the version, and the documents of the token issuer. */
const plainDocuments: Readonly<Record<string, () => OpenApiDocument>> = {
  version: () => {
    const schemas = new SchemaSet()
    const operation = plainOperation('getCodeVersion', 'version', 'application/json', schemas.of(Info))
    return document({ '/version/': { get: operation } }, schemas)
  },
  '.well-known/openid-configuration': () =>
    issuerDocument('/.well-known/openid-configuration/', 'WellKnown', 'Configuration', 'application/json'),
  'openid/v1/jwks': () => issuerDocument('/openid/v1/jwks/', 'openid', 'Keyset', 'application/jwk-set+json'),
}

function issuerDocument(path: string, tag: string, what: string, type: string): OpenApiDocument {
  const operation = plainOperation(`getServiceAccountIssuerOpenID${what}`, tag, type, { type: 'string' })
  return document({ [path]: { get: operation } }, new SchemaSet())
}

const plainOperation = (operationId: string, tag: string, type: string, schema: Schema): Operation => ({
  operationId,
  tags: [tag],
  responses: described({ 200: { content: { [type]: { schema } } }, 401: {} }),
})

const document = (paths: Record<string, PathItem>, { schemas }: SchemaSet): OpenApiDocument => ({
  openapi: '3.0.0',
  info: { title: 'Kubernetes', version: '1.37' },
  paths,
  components: {
    ...(Object.keys(schemas).length === 0 ? {} : { schemas }),
    securitySchemes: { BearerToken: { in: 'header', name: 'authorization', type: 'apiKey' } },
  },
})
