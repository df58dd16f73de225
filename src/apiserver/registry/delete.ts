/** DELETE: gracefully where the kind knows that, waiting where finalizers are left, else at once. */
import { conflictError, modifiedError, notFoundError } from '../../machinery/api-error.ts'
import { admitMutating, admitValidating } from './admit.ts'
import { cloneJson, equalJson } from './clone.ts'
import { commitDelete, commitPut, storedBytes } from './commit.ts'
import { withCurrent } from './current.ts'
import type { DeletionOptions } from './delete-options.ts'
import type { RegistryDeps } from './registry-deps.ts'
import { cacheOf, type Resource, viewOf } from './resource.ts'
import { type ObjectJson, StoredObject } from './stored-object.ts'
import { attributesOf, isoSeconds, type WriteRequest, writeContextOf } from './write-request.ts'

export interface DeletionResult {
  /** The object as it was last, or as it waits for its end. */
  readonly stored: StoredObject
  /** False while it waits for its grace period or for finalizers. */
  readonly gone: boolean
}

const foreground = 'foregroundDeletion'
const orphan = 'orphan'

/** `admit`: whether admission is asked; not for the members of a collection that was admitted as a whole. */
export async function deleteObject(
  deps: RegistryDeps,
  write: WriteRequest,
  options: DeletionOptions,
): Promise<DeletionResult> {
  const { resource, namespace, name } = write
  const result = await withCurrent(deps, resource, namespace, name, async current => {
    if (!current) throw notFoundError(resource.group, resource.plural, name)
    return deleteOnce(deps, write, options, current)
  })
  if (!result) throw modifiedError(resource.group, resource.plural, name)
  if (resource.conversion?.prepare) await resource.conversion.prepare([result.stored])
  return result
}

async function deleteOnce(
  deps: RegistryDeps,
  write: WriteRequest,
  options: DeletionOptions,
  current: StoredObject,
): Promise<DeletionResult | undefined> {
  const { resource } = write
  const old = viewOf(resource, current)
  checkPreconditions(write, options, old)
  const attributes = attributesOf(write, {
    operation: 'DELETE',
    object: undefined,
    oldObject: old,
    options: { kind: 'DeleteOptions', apiVersion: 'meta.k8s.io/v1', ...options },
  })
  await admitMutating(deps.admission, attributes)
  await admitValidating(deps.admission, attributes)
  const next = terminating(write, options, old)
  if (next === 'waits') return { stored: current, gone: false }
  if (next === 'goes')
    return remove(deps, write, current, resource.strategy.deletionPlan ? lastSeen(write, old) : undefined)
  const storage = resource.conversion ? await resource.conversion.toStorage(next) : next
  const bytes = storedBytes(resource, storage)
  if (write.dryRun)
    return { stored: new StoredObject(cacheOf(resource), current.key, bytes, current.revision), gone: false }
  const stored = await commitPut(deps, resource, {
    key: current.key,
    object: storage,
    bytes,
    previousRevision: current.revision,
    side: undefined,
  })
  return stored && { stored, gone: false }
}

/** What the answer shows of an object that could have been deleted gracefully, and goes at once. */
function lastSeen({ nowMs }: WriteRequest, old: ObjectJson): ObjectJson {
  const seen = cloneJson(old)
  seen.metadata.deletionTimestamp = isoSeconds(nowMs)
  seen.metadata.deletionGracePeriodSeconds = 0
  if ((seen.metadata.generation ?? 0) > 0 && old.metadata.deletionTimestamp === undefined) seen.metadata.generation!++
  return seen
}

/** `shown` is what the answer shows; absent: the object as it was. */
async function remove(
  deps: RegistryDeps,
  write: WriteRequest,
  current: StoredObject,
  shown: ObjectJson | undefined,
): Promise<DeletionResult | undefined> {
  const { resource } = write
  const storage = shown && (resource.conversion ? await resource.conversion.toStorage(shown) : shown)
  const at = (revision: number): StoredObject =>
    storage
      ? new StoredObject(cacheOf(resource), current.key, storedBytes(resource, storage), revision)
      : current.at(revision)
  if (write.dryRun) return { stored: at(current.revision), gone: true }
  const side = await resource.strategy.sideWrites?.(undefined, viewOf(resource, current), writeContextOf(write))
  const revision = await commitDelete(deps, resource, current.key, current.revision, side)
  return revision === undefined ? undefined : { stored: at(revision), gone: true }
}

/** Throws ApiError 409 where the object is not the one that the client means. */
export function checkPreconditions(write: WriteRequest, { preconditions }: DeletionOptions, old: ObjectJson): void {
  const { resource, name } = write
  const refuse = (what: string, wanted: string, actual: string) =>
    conflictError(
      resource.group,
      resource.plural,
      name,
      `Precondition failed: ${what} in precondition: ${wanted}, ${what} in object meta: ${actual}`,
    )
  // Kinds whose deletion goes its own way upstream look at them later.
  const goesOwnWay = resource.strategy.keepsTerminating !== undefined && !resource.strategy.deletionPlan
  if (!goesOwnWay || old.metadata.deletionTimestamp) checkRecord(write, preconditions, old)
  if (preconditions?.uid && preconditions.uid !== old.metadata.uid)
    throw refuse('UID', preconditions.uid, old.metadata.uid)
  if (preconditions?.resourceVersion && preconditions.resourceVersion !== old.metadata.resourceVersion) {
    throw refuse('ResourceVersion', preconditions.resourceVersion, old.metadata.resourceVersion)
  }
}

/** Upstream looks at them early, in other words than behind it. */
function checkRecord(
  { resource }: WriteRequest,
  preconditions: DeletionOptions['preconditions'],
  { metadata }: ObjectJson,
): void {
  const { uid, resourceVersion } = preconditions ?? {}
  const refuse = (why: string) => conflictError(resource.group, resource.kind.gvk.kind, metadata.name, why)
  if (uid && uid !== metadata.uid)
    throw refuse(
      `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
    )
  if (resourceVersion && resourceVersion !== metadata.resourceVersion)
    throw refuse(
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`,
    )
}

/** What becomes of the object: `goes` at once, `waits` as it does already, or what it is changed to (`rest.BeforeDelete`). */
function terminating(write: WriteRequest, options: DeletionOptions, old: ObjectJson): ObjectJson | 'goes' | 'waits' {
  const { resource } = write
  const { strategy } = resource
  const finalizers = finalizersFor(resource, options, old)
  const plan = strategy.deletionPlan?.(old, options.gracePeriodSeconds)
  const next = cloneJson(old)
  if (finalizers.length === 0) delete next.metadata.finalizers
  else next.metadata.finalizers = finalizers
  const keeps = finalizers.length > 0 || strategy.keepsTerminating?.(old) === true
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = old.metadata
  if (deletionTimestamp) {
    const shorter =
      plan !== undefined &&
      options.gracePeriodSeconds !== undefined &&
      plan.gracePeriodSeconds < deletionGracePeriodSeconds
    if (shorter) {
      if (plan.gracePeriodSeconds === 0 && !keeps) return 'goes'
      const begunMs = Date.parse(deletionTimestamp) - deletionGracePeriodSeconds * 1000
      next.metadata.deletionTimestamp = isoSeconds(begunMs + plan.gracePeriodSeconds * 1000)
      next.metadata.deletionGracePeriodSeconds = plan.gracePeriodSeconds
      return next
    }
    if (deletionGracePeriodSeconds > 0 && plan !== undefined) return equalJson(next, old) ? 'waits' : next
    if (!keeps) return 'goes'
    if (finalizers.length > 0 && !strategy.keepsTerminating?.(old)) next.metadata.deletionGracePeriodSeconds ??= 0
    return equalJson(next, old) ? 'waits' : next
  }
  const graceSeconds = plan?.gracePeriodSeconds ?? 0
  if (graceSeconds === 0 && !keeps) return 'goes'
  next.metadata.deletionTimestamp = isoSeconds(write.nowMs + graceSeconds * 1000)
  // Kinds whose deletion goes its own way upstream show none.
  if (strategy.keepsTerminating === undefined || plan !== undefined) {
    next.metadata.deletionGracePeriodSeconds = graceSeconds
    if (typeof next.metadata.generation === 'number' && next.metadata.generation > 0) next.metadata.generation++
  }
  strategy.beginTermination?.(next, writeContextOf(write))
  return next
}

/** The finalizers by which the garbage collector learns what to do with dependents. */
function finalizersFor(resource: Resource, options: DeletionOptions, old: ObjectJson): string[] {
  const before = old.metadata.finalizers ?? []
  if (resource.strategy.defaultPropagation === 'Unsupported') return [...before]
  const others = before.filter(finalizer => finalizer !== orphan && finalizer !== foreground)
  const policy = options.propagationPolicy
  const orphans =
    options.orphanDependents ??
    (policy !== undefined
      ? policy === 'Orphan'
      : before.includes(orphan) || (!before.includes(foreground) && resource.strategy.defaultPropagation === 'Orphan'))
  if (orphans) return [...others, orphan]
  const inForeground =
    options.orphanDependents === undefined &&
    (policy !== undefined ? policy === 'Foreground' : before.includes(foreground))
  return inForeground ? [...others, foreground] : others
}
