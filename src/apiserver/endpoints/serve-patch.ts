/** PATCH requests. */

import { ApiError, badRequestError } from '../../machinery/api-error.ts'
import { customFactsOf } from '../../machinery/custom/custom-kind.ts'
import { type BodyValue, mediaTypeOf, readBodyValue } from '../chain/decode-body.ts'
import type { RequestContext } from '../chain/request-context.ts'
import { isTrue } from '../chain/request-info.ts'
import type { ServerResponse } from '../chain/server-request.ts'
import { unsupportedMediaTypeError } from '../forms/accept.ts'
import { type Patch, patchMediaTypes, patchObject } from '../registry/patch.ts'
import type { Resource } from '../registry/resource.ts'
import { writeRequestOf } from '../registry/write-request.ts'
import type { ResourceServer } from './resource-server.ts'
import { respondStored } from './respond.ts'

export async function readPatch(context: RequestContext): Promise<Patch> {
  const { request } = context
  const mediaType = mediaTypeOf(request)
  const isCbor = mediaType === 'application/apply-patch+cbor' && request.cbor === true
  const type = isCbor ? 'apply' : patchMediaTypes[mediaType]
  if (!type) throw new ApiError(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {})
  const read = await readValue(context, type, isCbor)
  const value = read.value ?? (type === 'apply' ? {} : read.value)
  if (value === undefined) throw badRequestError('invalid JSON patch')
  context.keepRequest(value)
  const force = request.query.get('force')
  return {
    type,
    value,
    // Of a JSON patch they are members of its operations.
    duplicates: type === 'json' ? [] : read.duplicates,
    force: isTrue(force),
    forceGiven: force !== null,
    managerGiven: (request.query.get('fieldManager') ?? '') !== '',
  }
}

async function readValue({ request }: RequestContext, type: Patch['type'], isCbor: boolean): Promise<BodyValue> {
  if (type === 'apply') return readBodyValue(request, isCbor ? 'cbor' : 'yaml')
  try {
    return await readBodyValue(request, 'json')
  } catch (error) {
    if (error instanceof ApiError && error.code === 400) throw badRequestError('invalid JSON patch')
    throw error
  }
}

export async function servePatch(
  server: ResourceServer,
  context: RequestContext,
  resource: Resource,
): Promise<ServerResponse> {
  const write = writeRequestOf(context, resource, server.clock.now(), 'PatchOptions')
  const patch = await readPatch(context)
  if (patch.type === 'strategic' && customFactsOf(resource.kind))
    throw unsupportedMediaTypeError(Object.keys(patchMediaTypes).filter(type => !type.includes('strategic')))
  const { stored, created } = await patchObject(server.deps, write, patch)
  return respondStored(context, resource, stored, created ? 201 : 200, () => server.clock.now())
}
