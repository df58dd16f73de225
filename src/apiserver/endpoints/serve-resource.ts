/** Sends a resource request to its verb. */
import { badRequestError, methodNotSupportedError, notFoundError } from '../../machinery/api-error.ts'
import { customFactsOf } from '../../machinery/custom/custom-kind.ts'
import type { ResourceFacts, SubresourceFacts } from '../../schema/kind.ts'
import { decodeBody, mediaTypeOf } from '../chain/decode-body.ts'
import type { RequestContext } from '../chain/request-context.ts'
import type { ServerResponse } from '../chain/server-request.ts'
import { checkAcceptable, refuseTable } from '../forms/negotiate.ts'
import { createObject, recordManager } from '../registry/create.ts'
import { getObject } from '../registry/get.ts'
import { patchMediaTypes } from '../registry/patch.ts'
import type { Resource } from '../registry/resource.ts'
import { replaceObject } from '../registry/update.ts'
import { checkNamespace, reportStrictErrors, writeRequestOf } from '../registry/write-request.ts'
import { serveBinding } from './binding.ts'
import { serveComponentStatuses } from './component-statuses.ts'
import { serveEviction } from './eviction.ts'
import { handlerKey, methodNotAllowedError, noSuchResourceError, type ResourceServer } from './resource-server.ts'
import { respondObject, respondStored } from './respond.ts'
import { serveScale } from './scale.ts'
import { serveConnect } from './serve-connect.ts'
import { serveDelete, serveDeleteCollection } from './serve-delete.ts'
import { serveList, serveWatch } from './serve-list.ts'
import { servePatch } from './serve-patch.ts'

/** What requests of a deprecated resource are told. */
const deprecations: Readonly<Record<string, string>> = {
  '/endpoints': 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
}

export async function serveResource(server: ResourceServer, context: RequestContext): Promise<ServerResponse> {
  const { info } = context
  const resource = server.table.find(info.apiGroup, info.apiVersion, info.resource)
  if (!resource) throw noSuchResourceError()
  if (info.namespace !== '' && !resource.namespaced && info.resource !== 'namespaces') throw noSuchResourceError()
  // What is asked and answered has no objects, so that none of them has a path.
  const isAsked = resource.cache === undefined && !(resource.facts.verbs as readonly string[]).includes('get')
  if (isAsked && info.name !== '' && info.subresource === '') throw noSuchResourceError()
  if (resource.deprecation !== undefined) context.warn(resource.deprecation)
  // Connections and logs answer with whatever they are.
  if (!isConnected(server, context)) {
    if (!isRouted(context, resource)) throw methodNotAllowedError()
    if (!context.request.wantsObjects && exists(context, resource)) {
      checkAcceptable(context.request, info.verb === 'list' || info.verb === 'watch' ? info.verb : 'object')
    }
  }
  if (info.subresource !== '') return serveSubresource(server, context, resource)
  if (info.rest.length > 0) throw noSuchResourceError()
  if (resource.cache === undefined) return serveUnstored(server, context, resource)
  if (resource.namespaced && info.namespace === '' && info.verb !== 'list' && info.verb !== 'watch') {
    throw info.verb === 'create' || info.verb === 'deletecollection' ? methodNotAllowedError() : noSuchResourceError()
  }
  if (!(resource.facts.verbs as readonly string[]).includes(info.verb)) throw methodNotAllowedError()
  if (resource.strategy.terminating?.() && info.verb === 'create')
    throw methodNotSupportedError(resource.group, resource.plural, 'create')
  const deprecation = deprecations[`${info.apiGroup}/${info.resource}`]
  // The router turns a patch of an unknown type away before.
  const isKnown = info.verb !== 'patch' || patchMediaTypes[mediaTypeOf(context.request)] !== undefined
  if (deprecation !== undefined && isKnown) context.warn(deprecation)
  return serveVerb(server, context, resource)
}

/** Names come from clients: `constructor` is none. */
const subresourceOf = ({ subresources = {} }: ResourceFacts, name: string): SubresourceFacts | undefined =>
  Object.hasOwn(subresources, name) ? subresources[name] : undefined

const exists = ({ info }: Pick<RequestContext, 'info'>, { facts }: Resource): boolean =>
  info.rest.length === 0 && (info.subresource === '' || subresourceOf(facts, info.subresource) !== undefined)

const methods: ReadonlySet<string> = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])

/** Whether paths of this shape take the method: collections are posted to, objects replaced and patched. */
function isRouted({ request, info }: RequestContext, resource: Resource): boolean {
  // What does not exist is not found whatever the method.
  if (!exists({ info }, resource)) return true
  if (!methods.has(request.method)) return false
  if (info.subresource !== '') return true
  const isNamed = info.name !== ''
  if (info.verb === 'create') return !isNamed || resource.cache === undefined
  return isNamed || (info.verb !== 'update' && info.verb !== 'patch')
}

const isConnected = ({ handlers }: ResourceServer, { info }: RequestContext): boolean =>
  info.subresource !== '' && info.apiGroup === '' && handlers.connect.has(`${info.resource}/${info.subresource}`)

function serveVerb(server: ResourceServer, context: RequestContext, resource: Resource): Promise<ServerResponse> {
  switch (context.info.verb) {
    case 'get':
      return serveGet(server, context, resource)
    case 'list':
      return serveList(server, context, resource)
    case 'watch':
      return serveWatch(server, context, resource)
    case 'create':
      return serveCreate(server, context, resource)
    case 'update':
      return serveUpdate(server, context, resource)
    case 'patch':
      return servePatch(server, context, resource)
    case 'delete':
      return serveDelete(server, context, resource)
    case 'deletecollection':
      return serveDeleteCollection(server, context, resource)
    default:
      throw methodNotAllowedError()
  }
}

/** Parts that are updated like the object itself, under a strategy of their own. */
const updatedParts = new Set(['status', 'approval', 'ephemeralcontainers', 'resize', 'finalize'])

/** Parts of which upstream makes no tables. */
const tableless: ReadonlySet<string> = new Set([
  '/pods/ephemeralcontainers',
  '/pods/resize',
  'apiextensions.k8s.io/customresourcedefinitions/status',
  'apiregistration.k8s.io/apiservices/status',
  'certificates.k8s.io/certificatesigningrequests/approval',
  'resource.k8s.io/devicetaintrules/status',
  'resource.k8s.io/resourceclaims/status',
])

function serveSubresource(
  server: ResourceServer,
  context: RequestContext,
  resource: Resource,
): Promise<ServerResponse> {
  const { info } = context
  const facts = subresourceOf(resource.facts, info.subresource)
  if (!facts && customFactsOf(resource.kind)) throw notFoundError(resource.group, resource.plural, info.name)
  if (!facts || info.name === '') throw noSuchResourceError()
  const key = `${info.resource}/${info.subresource}`
  const connect = resource.group === '' ? server.handlers.connect.get(key) : undefined
  if (connect) return serveConnect(server, context, resource, connect)
  if (info.rest.length > 0) throw noSuchResourceError()
  if (!(facts.verbs as readonly string[]).includes(info.verb)) throw methodNotAllowedError()
  if (info.subresource === 'scale') return serveScale(server, context, resource)
  if (key === 'pods/binding') return serveBinding(server, context, resource)
  if (key === 'pods/eviction') return serveEviction(server, context, resource)
  if (updatedParts.has(info.subresource)) {
    if (tableless.has(`${info.apiGroup}/${key}`)) refuseTable(context.request)
    if (info.verb === 'get') return serveGet(server, context, resource)
    return info.verb === 'patch' ? servePatch(server, context, resource) : serveUpdate(server, context, resource)
  }
  return serveCreateHandler(server, context, resource)
}

function serveUnstored(server: ResourceServer, context: RequestContext, resource: Resource): Promise<ServerResponse> {
  if (!(resource.facts.verbs as readonly string[]).includes(context.info.verb)) throw methodNotAllowedError()
  const key = handlerKey(resource, '')
  if (key === '/bindings') return serveBinding(server, context, resource)
  if (key === '/componentstatuses') return serveComponentStatuses(server, context, resource)
  return serveCreateHandler(server, context, resource)
}

async function serveCreateHandler(
  server: ResourceServer,
  context: RequestContext,
  resource: Resource,
): Promise<ServerResponse> {
  const { info } = context
  const handler = server.handlers.create.get(handlerKey(resource, info.subresource))
  if (!handler || info.verb !== 'create') throw noSuchResourceError()
  const write = writeRequestOf(context, resource, server.clock.now(), 'CreateOptions')
  const { object, unknownFields, duplicateFields } = await decodeBody(context, handler.kind)
  reportStrictErrors(write, unknownFields, duplicateFields, handler.kind)
  context.keepRequest(object)
  const { namespace, name } = info
  if (handler.kind === resource.kind) {
    checkNamespace(write, object)
    wipeSystemFields(object)
  }
  recordManager(write, object, handler.kind)
  const answer = await handler.create({ context, user: context.user, object, namespace, name, dryRun: write.dryRun })
  return respondObject(context, 201, answer, handler.kind)
}

/** What a client may not say of an object that it makes. */
function wipeSystemFields({ metadata }: { metadata: object }): void {
  const given = metadata as Record<string, unknown>
  for (const name of ['creationTimestamp', 'selfLink', 'uid', 'deletionTimestamp', 'deletionGracePeriodSeconds'])
    delete given[name]
}

async function serveGet(server: ResourceServer, context: RequestContext, resource: Resource): Promise<ServerResponse> {
  const { info, request } = context
  const version = request.query.get('resourceVersion') ?? ''
  const stored = await getObject(server.deps, resource, info.namespace, info.name, version)
  return respondStored(context, resource, stored, 200, () => server.clock.now())
}

async function serveCreate(
  server: ResourceServer,
  context: RequestContext,
  resource: Resource,
): Promise<ServerResponse> {
  const write = writeRequestOf(context, resource, server.clock.now(), 'CreateOptions')
  const { object, unknownFields, duplicateFields } = await decodeBody(context, resource.kind)
  reportStrictErrors(write, unknownFields, duplicateFields, resource.kind)
  context.keepRequest(object)
  if (object.metadata.name && context.info.name !== '' && object.metadata.name !== context.info.name) {
    throw badRequestError(
      `the name of the object (${object.metadata.name}) does not match the name on the URL (${context.info.name})`,
    )
  }
  const stored = await createObject(server.deps, write, object)
  return respondStored(context, resource, stored, 201, () => server.clock.now())
}

async function serveUpdate(
  server: ResourceServer,
  context: RequestContext,
  resource: Resource,
): Promise<ServerResponse> {
  const write = writeRequestOf(context, resource, server.clock.now(), 'UpdateOptions')
  const { object, unknownFields, duplicateFields } = await decodeBody(context, resource.kind)
  reportStrictErrors(write, unknownFields, duplicateFields, resource.kind)
  context.keepRequest(object)
  const { stored, created } = await replaceObject(server.deps, write, object)
  return respondStored(context, resource, stored, created ? 201 : 200, () => server.clock.now())
}
