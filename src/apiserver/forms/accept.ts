/** The Accept header (RFC 9110), with the parameters of the API conventions, and the errors where nothing fits. */
import { ApiError } from '../../machinery/api-error.ts'
import { header, type ServerRequest } from '../chain/server-request.ts'

export interface AcceptClause {
  readonly type: string
  readonly parameters: Readonly<Record<string, string>>
  readonly quality: number
}

const maxAcceptLength = 4_096

/** Clients send the same few headers again and again. */
const maxRemembered = 256
const remembered = new Map<string, readonly AcceptClause[]>()

/** The clauses of an Accept header, most wanted first. An absent header accepts anything. */
export function acceptClauses(accept: string): readonly AcceptClause[] {
  const known = remembered.get(accept)
  if (known) return known
  const clauses = readClauses(accept)
  if (remembered.size >= maxRemembered) remembered.clear()
  if (accept.length < maxAcceptLength) remembered.set(accept, clauses)
  return clauses
}

function readClauses(accept: string): AcceptClause[] {
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
    clauses.push({ type, parameters, quality: Number.isFinite(quality) ? quality : 1 })
  }
  return clauses.sort((a, b) => b.quality - a.quality)
}

/** As upstream: no weights, no wildcards. */
export const acceptsGzip = (request: ServerRequest): boolean =>
  header(request.headers, 'accept-encoding')
    .split(',')
    .some(encoding => encoding.trim() === 'gzip')

export type Encoding = 'json' | 'yaml' | 'protobuf' | 'cbor'

export const mediaTypes: Readonly<Record<Encoding, string>> = {
  json: 'application/json',
  yaml: 'application/yaml',
  protobuf: 'application/vnd.kubernetes.protobuf',
  cbor: 'application/cbor',
}

/** Of watches; YAML has no stream. */
export const streamTypes: Readonly<Partial<Record<Encoding, string>>> = {
  json: 'application/json;stream=watch',
  protobuf: 'application/vnd.kubernetes.protobuf;stream=watch',
  cbor: 'application/cbor-seq',
}

const withoutCbor: readonly Encoding[] = ['json', 'yaml', 'protobuf']
const withCbor: readonly Encoding[] = [...withoutCbor, 'cbor']

/** What can be read and written. CBOR is there while its feature gate is on. */
export const encodingsOf = ({ cbor }: ServerRequest): readonly Encoding[] => (cbor ? withCbor : withoutCbor)

export const notAcceptableError = (types: readonly string[]): ApiError =>
  new ApiError(406, 'NotAcceptable', `only the following media types are accepted: ${types.join(', ')}`)

export const unsupportedMediaTypeError = (types: readonly string[]): ApiError =>
  new ApiError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${types.join(', ')}`,
  )

/** Throws 406 where none of the types that a path ever answers with is named: without parameters, exactly or as any. */
export function checkRoute(request: ServerRequest, produces: readonly string[]): void {
  const accept = header(request.headers, 'accept')
  if (accept === '' || produces.includes(accept)) return
  const isNamed = acceptClauses(accept).some(({ type }) => type === '*/*' || produces.includes(type))
  if (isNamed) return
  const message = `406: Not Acceptable\n\nAvailable representations: ${produces.join(', ')}`
  throw new ApiError(406, 'NotAcceptable', message, {})
}

/** Whether a clause names an encoding. */
export function namesEncoding(type: string, encoding: Encoding): boolean {
  return type === mediaTypes[encoding] || type === '*/*' || type === 'application/*'
}
