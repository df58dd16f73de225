/** `componentstatuses` (deprecated): the store's health alone, which is what this server can vouch for. */
import { notFoundError } from '../../machinery/api-error.ts'
import { listOf } from '../../machinery/scheme.ts'
import type { RequestContext } from '../chain/request-context.ts'
import type { ServerResponse } from '../chain/server-request.ts'
import { listQueryOf } from '../registry/list-options.ts'
import type { Resource } from '../registry/resource.ts'
import { methodNotAllowedError, type ResourceServer } from './resource-server.ts'
import { respondValue } from './respond.ts'

const componentName = 'etcd-0'

export async function serveComponentStatuses(
  server: ResourceServer,
  context: RequestContext,
  resource: Resource,
): Promise<ServerResponse> {
  const { info } = context
  const { fieldSelector, labelSelector } = listQueryOf(resource, context.request.query, false)
  context.warn('v1 ComponentStatus is deprecated in v1.19+')
  const condition = await server.deps.store.currentRevision().then(
    () => ({ type: 'Healthy', status: 'True', message: 'ok' }),
    error => ({ type: 'Healthy', status: 'False', message: (error as Error).message }),
  )
  const item = { metadata: { name: componentName }, conditions: [condition] }
  if (info.verb === 'list') {
    const isSelected =
      labelSelector.matches({}) &&
      fieldSelector.matches(field => (field === 'metadata.name' ? componentName : undefined))
    const list = { kind: 'ComponentStatusList', apiVersion: 'v1', metadata: {}, items: isSelected ? [item] : [] }
    return respondValue(context.request, 200, list, listOf(resource.kind))
  }
  if (info.verb !== 'get') throw methodNotAllowedError()
  if (info.name !== componentName) throw notFoundError('', resource.plural, info.name)
  return respondValue(context.request, 200, { kind: 'ComponentStatus', apiVersion: 'v1', ...item }, resource.kind)
}
