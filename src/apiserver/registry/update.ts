/** PUT, and the part of PATCH and apply behind the making of the new object. */

import { ApiError, conflictError, invalidError, modifiedError, notFoundError } from '../../machinery/api-error.ts'
import { updateManagedFields } from '../../machinery/apply/managed-fields.ts'
import { fillMessage } from '../../machinery/defaulting/fill.ts'
import { applyDefaults } from '../../machinery/defaulting.ts'
import { dropDisabledFields } from '../../machinery/disabled-fields.ts'
import { validateObject } from '../../machinery/validation/validate.ts'
import { warningsFor } from '../../machinery/warnings/kinds.ts'
import { invalid } from '../../schema/field-error.ts'
import { admitMutating, admitValidating } from './admit.ts'
import { cloneJson, equalJson } from './clone.ts'
import { commitDelete, commitPut, storedBytes } from './commit.ts'
import { fillSystemFields, storeNew } from './create.ts'
import { withCurrent } from './current.ts'
import { dedupeOwnerReferences } from './owner-references.ts'
import type { RegistryDeps } from './registry-deps.ts'
import { cacheOf, groupOfErrors, keyOf, type Resource, viewOf } from './resource.ts'
import { type ObjectJson, outdatedObjects, StoredObject } from './stored-object.ts'
import { attributesOf, checkNames, isoSeconds, type WriteRequest, writeContextOf } from './write-request.ts'

export interface WriteResult {
  readonly stored: StoredObject
  readonly created: boolean
}

/** How the managed fields of the new object are found: an apply has done it already. */
export type ManagedBy = 'update' | 'apply'

export interface NewObject {
  /** Owned by the write; decoded and defaulted. */
  readonly object: ObjectJson
  readonly managedBy: ManagedBy
}

export interface UpdatePlan {
  /** Makes the new object from the current one. Called again when that one has changed. */
  make(current: ObjectJson | undefined): Promise<NewObject> | NewObject
  /** Makes the object if there is none. */
  readonly create: boolean
  /** The client named a resourceVersion, so that a lost compare-and-swap is its conflict. */
  readonly unconditional: boolean
  /** Under which subresource managers own what they change, and what that one shows; absent: that of the write. */
  readonly managed?: { readonly subresource: string; shown(object: ObjectJson): ObjectJson }
  /** The whole object was sent, so that a uid in it says which one is meant. */
  readonly replaces?: boolean
  /** The server's own change (a binding): judged before, so neither prepared, admitted, validated nor owned by a manager. */
  readonly direct?: boolean
}

export async function updateObject(deps: RegistryDeps, write: WriteRequest, plan: UpdatePlan): Promise<WriteResult> {
  const { resource, namespace, name } = write
  const result = await withCurrent(deps, resource, namespace, name, async current => {
    if (!current) return createInstead(deps, write, plan)
    return updateOnce(deps, write, plan, current)
  })
  if (!result) throw modifiedError(resource.group, resource.plural, name)
  if (resource.conversion?.prepare) await resource.conversion.prepare([result.stored])
  return result
}

async function createInstead(
  deps: RegistryDeps,
  write: WriteRequest,
  plan: UpdatePlan,
): Promise<WriteResult | undefined> {
  const { resource, name } = write
  if (!plan.create || write.subresource !== '') throw notFoundError(resource.group, resource.plural, name)
  const { object, managedBy } = await plan.make(undefined)
  if (object.metadata.uid) {
    throw uidConflict(write, object.metadata.uid, '')
  }
  // Made whatever version it names (upstream's update of what is not there).
  delete (object.metadata as { resourceVersion?: string }).resourceVersion
  checkNames(write, object, true)
  fillSystemFields(deps, write, object, false)
  const context = writeContextOf(write)
  if (plan.replaces) dedupeOwnerReferences(object, context.warn, false)
  resource.strategy.readAs?.(object)
  resource.strategy.fillIn?.(object, context)
  if (managedBy === 'update') recordManager(write, object, undefined, undefined)
  const attributes = attributesOf(write, { operation: 'CREATE', object, oldObject: undefined })
  await admitMutating(deps.admission, attributes)
  const admitted = attributes.object as ObjectJson
  dedupeOwnerReferences(admitted, context.warn, true)
  applyDefaults(resource.kind, admitted)
  dropDisabledFields(resource.kind, admitted, undefined)
  resource.strategy.prepareForCreate(admitted, context)
  fillMessage(resource.kind, admitted)
  try {
    const stored = await storeNew(deps, write, admitted, () => admitValidating(deps.admission, attributes))
    return { stored, created: true }
  } catch (error) {
    if (error instanceof ApiError && error.reason === 'AlreadyExists') return undefined
    throw error
  }
}

async function updateOnce(
  deps: RegistryDeps,
  write: WriteRequest,
  plan: UpdatePlan,
  current: StoredObject,
): Promise<WriteResult | undefined> {
  const { resource } = write
  const old = viewOf(resource, current)
  const { object, managedBy } = await plan.make(old)
  checkNames(write, object, true)
  checkPreconditions(write, plan, object, old)
  const context = writeContextOf(write)
  keepSystemFields(object, old)
  if (plan.direct) return store(deps, write, current, object, undefined)
  const prepare = prepareOf(resource, write.subresource)
  if (plan.replaces) dedupeOwnerReferences(object, context.warn, false)
  resource.strategy.readAs?.(object)
  // Judged as it was sent: what the strategy drops has its owner all the same, but for the endpoint's own fields.
  if (managedBy === 'update') recordManager(write, object, old, plan.managed)
  prepare(object, old, context)
  // Parts were taken from the old object, which is shared, and plugins change what they get in place.
  const mutable = deps.admission.length > 0 ? cloneJson(object) : object
  const attributes = attributesOf(write, { operation: 'UPDATE', object: mutable, oldObject: old })
  await admitMutating(deps.admission, attributes)
  const admitted = attributes.object as ObjectJson
  dedupeOwnerReferences(admitted, context.warn, true)
  applyDefaults(resource.kind, admitted)
  keepSystemFields(admitted, old)
  dropDisabledFields(resource.kind, admitted, old)
  prepare(admitted, old, context)
  const errors = validateObject(resource.kind, admitted, old, write.subresource)
  if (errors.length > 0) throw invalidError(groupOfErrors(resource), resource.kind.gvk.kind, old.metadata.name, errors)
  const side = write.subresource === '' ? await resource.strategy.sideWrites?.(admitted, old, context) : undefined
  if (write.subresource === '') {
    for (const warning of warningsFor(resource.kind, admitted, old)) context.warn(warning)
    for (const warning of resource.strategy.warnings?.(admitted, old) ?? []) context.warn(warning)
  }
  await admitValidating(deps.admission, attributes)
  return store(deps, write, current, admitted, side)
}

async function store(
  deps: RegistryDeps,
  write: WriteRequest,
  current: StoredObject,
  object: ObjectJson,
  side: Awaited<ReturnType<NonNullable<Resource['strategy']['sideWrites']>>>,
): Promise<WriteResult | undefined> {
  const { resource } = write
  const storage = resource.conversion ? await resource.conversion.toStorage(object) : object
  const key = current.key
  if (mayGoNow(resource, object)) return removeInstead(deps, write, current, storage)
  const bytes = storedBytes(resource, storage)
  const isUnchanged = bytes.equals(current.bytes) || onlyTimesDiffer(current.object, storage)
  // What the store has in another version is written again in any case: so objects are migrated.
  if (isUnchanged && !outdatedObjects.has(current)) return { stored: current, created: false }
  if (write.dryRun) return { stored: new StoredObject(cacheOf(resource), key, bytes, current.revision), created: false }
  const stored = await commitPut(deps, resource, {
    key,
    object: storage,
    bytes,
    previousRevision: current.revision,
    side,
  })
  return stored && { stored, created: false }
}

/** An object that is being deleted goes with its last finalizer. */
function mayGoNow(resource: Resource, object: ObjectJson): boolean {
  const { metadata } = object
  if (metadata.deletionTimestamp === undefined || metadata.deletionTimestamp === null) return false
  if ((metadata.finalizers?.length ?? 0) > 0) return false
  if ((metadata.deletionGracePeriodSeconds ?? 0) > 0) return false
  return !resource.strategy.keepsTerminating?.(object)
}

async function removeInstead(
  deps: RegistryDeps,
  write: WriteRequest,
  current: StoredObject,
  object: ObjectJson,
): Promise<WriteResult | undefined> {
  const { resource } = write
  const bytes = storedBytes(resource, object)
  if (write.dryRun)
    return { stored: new StoredObject(cacheOf(resource), current.key, bytes, current.revision), created: false }
  const side = await resource.strategy.sideWrites?.(undefined, viewOf(resource, current), writeContextOf(write))
  const revision = await commitDelete(deps, resource, current.key, current.revision, side)
  if (revision === undefined) return undefined
  return { stored: new StoredObject(cacheOf(resource), current.key, bytes, revision), created: false }
}

/** Upstream's store finds it, and names its key; of a dry run, which stays before the store, without the root. */
function uidConflict({ resource, namespace, name, dryRun }: WriteRequest, wanted: string, actual: string): ApiError {
  const key = keyOf(resource, namespace, name)
  return conflictError(
    resource.group,
    resource.plural,
    name,
    `StorageError: invalid object, Code: 4, Key: ${dryRun ? key.replace(/^\/registry/, '') : key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${wanted}, UID in object meta: ${actual}`,
  )
}

function checkPreconditions(write: WriteRequest, plan: UpdatePlan, object: ObjectJson, old: ObjectJson): void {
  const { resource, name } = write
  const { uid, resourceVersion } = object.metadata
  if (uid && uid !== old.metadata.uid && plan.replaces) {
    throw uidConflict(write, uid, old.metadata.uid)
  }
  if (!resourceVersion) {
    if (plan.unconditional) return
    // Upstream names the resource here, and not the kind.
    throw invalidError(resource.group, resource.plural, name, [
      invalid('metadata.resourceVersion', 0, 'must be specified for an update'),
    ])
  }
  if (!/^\d+$/.test(resourceVersion))
    throw new ApiError(500, undefined, `strconv.ParseUint: parsing ${JSON.stringify(resourceVersion)}: invalid syntax`)
  if (resourceVersion !== '0' && resourceVersion !== old.metadata.resourceVersion) {
    throw modifiedError(resource.group, resource.plural, name)
  }
}

/** `rest.BeforeUpdate`: what no client changes. */
function keepSystemFields(object: ObjectJson, old: ObjectJson): void {
  const { metadata } = object
  const before = old.metadata
  if (!metadata.uid) metadata.uid = before.uid
  metadata.creationTimestamp = before.creationTimestamp
  // What begins a deletion is never taken back, and validation refuses a client's own.
  if (before.deletionTimestamp !== undefined) metadata.deletionTimestamp = before.deletionTimestamp
  if (before.deletionGracePeriodSeconds !== undefined)
    metadata.deletionGracePeriodSeconds ??= before.deletionGracePeriodSeconds
  if (before.generation === undefined) delete metadata.generation
  else metadata.generation = before.generation
  delete metadata.selfLink
  if (metadata.finalizers?.length === 0) delete metadata.finalizers
}

type Prepare = (object: ObjectJson, old: ObjectJson, context: ReturnType<typeof writeContextOf>) => void

function prepareOf(resource: Resource, subresource: string): Prepare {
  if (subresource === '') return (object, old, context) => resource.strategy.prepareForUpdate(object, old, context)
  const strategy = resource.strategy.subresources[subresource]
  if (!strategy) throw new Error(`${resource.plural}/${subresource} is not updated here`)
  return (object, old, context) => strategy.prepareForUpdate(object, old, context)
}

function recordManager(
  write: WriteRequest,
  object: ObjectJson,
  live: ObjectJson | undefined,
  managed: UpdatePlan['managed'],
): void {
  const updated = updateManagedFields({
    kind: write.resource.kind,
    live: live && managed ? managed.shown(live) : live,
    updated: managed ? managed.shown(object) : object,
    manager: write.fieldManager,
    timeIso: isoSeconds(write.nowMs),
    subresource: managed?.subresource ?? write.subresource,
    operation: 'Update',
  }) as ObjectJson
  if (updated.metadata.managedFields === undefined) delete object.metadata.managedFields
  else object.metadata.managedFields = updated.metadata.managedFields
}

/** Whether two versions differ in nothing but the times of managed fields: such a write changes nothing. */
function onlyTimesDiffer(before: ObjectJson, after: ObjectJson): boolean {
  const timeless = (object: ObjectJson) => {
    const { resourceVersion: _, managedFields, ...metadata } = object.metadata
    const entries = (managedFields ?? []).map(entry => {
      const { time: _time, ...rest } = entry as Record<string, unknown>
      return rest
    })
    return { ...object, metadata: { ...metadata, managedFields: entries } }
  }
  return equalJson(timeless(before), timeless(after))
}

/** A PUT: the new object is what was sent. */
export async function replaceObject(deps: RegistryDeps, write: WriteRequest, sent: ObjectJson): Promise<WriteResult> {
  const { strategy } = write.resource
  const hasVersion = Boolean(sent.metadata.resourceVersion)
  const create = strategy.createOnUpdate && write.subresource === ''
  checkNames(write, sent, true)
  return updateObject(deps, write, {
    make: () => ({ object: cloneJson(sent), managedBy: 'update' }),
    create,
    replaces: true,
    unconditional: !hasVersion && strategy.unconditionalUpdate,
  })
}
