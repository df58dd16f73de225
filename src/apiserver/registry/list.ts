/** LIST: from the cache where its state is the wanted one, from the store for a past revision. */
import { ApiError, badRequestError, expiredError } from '../../machinery/api-error.ts'
import { CompactedError, FutureRevisionError, prefixEnd } from '../../store/store.ts'
import type { ListMetaJson } from '../forms/form.ts'
import { decodeContinue, encodeContinue } from './continue-token.ts'
import { demandedValue, type ListQuery, revisionOf, type Selection, selectionOf } from './list-options.ts'
import type { RegistryDeps } from './registry-deps.ts'
import { cacheOf, keyOf, type Resource } from './resource.ts'
import type { StoredObject } from './stored-object.ts'

export interface ListResult {
  readonly items: readonly StoredObject[]
  readonly meta: ListMetaJson
  readonly revision: number
}

/** Selection gives way to other work after so many milliseconds. */
const sliceMs = 8
const storePage = 500

export async function listObjects(
  deps: RegistryDeps,
  resource: Resource,
  namespace: string,
  query: ListQuery,
): Promise<ListResult> {
  const list = await select(deps, resource, namespace, query)
  if (resource.conversion?.prepare) await resource.conversion.prepare(list.items)
  return list
}

async function select(
  deps: RegistryDeps,
  resource: Resource,
  namespace: string,
  query: ListQuery,
): Promise<ListResult> {
  const cache = cacheOf(resource)
  const prefix = resource.namespaced && namespace !== '' ? `${cache.prefix}${namespace}/` : cache.prefix
  const selection = selectionOf(resource, query)
  if (query.continue !== '') return continueList(deps, resource, prefix, query, selection)
  const revision = revisionOf(query.resourceVersion, 'invalid resource version: ')
  const { resourceVersionMatch: match } = query
  if (revision > 0 && (match === 'Exact' || (match === '' && query.limit > 0))) {
    return snapshot(deps, resource, { prefix, start: '', revision, limit: query.limit, selection, paging: false })
  }
  if (query.resourceVersion === '') await cache.fresh()
  else {
    await cache.ready()
    if (revision > cache.revision) await waitForRevision(deps, revision)
  }
  // A list that any state satisfies is not cut: upstream's watch cache never did, and clients rely on it.
  const limit = query.resourceVersion === '0' ? 0 : query.limit
  const now = cache.revision
  const candidates = candidatesOf(resource, namespace, prefix, query)
  return page(candidates, prefix, now, limit, selection)
}

function candidatesOf(
  resource: Resource,
  namespace: string,
  prefix: string,
  query: ListQuery,
): readonly StoredObject[] {
  const cache = cacheOf(resource)
  const name = demandedValue(query.fieldSelector, 'metadata.name')
  const scope = namespace !== '' ? namespace : demandedValue(query.fieldSelector, 'metadata.namespace')
  if (name !== undefined && (!resource.namespaced || scope !== undefined)) {
    const stored = cache.get(keyOf(resource, scope ?? '', name))
    return stored ? [stored] : []
  }
  if (cache.indexedField !== undefined) {
    const value = demandedValue(query.fieldSelector, cache.indexedField)
    if (value !== undefined) {
      const found = cache.byField(value)
      return prefix === cache.prefix ? found : found.filter(stored => stored.key.startsWith(prefix))
    }
  }
  // The index knows the labels that are stored; a webhook may show others.
  if (resource.conversion?.prepare) return cache.under(prefix)
  const labelled = cache.byLabels(query.labelSelector.requirements)
  if (labelled) return prefix === cache.prefix ? labelled : labelled.filter(stored => stored.key.startsWith(prefix))
  return cache.under(prefix)
}

/** Cuts the state of one revision to what is selected and to the limit. */
async function page(
  candidates: readonly StoredObject[],
  prefix: string,
  revision: number,
  limit: number,
  selection: Selection | undefined,
): Promise<ListResult> {
  const resourceVersion = String(revision)
  if (!selection) {
    if (limit === 0 || candidates.length <= limit) return { items: candidates, meta: { resourceVersion }, revision }
    const items = candidates.slice(0, limit)
    const token = encodeContinue({ revision, start: startAfter(items, prefix) })
    const meta = { resourceVersion, continue: token, remainingItemCount: candidates.length - limit }
    return { items, meta, revision }
  }
  const items: StoredObject[] = []
  let sliceEnd = performance.now() + sliceMs
  for (let i = 0; i < candidates.length; i++) {
    const stored = candidates[i] as StoredObject
    if (i % storePage === 0) await selection.prepare?.(candidates.slice(i, i + storePage))
    if (selection.matches(stored)) {
      if (limit > 0 && items.length === limit) {
        return {
          items,
          meta: { resourceVersion, continue: encodeContinue({ revision, start: startAfter(items, prefix) }) },
          revision,
        }
      }
      items.push(stored)
    }
    if ((i & 63) === 63 && performance.now() > sliceEnd) {
      await new Promise<void>(resolve => setImmediate(resolve))
      sliceEnd = performance.now() + sliceMs
    }
  }
  return { items, meta: { resourceVersion }, revision }
}

const startAfter = (items: readonly StoredObject[], prefix: string): string =>
  `${(items.at(-1) as StoredObject).key.slice(prefix.length)}\0`

async function continueList(
  deps: RegistryDeps,
  resource: Resource,
  prefix: string,
  query: ListQuery,
  selection: Selection | undefined,
): Promise<ListResult> {
  const token = decodeContinue(query.continue)
  if (query.resourceVersion !== '' && query.resourceVersion !== '0') {
    throw badRequestError('specifying resource version is not allowed when using continue')
  }
  const cache = cacheOf(resource)
  if (token.revision < 0) await cache.fresh()
  const revision = token.revision < 0 ? cache.revision : token.revision
  return snapshot(deps, resource, { prefix, start: token.start, revision, limit: query.limit, selection, paging: true })
}

interface Snapshot {
  readonly prefix: string
  /** First key, relative to the prefix. */
  readonly start: string
  readonly revision: number
  readonly limit: number
  readonly selection: Selection | undefined
  readonly paging: boolean
}

async function snapshot(deps: RegistryDeps, resource: Resource, wanted: Snapshot): Promise<ListResult> {
  const cache = cacheOf(resource)
  const { prefix, start, revision, limit, selection } = wanted
  await cache.ready()
  const inCache = cache.changedAt <= revision && revision <= cache.revision
  // A page of the past ends with the history that it belongs to, also where nothing of its kind has changed since.
  if (inCache && (revision === cache.revision || !(await isCompacted(deps, prefix, revision)))) {
    return page(cache.under(prefix, prefix + start), prefix, revision, limit, selection)
  }
  try {
    return await snapshotFromStore(deps, resource, wanted)
  } catch (error) {
    if (error instanceof CompactedError) {
      if (!wanted.paging) throw expiredError('The resourceVersion for the provided list is too old.')
      throw expiredContinueError(encodeContinue({ revision: -1, start }))
    }
    if (error instanceof FutureRevisionError) throw futureRevisionError(revision, error.currentRevision)
    throw error
  }
}

async function isCompacted({ store }: RegistryDeps, key: string, revision: number): Promise<boolean> {
  try {
    await store.range({ start: key, revision, limit: 1 })
    return false
  } catch (error) {
    if (error instanceof CompactedError) return true
    throw error
  }
}

async function snapshotFromStore(deps: RegistryDeps, resource: Resource, wanted: Snapshot): Promise<ListResult> {
  const cache = cacheOf(resource)
  const { prefix, revision, limit, selection } = wanted
  const items: StoredObject[] = []
  let start = prefix + wanted.start
  const end = prefixEnd(prefix)
  const resourceVersion = String(revision)
  for (;;) {
    const pageLimit = limit > 0 && !selection ? limit - items.length : storePage
    const result = await deps.store.range({ start, end, revision, limit: pageLimit })
    const found = result.kvs.map(kv => cache.storedOf(kv))
    await selection?.prepare?.(found)
    for (const [index, stored] of found.entries()) {
      if (selection && !selection.matches(stored)) continue
      items.push(stored)
      const more = result.more || index < result.kvs.length - 1
      if (limit === 0 || items.length < limit || !more) continue
      const token = encodeContinue({ revision, start: startAfter(items, prefix) })
      const remaining = selection ? {} : { remainingItemCount: result.count - index - 1 }
      return { items, meta: { resourceVersion, continue: token, ...remaining }, revision }
    }
    const last = result.kvs.at(-1)
    if (!result.more || !last) return { items, meta: { resourceVersion }, revision }
    start = `${last.key}\0`
  }
}

/** Waits until the caches show a revision that a client has seen elsewhere. Throws 504 where it does not come. */
export async function waitForRevision(deps: RegistryDeps, revision: number): Promise<void> {
  const current = await deps.feed.storeRevision()
  if (revision > current) throw futureRevisionError(revision, current)
  await deps.feed.reached(revision)
}

export const futureRevisionError = (revision: number, current: number): ApiError =>
  new ApiError(504, 'Timeout', `Timeout: Too large resource version: ${revision}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  })

/** 410 with a token that goes on in the present. */
function expiredContinueError(token: string): ApiError {
  const error = expiredError(
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
  )
  Object.assign(error.status, { metadata: { continue: token } })
  return error
}
