/** DELETE of one object and of a collection. */

import { kinds } from '../../api/kinds.ts'
import { DeleteOptions } from '../../api/meta/v1/options.ts'
import { Status } from '../../api/meta/v1/status.ts'
import { badRequestError, isNotFound } from '../../machinery/api-error.ts'
import { kindsOf } from '../../schema/kind.ts'
import { decodeBody, UndecodableBody } from '../chain/decode-body.ts'
import type { RequestContext } from '../chain/request-context.ts'
import type { ServerResponse } from '../chain/server-request.ts'
import { deleteObject } from '../registry/delete.ts'
import { type DeletionOptions, deletionOptionsOf } from '../registry/delete-options.ts'
import { listObjects } from '../registry/list.ts'
import { listQueryOf } from '../registry/list-options.ts'
import { type Resource, viewOf } from '../registry/resource.ts'
import { type WriteRequest, writeRequestOf } from '../registry/write-request.ts'
import type { ResourceServer } from './resource-server.ts'
import { respondList, respondObject, respondStored, successStatus } from './respond.ts'

/** Kinds whose deletion answers with the object even where it is gone (`ReturnDeletedObject`). */
const answersObject = new Set([
  '/persistentvolumeclaims',
  '/persistentvolumes',
  '/pods',
  '/podtemplates',
  '/resourcequotas',
  '/serviceaccounts',
  '/services',
  'resource.k8s.io/deviceclasses',
  'resource.k8s.io/resourceclaims',
  'resource.k8s.io/resourceclaimtemplates',
  'resource.k8s.io/resourceslices',
  'storage.k8s.io/csidrivers',
  'storage.k8s.io/csinodes',
  'storage.k8s.io/storageclasses',
  'storage.k8s.io/volumeattachments',
  'storage.k8s.io/volumeattributesclasses',
])

const collectionParallelism = 8

const aliasOf = (group: string, version: string) =>
  kindsOf(group, version, 'io.k8s.apimachinery.pkg.apis.meta.v1')('DeleteOptions', DeleteOptions.fields)

const builtInAliases = [...new Set(kinds.map(({ apiVersion }) => apiVersion))]
  .filter(apiVersion => apiVersion.includes('/'))
  .map(apiVersion => aliasOf(...(apiVersion.split('/') as [string, string])))

/** Every group has them in each of its versions. */
const optionsOfGroups = ({ group, version }: Resource) => [
  aliasOf('meta.k8s.io', 'v1'),
  aliasOf(group, version),
  ...builtInAliases,
]

/** DeleteOptions as clients name them: `v1`, `meta.k8s.io/v1`, or any version of a group. */
async function readOptions(context: RequestContext, resource: Resource): Promise<DeletionOptions> {
  const { request } = context
  const { body } = request
  if (body.is === 'object' || body.is === 'none') {
    return deletionOptionsOf(body.is === 'object' ? body.value : undefined, request.query)
  }
  const bytes = await body.read()
  if (bytes.length === 0) return deletionOptionsOf(undefined, request.query)
  const again: RequestContext = Object.create(context, {
    request: { value: { ...request, body: { is: 'bytes', read: async () => bytes } } },
  })
  const { object } = await decodeBody(again, DeleteOptions, ...optionsOfGroups(resource)).catch((error: unknown) => {
    throw error instanceof UndecodableBody ? badRequestError(error.fault) : error
  })
  context.keepRequest(object)
  return deletionOptionsOf(object, request.query)
}

/** Jobs leave their pods, unless the client says what it wants. */
function warnOfOrphans(context: RequestContext, { group, plural }: Resource, options: DeletionOptions): void {
  if (group !== 'batch' || plural !== 'jobs') return
  if (options.orphanDependents === undefined && options.propagationPolicy === undefined)
    context.warn(
      'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning',
    )
}

export async function serveDelete(
  server: ResourceServer,
  context: RequestContext,
  resource: Resource,
): Promise<ServerResponse> {
  const options = await readOptions(context, resource)
  warnOfOrphans(context, resource, options)
  const write = {
    ...writeRequestOf(context, resource, server.clock.now(), 'DeleteOptions'),
    dryRun: options.dryRun,
  }
  const { stored, gone } = await deleteObject(server.deps, write, options)
  const waitsForDependents = !gone && options.orphanDependents === false
  const status = waitsForDependents ? 202 : 200
  if (!gone || answersObject.has(`${resource.group}/${resource.plural}`)) {
    return respondStored(context, resource, stored, status, () => server.clock.now())
  }
  const { metadata } = viewOf(resource, stored)
  const details = {
    name: metadata.name,
    ...(resource.group === '' ? {} : { group: resource.group }),
    kind: resource.plural,
    uid: metadata.uid,
  }
  return respondObject(context, status, successStatus(details), Status)
}

export async function serveDeleteCollection(
  server: ResourceServer,
  context: RequestContext,
  resource: Resource,
): Promise<ServerResponse> {
  const options = await readOptions(context, resource)
  const base = {
    ...writeRequestOf(context, resource, server.clock.now(), 'DeleteOptions'),
    dryRun: options.dryRun,
  }
  const query = listQueryOf(resource, context.request.query, false)
  warnOfOrphans(context, resource, options)
  const list = await listObjects(server.deps, resource, context.info.namespace, query)
  const waiting = [...list.items].reverse()
  const worker = async () => {
    for (let stored = waiting.pop(); stored; stored = waiting.pop()) {
      const { metadata } = stored.object
      const write: WriteRequest = { ...base, name: metadata.name, namespace: metadata.namespace ?? '' }
      await deleteObject(server.deps, write, options).catch(error => {
        // Someone else was faster: it is gone, as was asked for.
        if (!isNotFound(error)) throw error
      })
    }
  }
  await Promise.all(Array.from({ length: Math.min(collectionParallelism, list.items.length) }, worker))
  return respondList(context, resource, list, () => server.clock.now())
}
