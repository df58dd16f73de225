/** WATCH: from a revision, from the present state, or as a streaming list (KEP-3157). */
import { ApiError } from '../../machinery/api-error.ts'
import type { Form } from '../forms/form.ts'
import { Watcher } from '../watch/watcher.ts'
import { waitForRevision } from './list.ts'
import { demandedValue, type ListQuery, revisionOf, selectionOf } from './list-options.ts'
import type { RegistryDeps } from './registry-deps.ts'
import { cacheOf, keyOf, type Resource } from './resource.ts'
import type { StoredObject } from './stored-object.ts'

/** Default duration: random between these, so that clients do not all come back at once. */
const minTimeoutMs = 1_800_000

export interface WatchScope {
  readonly namespace: string
  /** Of a watch of one object by path, else ''. */
  readonly name: string
}

export async function watchObjects(
  deps: RegistryDeps,
  resource: Resource,
  { namespace, name }: WatchScope,
  query: ListQuery,
  form: Form,
  onEnd: () => void,
): Promise<Watcher> {
  const cache = cacheOf(resource)
  const revision = revisionOf(query.resourceVersion)
  // Without a version: from the present state (`sendInitialEvents` false skips it).
  const fromState = revision === 0 || query.sendInitialEvents === true
  if (query.resourceVersion === '') await cache.fresh()
  else {
    await cache.ready()
    // Events after a revision that is still to come can be waited for; a state of it cannot be sent.
    if (fromState && revision > cache.revision) await waitForRevision(deps, revision)
  }
  const prefix = resource.namespaced && namespace !== '' ? `${cache.prefix}${namespace}/` : cache.prefix
  const wantedName = name !== '' ? name : demandedValue(query.fieldSelector, 'metadata.name')
  const key =
    wantedName !== undefined && (!resource.namespaced || namespace !== '')
      ? keyOf(resource, namespace, wantedName)
      : undefined
  const selection = selectionOf(resource, query)
  const named = name === '' ? undefined : `/${name}`
  const matches = (stored: StoredObject): boolean =>
    stored.key.startsWith(prefix) &&
    (named === undefined || stored.key.endsWith(named)) &&
    (selection === undefined || selection.matches(stored))
  const sendsInitial = fromState && query.sendInitialEvents !== false
  const present = () =>
    sendsInitial ? (key === undefined ? cache.under(prefix) : [cache.get(key)]).filter(isPresent) : []
  let initial: readonly StoredObject[]
  for (;;) {
    const candidates = present()
    let wait = selection?.prepare?.(candidates)
    initial = wait ? [] : candidates.filter(matches)
    wait ??= resource.conversion?.prepare?.(initial)
    if (!wait) break
    await wait
  }
  // From here to the listening watcher nothing awaits: no event can fall between.
  const isAbandoned = revision > cache.revision && revision <= deps.feed.abandonedRevision
  const backlog = fromState ? [] : isAbandoned ? undefined : cache.eventsSince(revision)
  if (!backlog) {
    throw new ApiError(410, 'Expired', `too old resource version: ${revision} (${cache.oldestRevision})`)
  }
  return new Watcher({
    resource,
    cache,
    form,
    clock: deps.clock,
    bucket: bucketOf(resource, namespace, key, query),
    matches,
    ...(selection?.prepare ? { prepare: selection.prepare } : {}),
    initial,
    backlog,
    revision: cache.revision,
    after: fromState ? 0 : revision,
    bookmarks: query.allowBookmarks,
    announceInitialEnd: query.sendInitialEvents === true && query.allowBookmarks,
    timeoutMs:
      query.timeoutSeconds !== undefined && query.timeoutSeconds > 0
        ? query.timeoutSeconds * 1000
        : minTimeoutMs * (1 + deps.random()),
    onEnd,
  })
}

const isPresent = <T>(value: T | undefined): value is T => value !== undefined

function bucketOf(resource: Resource, namespace: string, key: string | undefined, query: ListQuery): string {
  if (key !== undefined) return `k:${key}`
  const { indexedField } = cacheOf(resource)
  if (indexedField !== undefined) {
    const value = demandedValue(query.fieldSelector, indexedField)
    if (value !== undefined) return `f:${value}`
  }
  return resource.namespaced && namespace !== '' ? `s:${namespace}` : '*'
}
