/** GET of one object. */
import { notFoundError } from '../../machinery/api-error.ts'
import { waitForRevision } from './list.ts'
import { revisionOf } from './list-options.ts'
import type { RegistryDeps } from './registry-deps.ts'
import { cacheOf, keyOf, type Resource } from './resource.ts'
import type { StoredObject } from './stored-object.ts'

/** `resourceVersion`: '' the newest, '0' any, N at least that. Throws 404, or 504 for a revision of the future. */
export async function getObject(
  deps: RegistryDeps,
  resource: Resource,
  namespace: string,
  name: string,
  resourceVersion = '',
): Promise<StoredObject> {
  const cache = cacheOf(resource)
  if (resourceVersion === '') await cache.fresh()
  else {
    await cache.ready()
    const revision = revisionOf(resourceVersion)
    if (revision > cache.revision) await waitForRevision(deps, revision)
  }
  const stored = cache.get(keyOf(resource, namespace, name))
  if (!stored) throw notFoundError(resource.group, resource.plural, name)
  if (resource.conversion?.prepare) await resource.conversion.prepare([stored])
  return stored
}
