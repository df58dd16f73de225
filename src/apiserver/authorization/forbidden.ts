import { type ApiError, forbiddenError } from '../../machinery/api-error.ts'
import type { Attributes } from './authorizer.ts'

/** The message goes into pages of browsers too. */
const sanitized = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** Go's `%q`. */
const quoted = (text: string): string => JSON.stringify(text)

function whatIsRefused(attributes: Attributes): string {
  const head = `User ${quoted(attributes.user.username)} cannot ${attributes.verb}`
  if (!attributes.resourceRequest) return `${head} path ${quoted(attributes.path)}`
  const resource =
    attributes.subresource === '' ? attributes.resource : `${attributes.resource}/${attributes.subresource}`
  const where =
    attributes.namespace === '' ? 'at the cluster scope' : `in the namespace ${quoted(attributes.namespace)}`
  return `${head} resource ${quoted(resource)} in API group ${quoted(attributes.group)} ${where}`
}

/** 403 in the words that clients know, as `pods is forbidden: User "jane" cannot list resource "pods" in …`. */
export function forbiddenFor(attributes: Attributes, reason: string): ApiError {
  const message = sanitized(whatIsRefused(attributes))
  const { group, resource, name } = attributes.resourceRequest ? attributes : { group: '', resource: '', name: '' }
  return forbiddenError(group, resource, name, reason === '' ? message : `${message}: ${reason}`)
}
