/** The compare-and-swap that ends every write. */
import {
  InvalidRequestError,
  type LeaseId,
  LeaseNotFoundError,
  type Operation,
  type TransactionResult,
} from '../../store/store.ts'
import type { RegistryDeps } from './registry-deps.ts'
import { cacheOf, type Resource } from './resource.ts'
import { type ObjectJson, parsedBytes, StoredObject } from './stored-object.ts'
import type { SideWrites } from './strategy.ts'

/** etcd's limit on a value. */
const maxValueBytes = 1_572_864

/** Canonical stored bytes of an object in the storage version. */
export function storedBytes(resource: Resource, object: ObjectJson): Buffer {
  const bytes = cacheOf(resource).layout.encode(object)
  if (bytes.length > maxValueBytes) throw new InvalidRequestError('etcdserver: request is too large')
  return bytes
}

export interface PutWish {
  readonly key: string
  readonly object: ObjectJson
  readonly bytes: Buffer
  /** Revision of what is replaced; 0: the key must not exist. */
  readonly previousRevision: number
  readonly side: SideWrites | undefined
}

/** The written object, or undefined where the key (or what is written along) has changed meanwhile. */
export async function commitPut(
  deps: RegistryDeps,
  resource: Resource,
  wish: PutWish,
): Promise<StoredObject | undefined> {
  const cache = cacheOf(resource)
  const { key, bytes, object, previousRevision, side } = wish
  const { ttlSeconds } = resource.strategy
  const write = (lease: LeaseId) =>
    transact(deps, key, previousRevision, side, { put: key, value: bytes, ...(lease === 0 ? {} : { lease }) })
  cache.expect(key, bytes, object)
  try {
    const result = await (ttlSeconds === undefined ? write(0) : withLease(deps, ttlSeconds, write))
    if (!result.succeeded) return undefined
    return await written(deps, resource, key, bytes, object, result.revision)
  } finally {
    cache.unexpect(key, bytes)
  }
}

/** The revision of the deletion, or undefined where the key has changed meanwhile. */
export async function commitDelete(
  deps: RegistryDeps,
  resource: Resource,
  key: string,
  previousRevision: number,
  side: SideWrites | undefined,
): Promise<number | undefined> {
  const result = await transact(deps, key, previousRevision, side, { delete: key })
  if (!result.succeeded) return undefined
  if (cacheOf(resource).isReady) await shown(deps, result.revision)
  return result.revision
}

async function transact(
  deps: RegistryDeps,
  key: string,
  previousRevision: number,
  side: SideWrites | undefined,
  operation: Operation,
): Promise<TransactionResult> {
  return await deps.store.transact({
    compare: [{ key, target: 'modRevision', is: '=', number: previousRevision }, ...(side?.compare ?? [])],
    success: [operation, ...(side?.operations ?? [])],
    failure: [],
  })
}

/** Waits until this server's caches show the write, so that whoever is told of it reads it. */
async function written(
  deps: RegistryDeps,
  resource: Resource,
  key: string,
  bytes: Buffer,
  object: ObjectJson,
  revision: number,
): Promise<StoredObject> {
  const cache = cacheOf(resource)
  if (cache.isReady) {
    await shown(deps, revision)
    const stored = cache.get(key)
    if (stored?.revision === revision) return stored
  }
  const stored = new StoredObject(cache, key, bytes, revision)
  object.metadata.resourceVersion = String(revision)
  cache.forms.putOnTrial(stored, 'object', object, parsedBytes(bytes))
  return stored
}

/** A feed that lags does not undo a write: the answer is right, only the caches are late. */
const shown = (deps: RegistryDeps, revision: number): Promise<void> => deps.feed.reached(revision).catch(() => {})

interface SharedLease {
  readonly id: LeaseId
  readonly untilMs: number
  uses: number
}

const leases = new WeakMap<RegistryDeps, Map<number, Promise<SharedLease>>>()
/** One lease serves the writes of a minute, at most so many keys, as upstream's lease manager. */
const leaseReuseMs = 60_000
const maxLeaseKeys = 1_000

/** Writes again with a new lease where the store does not know the shared one, as after it was restored from before its grant. */
async function withLease<T>(deps: RegistryDeps, ttlSeconds: number, write: (lease: LeaseId) => Promise<T>): Promise<T> {
  try {
    return await write(await leaseFor(deps, ttlSeconds))
  } catch (error) {
    if (!(error instanceof LeaseNotFoundError)) throw error
    leases.get(deps)?.delete(ttlSeconds)
    return write(await leaseFor(deps, ttlSeconds))
  }
}

/** A lease that runs out no sooner than `ttlSeconds` from now and little later. */
async function leaseFor(deps: RegistryDeps, ttlSeconds: number): Promise<LeaseId> {
  let byTtl = leases.get(deps)
  if (!byTtl) {
    byTtl = new Map()
    leases.set(deps, byTtl)
  }
  const known = byTtl.get(ttlSeconds)
  if (known) {
    const lease = await known.catch(() => undefined)
    if (lease && lease.untilMs > deps.clock.now() && lease.uses < maxLeaseKeys) {
      lease.uses++
      return lease.id
    }
    if (byTtl.get(ttlSeconds) === known) byTtl.delete(ttlSeconds)
    return leaseFor(deps, ttlSeconds)
  }
  const granted = deps.store
    .grantLease(ttlSeconds + leaseReuseMs / 1000)
    .then(id => ({ id, untilMs: deps.clock.now() + leaseReuseMs, uses: 0 }))
  byTtl.set(ttlSeconds, granted)
  granted.catch(() => byTtl.delete(ttlSeconds))
  const lease = await granted
  lease.uses++
  return lease.id
}
