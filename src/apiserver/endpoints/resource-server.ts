/** What the endpoints of resources share. */
import type { Clock } from '../../base/clock.ts'
import { ApiError } from '../../machinery/api-error.ts'
import type { RegistryDeps } from '../registry/registry-deps.ts'
import type { Resource } from '../registry/resource.ts'
import type { ResourceTable } from '../registry/resource-table.ts'
import type { Handlers } from './handlers.ts'
import type { Metrics } from './metrics.ts'

export interface ResourceServer {
  readonly deps: RegistryDeps
  readonly table: ResourceTable
  readonly handlers: Handlers
  readonly clock: Clock
  readonly metrics: Metrics
  /** Watches that are open, closed when the server stops. */
  readonly watches: Set<{ close(): void }>
}

export const noSuchResourceError = (): ApiError =>
  new ApiError(404, 'NotFound', 'the server could not find the requested resource', {})

export const methodNotAllowedError = (): ApiError =>
  new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {})

/** `group/plural` or `group/plural/subresource`, as the handlers are named. */
export const handlerKey = (resource: Resource, subresource: string): string =>
  subresource === '' ? `${resource.group}/${resource.plural}` : `${resource.group}/${resource.plural}/${subresource}`
