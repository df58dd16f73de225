/** Step: the response, in the representation that the client wants. */
import { Status } from '../../api/meta/v1/status.ts'
import {
  ApiError,
  type FailureStatus,
  internalError,
  serviceUnavailableError,
  timeoutError,
} from '../../machinery/api-error.ts'
import { tableOf } from '../../machinery/tables/table.ts'
import { encodeCborObject } from '../../schema/cbor-encode.ts'
import type { Kind, ListKind } from '../../schema/kind.ts'
import { encodeEnvelope } from '../../schema/protobuf-encode.ts'
import { InvalidRequestError, OutcomeUnknownError, StoreUnavailableError } from '../../store/store.ts'
import type { RequestContext } from '../chain/request-context.ts'
import type { ServerRequest, ServerResponse } from '../chain/server-request.ts'
import { encodingsOf, mediaTypes, notAcceptableError } from '../forms/accept.ts'
import { encodeValue } from '../forms/made-form.ts'
import { includeObjectOf, negotiateForm, negotiateValue, shownAs } from '../forms/negotiate.ts'
import { partialKinds } from '../forms/partial-protobuf-form.ts'
import type { MetaVersion } from '../forms/representations.ts'
import { zippedList } from '../forms/zipped-list.ts'
import type { ListResult } from '../registry/list.ts'
import { listKindNameOf, type Resource, viewOf } from '../registry/resource.ts'
import type { StoredObject } from '../registry/stored-object.ts'

const common = { 'cache-control': 'no-cache, private' }

export function respondStored(
  context: RequestContext,
  resource: Resource,
  stored: StoredObject,
  status: number,
  nowMs: () => number,
): ServerResponse {
  context.responseObject = () => viewOf(resource, stored)
  if (context.request.wantsObjects) return objectResponse(status, viewOf(resource, stored))
  const form = negotiateForm(context.request, resource, nowMs, 'object')
  return {
    status,
    headers: { ...common, 'content-type': form.mediaType },
    body: { is: 'bytes', chunks: [form.object(stored)] },
  }
}

export function respondList(
  context: RequestContext,
  resource: Resource,
  list: ListResult,
  nowMs: () => number,
): ServerResponse {
  const { kind } = resource
  const wholeList = () => ({
    kind: listKindNameOf(resource),
    apiVersion: kind.apiVersion,
    metadata: list.meta,
    items: list.items.map(stored => viewOf(resource, stored)),
  })
  context.responseObject = wholeList
  if (context.request.wantsObjects) return objectResponse(200, wholeList())
  const form = negotiateForm(context.request, resource, nowMs, 'list')
  return {
    status: 200,
    headers: { ...common, 'content-type': form.mediaType },
    body: {
      is: 'bytes',
      chunks: form.list(list.items, list.meta),
      zipped: leastBytes => zippedList(form, list.items, list.meta, leastBytes),
    },
  }
}

export const objectResponse = (status: number, object: unknown): ServerResponse => ({
  status,
  headers: {},
  body: { is: 'object', object },
})

/** Answers to questions have no rows: upstream's storage of them converts to no table. */
const reviewGroups: ReadonlySet<string> = new Set(['authentication.k8s.io', 'authorization.k8s.io'])

/** An object that is not stored: a review, a Scale, a Status. `kind` where it can be encoded as protobuf. */
export function respondValue(request: ServerRequest, status: number, value: unknown, kind?: Kind): ServerResponse {
  if (request.wantsObjects) return objectResponse(status, value)
  const shown = kind && kind !== Status && status < 300 ? shownAs(request) : undefined
  if (kind && shown) {
    const headers = { ...request.headers, accept: mediaTypes[shown.encoding] }
    const plain = { ...request, headers }
    if (shown.as === 'Table' && reviewGroups.has(kind.gvk.group))
      throw notAcceptableError(encodingsOf(request).map(encoding => mediaTypes[encoding]))
    if (shown.as === 'Table') return respondValue(plain, status, tableFor(request, kind, value, shown.version))
    const { metadata = {} } = value as { metadata?: object }
    const partial = partialKinds[shown.version]
    const { apiVersion } = partial
    return respondValue(plain, status, { kind: partial.gvk.kind, apiVersion, metadata }, partial)
  }
  const { encoding, pretty } = negotiateValue(request)
  if (encoding === 'protobuf' && kind)
    return valueResponse(status, mediaTypes.protobuf, encodeEnvelope(kind, value, saidVersion(kind, value)))
  if (encoding === 'protobuf') return valueResponse(status, mediaTypes.json, encodeValue(value, 'json', false))
  if (encoding === 'cbor' && kind) return valueResponse(status, mediaTypes.cbor, encodeCborObject(kind, value))
  return valueResponse(status, mediaTypes[encoding], encodeValue(value, encoding, pretty))
}

/** Discovery of the legacy group names its kind and no version. */
function saidVersion(kind: Kind, value: unknown): string {
  const said = value as { kind?: string; apiVersion?: string }
  return said.kind !== undefined && said.apiVersion === undefined ? '' : kind.apiVersion
}

const valueResponse = (status: number, type: string, bytes: Uint8Array): ServerResponse => ({
  status,
  headers: { ...common, 'content-type': type },
  body: { is: 'bytes', chunks: [bytes] },
})

/** `respondValue` for a request whose audit may want the object. */
export function respondObject(context: RequestContext, status: number, value: unknown, kind?: Kind): ServerResponse {
  context.responseObject = () => value
  return respondValue(context.request, status, value, kind)
}

function tableFor(request: ServerRequest, kind: Kind, value: unknown, version: MetaVersion): unknown {
  const { items, metadata = {} } = value as { items?: object[]; metadata?: { resourceVersion?: string } }
  const { resourceVersion } = metadata
  const listMeta = items ? metadata : resourceVersion === undefined ? {} : { resourceVersion }
  const shown = 'item' in kind ? (kind as ListKind).item : kind
  const includeObject = includeObjectOf(request)
  return tableOf(shown, items ?? [value as object], { includeObject, nowMs: Date.now(), listMeta, version })
}

export const respondText = (status: number, text: string, headers: Record<string, string> = {}): ServerResponse => ({
  status,
  headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff', ...headers },
  body: { is: 'bytes', chunks: [Buffer.from(text)] },
})

/** Whether an error is an answer, or the store's, and not a fault of our own code. */
export const isExpected = (error: unknown): boolean =>
  [ApiError, StoreUnavailableError, OutcomeUnknownError, InvalidRequestError].some(kind => error instanceof kind)

export function errorOf(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof StoreUnavailableError) return serviceUnavailableError(error.message)
  // Whoever gets it must look before trying again.
  if (error instanceof OutcomeUnknownError) return timeoutError(error.message)
  // As upstream: what etcd refuses is a 500 without a reason, in etcd's words.
  if (error instanceof InvalidRequestError) return new ApiError(500, undefined, error.message)
  return internalError(error instanceof Error ? error.message : String(error))
}

export function respondError(request: ServerRequest, error: ApiError): ServerResponse {
  const status: FailureStatus = error.status
  const retryAfter = status.details?.retryAfterSeconds
  const response = respondValue(request, status.code, status, Status)
  if (retryAfter === undefined || retryAfter === 0) return response
  return { ...response, headers: { ...response.headers, 'retry-after': String(retryAfter) } }
}

/** `Status` of a success without an object. */
export const successStatus = (details: Record<string, unknown>): Record<string, unknown> => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Success',
  details,
})
