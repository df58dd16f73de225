/** One served resource in one version: its kind, where it is stored, and how it behaves on write. */
import type { Kind, ResourceFacts } from '../../schema/kind.ts'
import { keyOfText } from '../../store/store.ts'
import type { ObjectCache } from '../watch/object-cache.ts'
import { type ObjectJson, parsedBytes, type SelectableFacts, type StoredObject } from './stored-object.ts'
import type { Strategy } from './strategy.ts'

/** The two ways between a served version and the stored one. Both are pure, unless a webhook is asked. */
export interface Conversion {
  toStorage(object: ObjectJson): ObjectJson | Promise<ObjectJson>
  fromStorage(object: ObjectJson): ObjectJson
  /** Where a webhook converts: to be awaited before any of the objects is looked at; undefined where all are ready. */
  prepare?(stored: readonly StoredObject[]): Promise<void> | undefined
  /** Where a webhook converts: from the served version to another one. */
  convert?(object: ObjectJson, to: Kind): Promise<ObjectJson>
  /** Of what was prepared. */
  view?(stored: StoredObject): ObjectJson
}

export interface PureConversion extends Conversion {
  toStorage(object: ObjectJson): ObjectJson
}

export interface Resource {
  readonly kind: Kind
  readonly facts: ResourceFacts
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly namespaced: boolean
  readonly strategy: Strategy
  /** Undefined for resources that are not stored: reviews, bindings, component statuses. */
  readonly cache: ObjectCache | undefined
  readonly conversion: Conversion | undefined
  /** What selectors see, where it differs by the version; of what was prepared. */
  readonly factsOf?: (stored: StoredObject) => SelectableFacts
  /** Custom resources: the items of their lists carry kind and apiVersion. */
  readonly typedItems?: boolean
  /** What clients are warned of. */
  readonly deprecation?: string
}

/** The key of an object, as `/registry/pods/default/web`. */
export function keyOf(resource: Resource, namespace: string, name: string): string {
  const prefix = cacheOf(resource).prefix
  return prefix + keyOfText(resource.namespaced ? `${namespace}/${name}` : name)
}

export function cacheOf(resource: Resource): ObjectCache {
  if (!resource.cache) throw new Error(`${resource.plural} are not stored`)
  return resource.cache
}

/** The group that errors of validation name: that of the stored version, which is the one that is validated. */
export const groupOfErrors = (resource: Resource): string =>
  resource.conversion ? cacheOf(resource).kind.gvk.group : resource.group

/** A stored object in the resource's version: shared, never to be changed. */
export function viewOf(resource: Resource, stored: StoredObject): ObjectJson {
  const { conversion, kind } = resource
  if (!conversion) return stored.object
  if (conversion.view) return conversion.view(stored)
  return stored.owner.forms.of(stored, `as:${kind.apiVersion}`, from => ({
    value: conversion.fromStorage(from.object),
    bytes: parsedBytes(from.bytes),
  })) as ObjectJson
}

/** `viewOf` without keeping what has to be made for it. */
export function viewOnce({ conversion }: Resource, stored: StoredObject): ObjectJson {
  if (conversion?.view) return conversion.view(stored)
  return conversion ? conversion.fromStorage(stored.objectOnce) : stored.objectOnce
}

/** `kind` of a list. */
export const listKindNameOf = ({ kind }: Resource): string => kind.options.listKind ?? `${kind.gvk.kind}List`
