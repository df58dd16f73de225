/** The behaviour of most kinds: spec by PUT, status by /status, generation counts changes of spec. */
import { equalJson } from '../clone.ts'
import type { ObjectJson } from '../stored-object.ts'
import type { Strategy, SubresourceStrategy } from '../strategy.ts'

export interface BaseOptions extends Partial<Strategy> {
  /** Clients set status by the subresource alone. */
  readonly hasStatus?: boolean
  /** metadata.generation counts changes of `spec`. */
  readonly counted?: boolean
  /** Parts of the object beyond `spec` whose change counts too. */
  readonly countedToo?: (object: ObjectJson) => unknown
}

/** Builds a strategy; functions given run after the common part. */
export function strategyOf(options: BaseOptions = {}): Strategy {
  const { hasStatus = false, counted = false, countedToo, ...given } = options
  const count = (object: ObjectJson, old: ObjectJson) => {
    if (!counted) return
    const same = equalJson(object.spec, old.spec) && (!countedToo || equalJson(countedToo(object), countedToo(old)))
    object.metadata.generation = (old.metadata.generation ?? 0) + (same ? 0 : 1)
  }
  return {
    createOnUpdate: false,
    unconditionalUpdate: true,
    fieldNames: [],
    defaultPropagation: 'Background',
    ...given,
    subresources: {
      ...(hasStatus ? { status: statusStrategy } : {}),
      ...given.subresources,
    },
    prepareForCreate(object, context) {
      if (hasStatus) delete object.status
      if (counted) object.metadata.generation = 1
      if (hasStatus && object.status === undefined) object.status = {}
      given.prepareForCreate?.(object, context)
    },
    prepareForUpdate(object, old, context) {
      if (hasStatus) keepPart(object, old, 'status')
      given.prepareForUpdate?.(object, old, context)
      count(object, old)
    },
  }
}

/** Takes a part of the object from the old one. */
export function keepPart(object: ObjectJson, old: ObjectJson, part: string): void {
  if (old[part] === undefined) delete object[part]
  else object[part] = old[part]
}

/** /status: everything but status and the metadata that it may touch comes from the old object. */
export const statusStrategy: SubresourceStrategy = {
  prepareForUpdate(object, old) {
    for (const key of Object.keys(object)) {
      if (key !== 'status' && key !== 'metadata' && key !== 'kind' && key !== 'apiVersion') keepPart(object, old, key)
    }
    for (const key of Object.keys(old)) if (object[key] === undefined && key !== 'status') object[key] = old[key]
  },
}

/** Most kinds let a status writer change metadata too; some keep a part of it. */
export function keepMetadata(
  object: ObjectJson,
  old: ObjectJson,
  ...names: readonly ('labels' | 'annotations' | 'finalizers' | 'ownerReferences')[]
): void {
  const { metadata } = object
  for (const name of names) {
    if (old.metadata[name] === undefined) delete metadata[name]
    else (metadata as Record<string, unknown>)[name] = old.metadata[name]
  }
}

/** A value inside of an object, or undefined. */
export function at(object: unknown, ...path: readonly string[]): unknown {
  let value = object
  for (const part of path) {
    if (value === null || typeof value !== 'object') return undefined
    value = (value as Record<string, unknown>)[part]
  }
  return value
}

export const textAt = (object: unknown, ...path: readonly string[]): string => {
  const value = at(object, ...path)
  return value === undefined || value === null ? '' : String(value)
}

/** /status of newer kinds: nothing but the status changes, not even labels (upstream: ResetObjectMetaForStatus). */
export const isolatedStatusStrategy: SubresourceStrategy = {
  prepareForUpdate(object, old, context) {
    statusStrategy.prepareForUpdate(object, old, context)
    keepMetadata(object, old, 'labels', 'annotations', 'finalizers', 'ownerReferences')
  },
}
