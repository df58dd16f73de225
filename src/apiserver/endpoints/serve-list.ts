/** LIST and WATCH requests. */
import { ApiError } from '../../machinery/api-error.ts'
import type { RequestContext } from '../chain/request-context.ts'
import type { ServerResponse } from '../chain/server-request.ts'
import type { Form } from '../forms/form.ts'
import { negotiateForm } from '../forms/negotiate.ts'
import { listObjects } from '../registry/list.ts'
import { type ListQuery, listQueryOf } from '../registry/list-options.ts'
import type { Resource } from '../registry/resource.ts'
import { watchObjects } from '../registry/watch-objects.ts'
import { FailedWatch } from '../watch/failed-watch.ts'
import type { WatchSource } from '../watch/watch-source.ts'
import { noSuchResourceError, type ResourceServer } from './resource-server.ts'
import { respondList } from './respond.ts'

export async function serveList(
  server: ResourceServer,
  context: RequestContext,
  resource: Resource,
): Promise<ServerResponse> {
  const query = listQueryOf(resource, context.request.query, false)
  const list = await listObjects(server.deps, resource, context.info.namespace, query)
  return respondList(context, resource, list, () => server.clock.now())
}

export async function serveWatch(
  server: ResourceServer,
  context: RequestContext,
  resource: Resource,
): Promise<ServerResponse> {
  const { info, request } = context
  const query: ListQuery = listQueryOf(resource, request.query, true)
  const form = negotiateForm(request, resource, () => server.clock.now(), 'watch')
  // A name in the path (`/watch/…/name`) restricts further than the selector does.
  const name = info.path.includes('/watch/') ? info.name : ''
  if (name !== '' && resource.namespaced && info.namespace === '') throw noSuchResourceError()
  const group = resource.group
  server.metrics.watchStarted(group, resource.plural)
  let source: Awaited<ReturnType<typeof watchObjects>> | undefined
  const ended = () => {
    if (source) server.watches.delete(source)
    server.metrics.watchEnded(group, resource.plural)
  }
  try {
    source = await watchObjects(server.deps, resource, { namespace: info.namespace, name }, query, form, ended)
  } catch (error) {
    server.metrics.watchEnded(group, resource.plural)
    if (error instanceof ApiError && (error.code === 410 || error.code === 504)) {
      return watchResponse(form, new FailedWatch(form, error.status))
    }
    throw error
  }
  server.watches.add(source)
  return watchResponse(form, source)
}

const watchResponse = (form: Form, source: WatchSource): ServerResponse => ({
  status: 200,
  headers: { 'cache-control': 'no-cache, private', 'content-type': form.watchMediaType },
  body: { is: 'watch', source },
})
