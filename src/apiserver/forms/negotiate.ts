/** Which representation a client wants: its encoding, and what the object is to be shown as. */
import { ApiError, badRequestError } from '../../machinery/api-error.ts'
import { customFactsOf } from '../../machinery/custom/custom-kind.ts'
import { header, type ServerRequest } from '../chain/server-request.ts'
import type { Resource } from '../registry/resource.ts'
import {
  type AcceptClause,
  acceptClauses,
  checkRoute,
  type Encoding,
  encodingsOf,
  mediaTypes,
  namesEncoding,
  notAcceptableError,
  streamTypes,
} from './accept.ts'
import { CborForm } from './cbor-form.ts'
import type { Form } from './form.ts'
import { JsonForm } from './json-form.ts'
import { MadeForm } from './made-form.ts'
import { PartialProtobufForm } from './partial-protobuf-form.ts'
import { ProtobufForm } from './protobuf-form.ts'
import { type IncludeObject, type MetaVersion, metadataOnly, table, wholeObject } from './representations.ts'

/** What a path answers with. */
export type Shape = 'object' | 'list' | 'watch'

type Shown = 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList'

interface Accepted {
  readonly encoding: Encoding
  readonly pretty: boolean
  /** What the object is shown as, if not as itself. */
  readonly as?: Shown
  readonly version: MetaVersion
}

const protobufForms = new WeakMap<Resource, ProtobufForm>()

function protobufFormOf(resource: Resource): ProtobufForm {
  let form = protobufForms.get(resource)
  if (!form) {
    form = new ProtobufForm(resource)
    protobufForms.set(resource, form)
  }
  return form
}

const jsonForms = new WeakMap<Resource, JsonForm>()

function jsonFormOf(resource: Resource): JsonForm {
  let form = jsonForms.get(resource)
  if (!form) {
    form = new JsonForm(resource)
    jsonForms.set(resource, form)
  }
  return form
}

/** Whether JSON is to be indented: asked for, or a browser or curl without an opinion. */
function wantsPretty(request: ServerRequest): boolean {
  const pretty = request.query.get('pretty')
  if (pretty !== null && pretty !== '') return /^(1|t|T|true|TRUE|True)$/.test(pretty)
  const agent = header(request.headers, 'user-agent')
  return agent.startsWith('curl') || agent.startsWith('Wget') || agent.startsWith('Mozilla/5.0')
}

/** Throws 406 where a path that answers with objects cannot answer as asked. */
export function checkAcceptable(request: ServerRequest, shape: Shape): void {
  const accept = header(request.headers, 'accept')
  if (accept === '' || accept === mediaTypes.json || accept === mediaTypes.protobuf) return
  const encodings = encodingsOf(request)
  const types = encodings.map(encoding => mediaTypes[encoding])
  checkRoute(request, shape === 'object' ? types : [...types, ...streamsOf(encodings)])
  accepted(request, shape)
}

const streamsOf = (encodings: readonly Encoding[]): string[] =>
  encodings.map(encoding => streamTypes[encoding]).filter(type => type !== undefined)

/** The form of a resource's objects for this request. Throws 406 where none of the accepted ones exists. */
export function negotiateForm(request: ServerRequest, resource: Resource, nowMs: () => number, shape: Shape): Form {
  if (header(request.headers, 'accept') === mediaTypes.json && !wantsPretty(request)) return jsonFormOf(resource)
  const { encoding, as, version, pretty } = accepted(request, shape, customFactsOf(resource.kind) !== undefined)
  const indented = pretty && shape !== 'watch'
  if (as === undefined) {
    if (encoding === 'protobuf') return protobufFormOf(resource)
    if (encoding === 'cbor') return new CborForm(resource)
    if (encoding === 'yaml' || indented) return new MadeForm(wholeObject(resource), encoding, indented)
    return jsonFormOf(resource)
  }
  if (as === 'Table') {
    return new MadeForm(table(resource, includeObjectOf(request), nowMs, version), encoding, indented)
  }
  checkListness(resource, as, shape)
  if (encoding === 'protobuf') return new PartialProtobufForm(resource, version)
  return new MadeForm(metadataOnly(resource, version), encoding, indented)
}

/** `isCustom`: custom resources have no protobuf of their own. */
function accepted(request: ServerRequest, shape: Shape, isCustom = false): Accepted {
  const encodings = encodingsOf(request)
  for (const { type, parameters } of acceptClauses(header(request.headers, 'accept'))) {
    for (const encoding of encodings) {
      if (!namesEncoding(type, encoding)) continue
      const found = ofClause(request, encoding, parameters)
      if (!found || (isCustom && encoding === 'protobuf' && found.as === undefined)) continue
      if (shape !== 'watch' || streamTypes[encoding] !== undefined) return found
      throw notAcceptableError(streamsOf(encodings))
    }
  }
  throw notAcceptableError(encodings.map(encoding => mediaTypes[encoding]))
}

/** Undefined where the parameters ask for something that does not exist. */
function ofClause(
  request: ServerRequest,
  encoding: Encoding,
  { as, g, v, stream, sv, pretty }: AcceptClause['parameters'],
): Accepted | undefined {
  if (stream && (stream !== 'watch' || streamTypes[encoding] === undefined)) return undefined
  if (sv && sv !== 'v1') return undefined
  const isPretty = encoding === 'json' && (pretty === '1' || wantsPretty(request))
  if (as === undefined && g === undefined && v === undefined) return { encoding, pretty: isPretty, version: 'v1' }
  if (g !== 'meta.k8s.io' || (v !== 'v1' && v !== 'v1beta1')) return undefined
  if (as === 'Table' && encoding !== 'json' && encoding !== 'yaml') return undefined
  if (as !== 'Table' && as !== 'PartialObjectMetadata' && as !== 'PartialObjectMetadataList') return undefined
  return { encoding, as, version: v, pretty: isPretty }
}

/** A list cannot be shown as one object, nor an object as a list. Throws 406. */
function checkListness({ kind }: Resource, as: Shown, shape: Shape): void {
  if (shape === 'watch' || (as === 'PartialObjectMetadataList') === (shape === 'list')) return
  // The package and type as upstream names them, as `*core.PodList`.
  const type = `*${kind.name.split('.').at(-3)}.${kind.gvk.kind}`
  const found = shape === 'list' ? `is a list (${type}List)` : `is not a list (${type})`
  throw new ApiError(406, 'NotAcceptable', `you requested ${as}, but the requested object ${found}`)
}

export function includeObjectOf(request: ServerRequest): IncludeObject {
  const value = request.query.get('includeObject') ?? ''
  if (value === '') return 'Metadata'
  if (value === 'None' || value === 'Object' || value === 'Metadata') return value
  throw badRequestError(
    `Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(value)}: must be 'Metadata', 'Object', 'None', or empty`,
  )
}

/** How a value that is no stored object is written (Status, discovery, reviews): as itself, in JSON where nothing else fits. */
export function negotiateValue(request: ServerRequest): { readonly encoding: Encoding; readonly pretty: boolean } {
  for (const { type, parameters } of acceptClauses(header(request.headers, 'accept'))) {
    for (const encoding of encodingsOf(request)) {
      if (!namesEncoding(type, encoding)) continue
      const { as, g, v, stream, sv, pretty } = parameters
      if (as !== undefined || g !== undefined || v !== undefined || sv) continue
      if (stream && (stream !== 'watch' || streamTypes[encoding] === undefined)) continue
      return { encoding, pretty: encoding === 'json' && (pretty === '1' || wantsPretty(request)) }
    }
  }
  return { encoding: 'json', pretty: true }
}

/** Throws 406 where a table is asked for. */
export function refuseTable(request: ServerRequest): void {
  if (shownAs(request)?.as === 'Table')
    throw notAcceptableError(encodingsOf(request).map(encoding => mediaTypes[encoding]))
}

/** What a value that is no stored object is to be shown as, if not as itself. */
export function shownAs(request: ServerRequest): { as: Shown; version: MetaVersion; encoding: Encoding } | undefined {
  for (const { type, parameters } of acceptClauses(header(request.headers, 'accept'))) {
    for (const encoding of encodingsOf(request)) {
      if (!namesEncoding(type, encoding)) continue
      const found = ofClause(request, encoding, parameters)
      if (found) return found.as && { as: found.as, version: found.version, encoding }
    }
  }
  return undefined
}
