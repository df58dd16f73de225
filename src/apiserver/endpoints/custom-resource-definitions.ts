/**
 * The list of `customresourcedefinitions`, which is always empty: the API has none, and discovery does not name them.
 * kubectl asks for it, whatever discovery says, before it validates a kind that no path serves (as ConfigMapList), and
 * gives up on any other answer (`k8s.io/cli-runtime/pkg/resource`, CRDFinder).
 */
import type { RequestContext } from '../chain/request-context.ts'
import type { RequestInfo } from '../chain/request-info.ts'
import type { ServerResponse } from '../chain/server-request.ts'
import type { ResourceServer } from './resource-server.ts'
import { respondValue } from './respond.ts'

const group = 'apiextensions.k8s.io'

export const listsDefinitions = ({ apiGroup, apiVersion, resource, verb, namespace }: RequestInfo): boolean =>
  apiGroup === group &&
  apiVersion === 'v1' &&
  resource === 'customresourcedefinitions' &&
  verb === 'list' &&
  namespace === ''

export async function serveNoDefinitions(server: ResourceServer, context: RequestContext): Promise<ServerResponse> {
  const revision = await server.deps.store.currentRevision()
  return respondValue(context.request, 200, {
    kind: 'CustomResourceDefinitionList',
    apiVersion: `${group}/v1`,
    metadata: { resourceVersion: String(revision) },
    items: [],
  })
}
