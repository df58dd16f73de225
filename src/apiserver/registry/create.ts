/** POST: default → mutating admission → prepare → validate → validating admission → store. */

import { ApiError, alreadyExistsError, invalidError } from '../../machinery/api-error.ts'
import { updateManagedFields } from '../../machinery/apply/managed-fields.ts'
import { fillMessage } from '../../machinery/defaulting/fill.ts'
import { applyDefaults } from '../../machinery/defaulting.ts'
import { dropDisabledFields } from '../../machinery/disabled-fields.ts'
import { validateObject } from '../../machinery/validation/validate.ts'
import { warningsFor } from '../../machinery/warnings/kinds.ts'
import { admitMutating, admitValidating } from './admit.ts'
import { commitPut, storedBytes } from './commit.ts'
import { dedupeOwnerReferences } from './owner-references.ts'
import type { RegistryDeps } from './registry-deps.ts'
import { cacheOf, groupOfErrors, keyOf } from './resource.ts'
import { type ObjectJson, StoredObject } from './stored-object.ts'
import { attributesOf, checkNames, isoSeconds, type WriteRequest, writeContextOf } from './write-request.ts'

/** Longest name: generated ones are cut so that the suffix fits. */
const maxGeneratedBase = 63 - 5
const maxGenerateTries = 8

/** `object` is decoded, defaulted and owned by this call. */
export async function createObject(deps: RegistryDeps, write: WriteRequest, object: ObjectJson): Promise<StoredObject> {
  checkNames(write, object, false)
  const generated = (object.metadata.name ?? '') === '' && (object.metadata.generateName ?? '') !== ''
  for (let tries = 1; ; tries++) {
    try {
      const stored = await createOnce(deps, write, object, generated)
      if (write.resource.conversion?.prepare) await write.resource.conversion.prepare([stored])
      return stored
    } catch (error) {
      const taken = error instanceof ApiError && error.reason === 'AlreadyExists'
      if (!taken || !generated || tries === maxGenerateTries) throw generated && taken ? retriable(error) : error
    }
  }
}

/** A generated name that is taken again and again: the client may simply try once more. */
function retriable(error: ApiError): ApiError {
  Object.assign(error.status, { details: { ...error.status.details, retryAfterSeconds: 1 } })
  return error
}

async function createOnce(
  deps: RegistryDeps,
  write: WriteRequest,
  object: ObjectJson,
  generated: boolean,
): Promise<StoredObject> {
  const { resource } = write
  const { strategy } = resource
  fillSystemFields(deps, write, object, generated)
  const context = writeContextOf(write)
  dedupeOwnerReferences(object, context.warn, false)
  strategy.readAs?.(object)
  strategy.fillIn?.(object, context)
  recordManager(write, object)
  const attributes = attributesOf(write, { operation: 'CREATE', object, oldObject: undefined })
  await admitMutating(deps.admission, attributes)
  const admitted = attributes.object as ObjectJson
  dedupeOwnerReferences(admitted, context.warn, true)
  applyDefaults(resource.kind, admitted)
  dropDisabledFields(resource.kind, admitted, undefined)
  strategy.prepareForCreate(admitted, context)
  fillMessage(resource.kind, admitted)
  return storeNew(deps, write, admitted, async () => {
    await admitValidating(deps.admission, attributes)
    // The store's own objection: who may not create the object at all learns that first.
    const { resourceVersion = '' } = admitted.metadata
    // As upstream: what is no number counts for none.
    if (/^\d+$/.test(resourceVersion) && Number(resourceVersion) !== 0 && !write.dryRun)
      throw new ApiError(500, undefined, 'resourceVersion should not be set on objects to be created')
  })
}

/** Validates and stores a prepared object. Also the end of an apply or update that creates. */
export async function storeNew(
  deps: RegistryDeps,
  write: WriteRequest,
  object: ObjectJson,
  admit: () => Promise<void>,
): Promise<StoredObject> {
  const { resource } = write
  const { strategy } = resource
  const context = writeContextOf(write)
  const key = keyOf(resource, object.metadata.namespace ?? '', object.metadata.name ?? '')
  for (let tries = 0; ; tries++) {
    // Addresses and ports are chosen before validation, which judges the whole object.
    const side = await strategy.sideWrites?.(object, undefined, context)
    if (tries === 0) {
      const errors = validateObject(resource.kind, object, undefined, write.subresource)
      if (errors.length > 0)
        throw invalidError(groupOfErrors(resource), resource.kind.gvk.kind, object.metadata.name ?? '', errors)
      for (const warning of warningsFor(resource.kind, object, undefined)) context.warn(warning)
      for (const warning of strategy.warnings?.(object, undefined) ?? []) context.warn(warning)
      await admit()
    }
    const storage = resource.conversion ? await resource.conversion.toStorage(object) : object
    const bytes = storedBytes(resource, storage)
    if (write.dryRun) {
      const cache = cacheOf(resource)
      await cache.ready()
      if (cache.get(key)) throw alreadyExistsError(resource.group, resource.plural, object.metadata.name)
      return new StoredObject(cache, key, bytes, 0, object.metadata.resourceVersion)
    }
    const stored = await commitPut(deps, resource, { key, object: storage, bytes, previousRevision: 0, side })
    if (stored) return stored
    const existing = await deps.store.range({ start: key, countOnly: true })
    if (existing.count > 0 || !side?.retry() || tries > 20) {
      throw alreadyExistsError(resource.group, resource.plural, object.metadata.name)
    }
  }
}

/** `rest.FillObjectMetaSystemFields` and `BeforeCreate`. */
export function fillSystemFields(
  deps: RegistryDeps,
  write: WriteRequest,
  object: ObjectJson,
  generated: boolean,
): void {
  const { metadata } = object
  metadata.creationTimestamp = isoSeconds(write.nowMs)
  metadata.uid = deps.newUid()
  metadata.deletionTimestamp = undefined as unknown as string
  metadata.deletionGracePeriodSeconds = undefined as unknown as number
  metadata.selfLink = undefined
  delete metadata.deletionTimestamp
  delete metadata.deletionGracePeriodSeconds
  delete metadata.selfLink
  const prefix = metadata.generateName ?? ''
  if (generated)
    metadata.name = write.resource.strategy.keepsPrefix
      ? prefix
      : `${prefix.slice(0, maxGeneratedBase)}${deps.nameSuffix()}`
  if (metadata.finalizers?.length === 0) delete metadata.finalizers
}

/** Who made which fields of a new object. */
export function recordManager(write: WriteRequest, object: ObjectJson, kind = write.resource.kind): void {
  const updated = updateManagedFields({
    kind,
    live: undefined,
    updated: object,
    manager: write.fieldManager,
    timeIso: isoSeconds(write.nowMs),
    subresource: write.subresource,
    operation: 'Update',
  }) as ObjectJson
  if (updated.metadata.managedFields === undefined) delete object.metadata.managedFields
  else object.metadata.managedFields = updated.metadata.managedFields
}
