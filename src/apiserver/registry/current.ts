/** The object that a write starts from. */
import type { RegistryDeps } from './registry-deps.ts'
import { cacheOf, keyOf, type Resource } from './resource.ts'
import type { StoredObject } from './stored-object.ts'

/** From the cache: at least as new as this server's last write. Another server's may be missing: see `freshObject`. */
export async function cachedObject(
  resource: Resource,
  namespace: string,
  name: string,
): Promise<StoredObject | undefined> {
  const cache = cacheOf(resource)
  await cache.ready()
  return cache.get(keyOf(resource, namespace, name))
}

/** From the store itself. */
export async function freshObject(
  deps: RegistryDeps,
  resource: Resource,
  namespace: string,
  name: string,
): Promise<StoredObject | undefined> {
  const result = await deps.store.range({ start: keyOf(resource, namespace, name) })
  const kv = result.kvs[0]
  return kv && cacheOf(resource).storedOf(kv)
}

/** Tries of a write whose object keeps changing under it. */
export const maxTries = 12

/**
 * Runs `attempt` with the cached object, and again with the store's where the first one was outdated: when the
 * attempt lost its compare-and-swap (`undefined`), or failed on an object that is no longer the newest.
 */
export async function withCurrent<T>(
  deps: RegistryDeps,
  resource: Resource,
  namespace: string,
  name: string,
  attempt: (current: StoredObject | undefined, tries: number) => Promise<T | undefined>,
): Promise<T | undefined> {
  let current = await cachedObject(resource, namespace, name)
  let fresh = false
  for (let tries = 0; tries < maxTries; tries++) {
    try {
      if (current && resource.conversion?.prepare) await resource.conversion.prepare([current])
      const result = await attempt(current, tries)
      if (result !== undefined) return result
    } catch (error) {
      if (fresh) throw error
      const newer = await freshObject(deps, resource, namespace, name)
      if (newer?.revision === current?.revision) throw error
      current = newer
      fresh = true
      continue
    }
    current = await freshObject(deps, resource, namespace, name)
    fresh = true
  }
  return undefined
}
