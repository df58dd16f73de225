/** Step: the request's body as an object of the expected kind, with defaults. */
import { ApiError, badRequestError, notRegistered } from '../../machinery/api-error.ts'
import { customFactsOf } from '../../machinery/custom/custom-kind.ts'
import { applyDefaults } from '../../machinery/defaulting.ts'
import { kindByName } from '../../machinery/scheme.ts'
import { readCbor } from '../../schema/cbor-decode.ts'
import { DecodeError, decodeObject, decodeValue, readJson } from '../../schema/json-decode.ts'
import { plainNumbers } from '../../schema/json-exact.ts'
import type { Kind } from '../../schema/kind.ts'
import { decodeEnvelope, isEnveloped } from '../../schema/protobuf-decode.ts'
import { parseYamlDocument } from '../../schema/yaml.ts'
import { encodingsOf, mediaTypes, unsupportedMediaTypeError } from '../forms/accept.ts'
import { cloneJson } from '../registry/clone.ts'
import type { ObjectJson } from '../registry/stored-object.ts'
import type { RequestContext } from './request-context.ts'
import { header, type ServerRequest } from './server-request.ts'

export interface DecodedBody {
  /** Owned by the request; defaults are filled in. */
  readonly object: ObjectJson
  readonly unknownFields: readonly string[]
  readonly duplicateFields: readonly string[]
}

export function mediaTypeOf(request: ServerRequest): string {
  const given = header(request.headers, 'content-type')
  const [type = '', ...parameters] = given.split(';').map(part => part.trim())
  // A parameter without a value is no media type (RFC 9110).
  if (parameters.some(parameter => parameter !== '' && !parameter.includes('='))) return given
  return type === '' ? mediaTypes.json : type.toLowerCase()
}

/** A body that is no object of the expected kinds. */
export class UndecodableBody extends ApiError {
  /** What is wrong, without the words around it. */
  readonly fault: string
  constructor(fault: string, message: string) {
    super(400, 'BadRequest', message)
    this.fault = fault
  }
}

/** `kinds`: those that the body may be; the first one where it does not say. Throws 400, 413 and 415. */
export async function decodeBody(context: RequestContext, ...kinds: readonly [Kind, ...Kind[]]): Promise<DecodedBody> {
  const { request } = context
  const { body } = request
  let bytes: Buffer | undefined
  try {
    if (body.is === 'object') return ownOf(kinds, body.value)
    bytes = body.is === 'bytes' ? await body.read() : Buffer.alloc(0)
    return decodeBytes(request, kinds, bytes)
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    if (bytes && mediaTypeOf(request) === 'application/json') refuseUnrecognized(kinds, bytes, error)
    const [{ gvk, apiVersion }] = kinds
    throw new UndecodableBody(
      error.message,
      `${gvk.kind} in version ${JSON.stringify(apiVersion.split('/').at(-1))} cannot be handled as a ${gvk.kind}: ${error.message}`,
    )
  }
}

function decodeBytes(request: ServerRequest, kinds: readonly [Kind, ...Kind[]], bytes: Buffer): DecodedBody {
  const type = mediaTypeOf(request)
  if (bytes.length === 0 && type !== 'application/json')
    throw badRequestError('no kind "" is registered for version "" : the request has an empty body')
  if (type === 'application/json') {
    const [first] = kinds
    // The type stands inside of what decoding reads: only where it is another one is the body read again.
    const decoded = decodeObject(first, bytes)
    const kind = kindOf(kinds, decoded.object)
    const { object, unknownFields, duplicateFields } = kind === first ? decoded : decodeObject(kind, bytes)
    return finished(kind, object as ObjectJson, unknownFields, duplicateFields)
  }
  if (type === mediaTypes.cbor && request.cbor) {
    const value = readCborBody(bytes, kinds[0])
    const kind = kindOf(kinds, value)
    const { object, unknownFields } = decodeValue(kind, value)
    return finished(kind, object as ObjectJson, unknownFields, [])
  }
  if (type === 'application/yaml') {
    const value = parseYamlDocument(bytes.toString('utf8'))
    const kind = kindOf(kinds, value)
    const { object, unknownFields } = decodeValue(kind, value)
    return finished(kind, cloneJson(object) as ObjectJson, unknownFields, [])
  }
  if (type === 'application/vnd.kubernetes.protobuf' && !customFactsOf(kinds[0])) {
    if (!isEnveloped(bytes))
      throw badRequestError('provided data does not appear to be a protobuf message, expected prefix k8s\\0')
    const object = decodeEnvelope((apiVersion, name) => kindOf(kinds, { apiVersion, kind: name }), bytes) as ObjectJson
    return finished(kindOf(kinds, object), object, [], [])
  }
  throw unsupportedMediaTypeError(encodingsOf(request).map(encoding => mediaTypes[encoding]))
}

const maxShownBytes = 30

function readCborBody(bytes: Buffer, { gvk }: Kind): unknown {
  try {
    return readCbor(bytes)
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    const start = bytes.subarray(0, maxShownBytes)
    const shown = `${start.toString(start[0] === 0x7b ? 'utf8' : 'hex')}${bytes.length > maxShownBytes ? ' ...' : ''}`
    throw badRequestError(
      `the object provided is unrecognized (must be of type ${gvk.kind}): unable to determine group/version/kind: ${error.message} (${shown})`,
    )
  }
}

/** Upstream reads a body's kind before anything else, and says so where it has none to read. */
function refuseUnrecognized(kinds: readonly [Kind, ...Kind[]], bytes: Buffer, error: DecodeError): void {
  let value: unknown
  let fault: string | undefined
  try {
    value = JSON.parse(bytes.toString('utf8'))
    if (Array.isArray(value)) fault = `json: cannot unmarshal array into Go value of type ${typeMeta}`
    else if (typeof value !== 'object')
      fault = `json: cannot unmarshal ${goTypeOf(value)} into Go value of type ${typeMeta}`
  } catch {
    fault = error.message
  }
  if (fault === undefined) {
    if (value !== null) kindOf(kinds, value)
    return
  }
  const detail = `couldn't get version/kind; json parse error: ${fault}`
  throw new UndecodableBody(
    detail,
    `the object provided is unrecognized (must be of type ${kinds[0].gvk.kind}): ${detail} (${summaryOf(bytes)})`,
  )
}

const typeMeta =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'
const maxSummary = 30

function summaryOf(bytes: Buffer): string {
  if (bytes.length === 0) return '<empty>'
  const start = bytes.subarray(0, maxSummary)
  const shown = bytes[0] === 0x7b ? start.toString('utf8') : start.toString('hex')
  return bytes.length > maxSummary ? `${shown} ...` : shown
}

/** The one of the possible kinds that a body says it is. Throws 400 where it is none of them. */
function kindOf(kinds: readonly [Kind, ...Kind[]], value: unknown): Kind {
  const [first] = kinds
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw badRequestError(
      `couldn't get version/kind; json parse error: json: cannot unmarshal ${Array.isArray(value) ? 'array' : typeof value} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`,
    )
  }
  const { kind, apiVersion } = value as { kind?: unknown; apiVersion?: unknown }
  for (const [name, given] of Object.entries({ apiVersion, kind })) {
    if (given === undefined || given === null || typeof given === 'string') continue
    throw badRequestError(
      `couldn't get version/kind; json parse error: json: cannot unmarshal ${goTypeOf(given)} into Go struct field .${name} of type string`,
    )
  }
  const named = (one: Kind) =>
    (kind === undefined || kind === null || kind === '' || kind === one.gvk.kind) &&
    (apiVersion === undefined || apiVersion === null || apiVersion === '' || apiVersion === one.apiVersion)
  const found = kinds.find(named)
  if (found) return found
  const version = typeof apiVersion === 'string' ? (apiVersion.split('/').at(-1) ?? '') : ''
  const unregistered = notRegistered(String(apiVersion ?? ''), String(kind ?? ''))
  const isKnown = typeof kind !== 'string' || typeof apiVersion !== 'string' || kindByName(apiVersion, kind)
  const detail = isKnown
    ? `converting (${version}.${kind}) to (${goPackage(first)}.${first.gvk.kind}): unknown conversion`
    : unregistered
  throw new UndecodableBody(
    unregistered,
    `${kind} in version ${JSON.stringify(version)} cannot be handled as a ${first.gvk.kind}: ${detail}`,
  )
}

const goTypeOf = (value: unknown): string =>
  Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value

/** Upstream's package of the internal types of a group. */
const goPackage = ({ gvk: { group } }: Kind): string =>
  group === '' ? 'core' : group === 'internal.apiserver.k8s.io' ? 'apiserverinternal' : (group.split('.')[0] as string)

function ownOf(kinds: readonly [Kind, ...Kind[]], value: unknown): DecodedBody {
  const kind = kindOf(kinds, value)
  const { object, unknownFields } = decodeValue(kind, value)
  return finished(kind, cloneJson(object) as ObjectJson, unknownFields, [])
}

function finished(
  kind: Kind,
  object: ObjectJson,
  unknownFields: readonly string[],
  duplicateFields: readonly string[],
): DecodedBody {
  applyDefaults(kind, object)
  if (kind.fields.metadata !== undefined) object.metadata ??= {} as ObjectJson['metadata']
  return { object, unknownFields, duplicateFields }
}

/** A body of any JSON shape (patches), or undefined where there is none. */
export async function readBodyValue(request: ServerRequest, as: 'json' | 'yaml' | 'cbor'): Promise<unknown> {
  const { body } = request
  if (body.is === 'object') return body.value
  if (body.is === 'none') return undefined
  const bytes = await body.read()
  if (bytes.length === 0) return undefined
  try {
    if (as === 'cbor') return plainNumbers(readCbor(bytes))
    return as === 'yaml' ? parseYamlDocument(bytes.toString('utf8')) : readJson(bytes)
  } catch (error) {
    if (error instanceof DecodeError) throw badRequestError(error.message)
    throw error
  }
}
