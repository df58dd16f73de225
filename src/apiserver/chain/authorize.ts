/** Step: may the user do this. */
import { parseFieldSelector } from '../../machinery/selectors/field-selector.ts'
import { parseLabelSelector } from '../../machinery/selectors/label-selector.ts'
import type { Attributes, Authorizer } from '../authorization/authorizer.ts'
import { forbiddenFor } from '../authorization/forbidden.ts'
import type { RequestContext } from './request-context.ts'

export function attributesOfRequest(context: RequestContext): Attributes {
  const { info, user, request } = context
  return {
    user,
    verb: info.verb,
    resourceRequest: info.isResourceRequest,
    group: info.apiGroup,
    version: info.apiVersion,
    resource: info.resource,
    subresource: info.subresource,
    namespace: info.namespace,
    name: info.name,
    path: info.path,
    ...(info.isResourceRequest ? selectorsOf(request.query) : {}),
  }
}

/** Selectors that cannot be read authorize nothing more; the list itself refuses them afterwards. */
function selectorsOf(query: URLSearchParams): Partial<Attributes> {
  const fields = query.get('fieldSelector')
  const labels = query.get('labelSelector')
  if (!fields && !labels) return {}
  try {
    const fieldRequirements = fields ? parseFieldSelector(fields).requirements : []
    const labelRequirements = labels ? parseLabelSelector(labels).requirements : []
    return {
      fieldSelector: fieldRequirements.map(({ field, operator, value }) => ({
        key: field,
        operator: operator === '=' ? 'In' : 'NotIn',
        values: [value],
      })),
      labelSelector: labelRequirements.map(({ key, operator, values }) => ({ key, operator, values: [...values] })),
    }
  } catch {
    return {}
  }
}

export async function authorize(context: RequestContext, authorizer: Authorizer): Promise<void> {
  const attributes = attributesOfRequest(context)
  const { decision, reason } = await authorizer.authorize(attributes)
  const { annotations } = context.audit
  annotations.set('authorization.k8s.io/decision', decision === 'allow' ? 'allow' : 'forbid')
  annotations.set('authorization.k8s.io/reason', reason)
  if (decision !== 'allow') throw forbiddenFor(attributes, reason)
}
