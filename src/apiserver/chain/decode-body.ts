/** Step: the request's body as an object of the expected kind, with defaults. */
import { ApiError, badRequestError, invalidError, notRegistered } from '../../machinery/api-error.ts'
import { customFactsOf } from '../../machinery/custom/custom-kind.ts'
import { applyDefaults } from '../../machinery/defaulting.ts'
import { kindByName } from '../../machinery/scheme.ts'
import { readCbor } from '../../schema/cbor-decode.ts'
import { jsonTypeOf } from '../../schema/decode-error.ts'
import { invalid } from '../../schema/field-error.ts'
import { DecodeError, decodeObject, decodeValue, readJson, readJsonParts } from '../../schema/json-decode.ts'
import { stringifyJson } from '../../schema/json-encode.ts'
import { plainNumbers } from '../../schema/json-exact.ts'
import type { Kind } from '../../schema/kind.ts'
import { decodeEnvelope, isEnveloped } from '../../schema/protobuf-decode.ts'
import { readYamlBody } from '../../schema/yaml.ts'
import { encodingsOf, mediaTypes, unsupportedMediaTypeError } from '../forms/accept.ts'
import { cloneJson } from '../registry/clone.ts'
import type { ObjectJson } from '../registry/stored-object.ts'
import type { RequestContext } from './request-context.ts'
import { header, type ServerRequest } from './server-request.ts'

export interface DecodedBody {
  /** Owned by the request; defaults are filled in. */
  readonly object: ObjectJson
  readonly unknownFields: readonly string[]
  /** Paths; keys that a YAML body has twice are told in its parser's words. */
  readonly duplicateFields: readonly string[]
}

export function mediaTypeOf(request: ServerRequest): string {
  const given = header(request.headers, 'content-type')
  const [type = '', ...parameters] = given.split(';').map(part => part.trim())
  // A parameter without a value is no media type (RFC 9110).
  if (parameters.some(parameter => parameter !== '' && !parameter.includes('=')) || (type === '' && given !== ''))
    return given
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
    const type = mediaTypeOf(request)
    if (bytes && type === 'application/json') refuseUnrecognized(kinds, bytes, error)
    if (bytes && type === 'application/yaml' && error.message.startsWith('yaml: '))
      throw unrecognized(kinds, bytes, error.message)
    const [{ gvk, apiVersion }] = kinds
    throw new UndecodableBody(
      error.message,
      `${gvk.kind} in version ${JSON.stringify(apiVersion.split('/').at(-1))} cannot be handled as a ${gvk.kind}: ${error.message}`,
    )
  }
}

function decodeBytes(request: ServerRequest, kinds: readonly [Kind, ...Kind[]], bytes: Buffer): DecodedBody {
  const type = mediaTypeOf(request)
  if (bytes.length === 0 && type !== 'application/json' && type !== 'application/yaml')
    throw badRequestError('no kind "" is registered for version "" : the request has an empty body')
  if (type === 'application/json') {
    const [first] = kinds
    // The type stands inside of what decoding reads: only where it is another one is the body read again.
    const decoded = decodeObject(first, bytes)
    const kind = kindOf(kinds, customFactsOf(first) ? asSent(bytes, decoded.object) : decoded.object)
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
    const { value, duplicates } = readYamlBody(bytes.toString('utf8'))
    const sent = value ?? {}
    const fault = notAnObject(sent)
    if (fault !== undefined) throw unrecognized(kinds, bytes, `couldn't get version/kind; json parse error: ${fault}`)
    const kind = kindOf(kinds, sent)
    const { object, unknownFields } = decodeValue(kind, sent)
    return finished(kind, cloneJson(object) as ObjectJson, unknownFields, duplicates)
  }
  if (type === 'application/vnd.kubernetes.protobuf' && !customFactsOf(kinds[0])) {
    if (!isEnveloped(bytes)) {
      const fault = 'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]'
      throw unrecognized(kinds, bytes, fault)
    }
    const object = decodeEnvelope((apiVersion, name) => kindOf(kinds, { apiVersion, kind: name }), bytes) as ObjectJson
    return finished(kindOf(kinds, object), object, [], [])
  }
  throw unsupportedMediaTypeError(encodingsOf(request).map(encoding => mediaTypes[encoding]))
}

/** A decoded object has its type whether or not it was sent. */
function asSent(bytes: Buffer, decoded: unknown): unknown {
  const saysBoth = bytes.includes('"kind"') && bytes.includes('"apiVersion"')
  return saysBoth ? decoded : readJson(bytes)
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
    fault = notAnObject(value)
  } catch {
    fault = error.message
  }
  if (fault === undefined) {
    if (value !== null) kindOf(kinds, value)
    return
  }
  throw unrecognized(kinds, bytes, `couldn't get version/kind; json parse error: ${fault}`)
}

const unrecognized = (kinds: readonly [Kind, ...Kind[]], bytes: Buffer, detail: string): UndecodableBody =>
  new UndecodableBody(
    detail,
    `the object provided is unrecognized (must be of type ${kinds[0].gvk.kind}): ${detail} (${summaryOf(bytes)})`,
  )

function notAnObject(value: unknown): string | undefined {
  return typeof value === 'object' && !Array.isArray(value) ? undefined : cannotUnmarshal(value)
}

const cannotUnmarshal = (value: unknown): string =>
  `json: cannot unmarshal ${jsonTypeOf(value)} into Go value of type ${typeMeta}`

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
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw badRequestError(`couldn't get version/kind; json parse error: ${cannotUnmarshal(value)}`)
  const { kind, apiVersion } = value as { kind?: unknown; apiVersion?: unknown }
  for (const [name, given] of Object.entries({ apiVersion, kind })) {
    if (given === undefined || given === null || typeof given === 'string') continue
    throw badRequestError(
      `couldn't get version/kind; json parse error: json: cannot unmarshal ${jsonTypeOf(given)} into Go struct field .${name} of type string`,
    )
  }
  const named = (one: Kind) =>
    (kind === undefined || kind === null || kind === '' || kind === one.gvk.kind) &&
    (apiVersion === undefined || apiVersion === null || apiVersion === '' || apiVersion === one.apiVersion)
  if (customFactsOf(first)) return customKindOf(first, value)
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

/** Bodies of custom resources say what they are, and are nothing else. */
function customKindOf(kind: Kind, value: object): Kind {
  const said = value as { kind?: string; apiVersion?: string; metadata?: { name?: unknown } }
  if (!said.kind) {
    const bytes = Buffer.from(stringifyJson(value))
    throw unrecognized([kind], bytes, `Object 'Kind' is missing in '${bytes.toString('utf8')}'`)
  }
  if (said.apiVersion !== kind.apiVersion)
    throw badRequestError(
      `the API version in the data (${said.apiVersion ?? ''}) does not match the expected API version (${kind.apiVersion})`,
    )
  if (said.kind === kind.gvk.kind) return kind
  const name = typeof said.metadata?.name === 'string' ? said.metadata.name : ''
  throw invalidError(kind.gvk.group, said.kind, name, [invalid('kind', said.kind, `must be ${kind.gvk.kind}`)])
}

/** Upstream's package of the internal types of a group. */
const goPackage = ({ gvk: { group } }: Kind): string =>
  group === '' ? 'core' : group === 'internal.apiserver.k8s.io' ? 'apiserverinternal' : (group.split('.')[0] as string)

/** Of our own clients, who know what they send. */
function ownOf(kinds: readonly [Kind, ...Kind[]], value: unknown): DecodedBody {
  const kind = customFactsOf(kinds[0]) ? kinds[0] : kindOf(kinds, value)
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

export interface BodyValue {
  readonly value: unknown
  /** Paths of members that the body has twice, or what YAML's parser says of them. */
  readonly duplicates: readonly string[]
}

/** A body of any JSON shape (patches); its value is undefined where there is none. */
export async function readBodyValue(request: ServerRequest, as: 'json' | 'yaml' | 'cbor'): Promise<BodyValue> {
  const { body } = request
  if (body.is === 'object') return { value: body.value, duplicates: [] }
  if (body.is === 'none') return { value: undefined, duplicates: [] }
  const bytes = await body.read()
  if (bytes.length === 0) return { value: undefined, duplicates: [] }
  try {
    if (as === 'cbor') return { value: plainNumbers(readCbor(bytes)), duplicates: [] }
    return as === 'yaml' ? readYamlBody(bytes.toString('utf8')) : readJsonParts(bytes)
  } catch (error) {
    if (error instanceof DecodeError) throw badRequestError(error.message)
    throw error
  }
}
