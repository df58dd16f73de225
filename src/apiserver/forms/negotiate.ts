/** Which representation a client wants (RFC 9110 Accept, and the API conventions' `as`, `g`, `v` parameters). */
import { ApiError } from '../../machinery/api-error.ts'
import { header, type ServerRequest } from '../chain/server-request.ts'
import type { Resource } from '../registry/resource.ts'
import type { Form } from './form.ts'
import { JsonForm } from './json-form.ts'
import { MadeForm } from './made-form.ts'
import { PartialProtobufForm } from './partial-protobuf-form.ts'
import { ProtobufForm, protobufMediaType } from './protobuf-form.ts'
import { type IncludeObject, metadataOnly, table, wholeObject } from './representations.ts'

export interface AcceptClause {
  readonly type: string
  readonly parameters: Readonly<Record<string, string>>
  readonly quality: number
}

const maxAcceptLength = 4_096

/** The clauses of an Accept header, most wanted first. An absent header accepts anything. */
export function acceptClauses(accept: string): AcceptClause[] {
  if (accept.trim() === '') return [{ type: '*/*', parameters: {}, quality: 1 }]
  const clauses: AcceptClause[] = []
  for (const clause of accept.slice(0, maxAcceptLength).split(',')) {
    const [type, ...rest] = clause.split(';').map(part => part.trim())
    if (!type) continue
    const parameters: Record<string, string> = {}
    for (const part of rest) {
      const equals = part.indexOf('=')
      if (equals > 0) parameters[part.slice(0, equals).toLowerCase()] = part.slice(equals + 1).replace(/^"|"$/g, '')
    }
    const quality = parameters.q === undefined ? 1 : Number(parameters.q)
    clauses.push({ type: type.toLowerCase(), parameters, quality: Number.isFinite(quality) ? quality : 0 })
  }
  return clauses.filter(clause => clause.quality > 0).sort((a, b) => b.quality - a.quality)
}

export const acceptsGzip = (request: ServerRequest): boolean =>
  header(request.headers, 'accept-encoding')
    .split(',')
    .some(encoding => encoding.trim().split(';')[0] === 'gzip')

type Encoding = 'json' | 'yaml' | 'protobuf'

function encodingOf(type: string): Encoding | undefined {
  if (type === 'application/json' || type === '*/*' || type === 'application/*') return 'json'
  if (type === 'application/yaml') return 'yaml'
  return type === protobufMediaType ? 'protobuf' : undefined
}

const acceptedTypes = `application/json, application/yaml, ${protobufMediaType}`

export const notAcceptableError = (types = acceptedTypes): ApiError =>
  new ApiError(406, 'NotAcceptable', `only the following media types are accepted: ${types}`)

export const unsupportedMediaTypeError = (types: string): ApiError =>
  new ApiError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${types}`,
  )

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
  if (pretty !== null) return pretty !== '0' && pretty !== 'false'
  const agent = header(request.headers, 'user-agent')
  return agent.startsWith('curl') || agent.startsWith('Wget') || agent.startsWith('Mozilla/5.0')
}

/** The form of a resource's objects for this request. Throws 406 where none of the accepted ones exists. */
export function negotiateForm(request: ServerRequest, resource: Resource, nowMs: () => number, isWatch = false): Form {
  const accept = header(request.headers, 'accept')
  if (accept === 'application/json' && !wantsPretty(request)) return jsonFormOf(resource)
  for (const clause of acceptClauses(accept)) {
    const encoding = encodingOf(clause.type)
    if (encoding === undefined) continue
    const form = formOf(request, resource, clause, encoding, nowMs, isWatch)
    if (form) return form
  }
  throw notAcceptableError()
}

function formOf(
  request: ServerRequest,
  resource: Resource,
  { parameters }: AcceptClause,
  encoding: Encoding,
  nowMs: () => number,
  isWatch: boolean,
): Form | undefined {
  const pretty = encoding === 'json' && !isWatch && wantsPretty(request)
  const as = parameters.as
  if (as === undefined) {
    if (encoding === 'protobuf') return new ProtobufForm(resource)
    if (encoding === 'yaml') return new MadeForm(wholeObject(resource), 'yaml')
    return pretty ? new MadeForm(wholeObject(resource), 'json', true) : jsonFormOf(resource)
  }
  if (parameters.g !== 'meta.k8s.io' || (parameters.v !== 'v1' && parameters.v !== 'v1beta1')) return undefined
  if (as === 'Table') {
    if (encoding === 'protobuf') return undefined
    return new MadeForm(table(resource, includeObjectOf(request), nowMs), encoding, pretty)
  }
  if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') {
    if (encoding === 'protobuf') return new PartialProtobufForm(resource)
    return new MadeForm(metadataOnly(resource), encoding, pretty)
  }
  return undefined
}

function includeObjectOf(request: ServerRequest): IncludeObject {
  const value = request.query.get('includeObject')
  return value === 'None' || value === 'Object' ? value : 'Metadata'
}

/** How a value that is no stored object is written: JSON or YAML (Status, discovery); protobuf where the caller can. */
export function negotiateText(request: ServerRequest): { encoding: 'json' | 'yaml'; pretty: boolean } {
  for (const clause of acceptClauses(header(request.headers, 'accept'))) {
    const encoding = encodingOf(clause.type)
    if (encoding === 'json' || encoding === 'yaml')
      return { encoding, pretty: encoding === 'json' && wantsPretty(request) }
  }
  return { encoding: 'json', pretty: false }
}

/** Whether the most wanted acceptable representation is protobuf. */
export function prefersProtobuf(request: ServerRequest): boolean {
  for (const clause of acceptClauses(header(request.headers, 'accept'))) {
    const encoding = encodingOf(clause.type)
    if (encoding !== undefined) return encoding === 'protobuf'
  }
  return false
}

/** Whether the most wanted representation that exists is a table. */
export function wantsTable(request: ServerRequest): boolean {
  for (const { type, parameters } of acceptClauses(header(request.headers, 'accept'))) {
    if (encodingOf(type) !== undefined) return parameters.as === 'Table' && parameters.g === 'meta.k8s.io'
  }
  return false
}
