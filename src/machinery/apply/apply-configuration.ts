/** Server-side apply (KEP-555): lays a configuration over an object and keeps who owns which field. */
import { ownMember } from '../../schema/json-exact.ts'
import type { Kind } from '../../schema/kind.ts'
import { ApiError, badRequestError } from '../api-error.ts'
import { equalJson, isObject, type JsonObject } from '../patch/json-value.ts'
import { compareObjects } from './compare.ts'
import { applyConflictError, type Conflict } from './conflict.ts'
import { type Entry, identityOf, managedFieldsOf, newEntry, storedEntries, withEntries, withSet } from './entries.ts'
import { difference, equalSets, type FieldSet, intersection, isEmptySet, union } from './field-set.ts'
import { lastAppliedFields, lastAppliedOf, withLastApplied } from './last-applied.ts'
import { mergeValues } from './merge.ts'
import { ConfigurationError, fieldSetOf } from './object-field-set.ts'
import { type Unowned, unownedBy, withoutUnowned } from './owned-members.ts'
import { removeItems, withNamedFields } from './remove-items.ts'
import { type StructShape, structShapeOf } from './shape.ts'
import { showFaults, typedFaults } from './typed-check.ts'

export interface Apply {
  readonly kind: Kind
  /** The stored object; undefined creates one. */
  readonly live: object | undefined
  /** The configuration as the client gave it: without defaults, nulls kept. */
  readonly applied: object
  readonly manager: string
  /** Takes what others own. */
  readonly force: boolean
  /** RFC 3339 in UTC, seconds. */
  readonly timeIso: string
  /** '' for the object itself. */
  readonly subresource: string
}

interface Attempt {
  readonly object: JsonObject
  readonly entries: Map<string, Entry>
}

/** The manager under which kubectl applies: it alone may take over what client-side apply has set. */
const kubectl = 'kubectl'

/**
 * The object after the apply, with its managedFields; defaults of new fields are still to be set. An apply that changes nothing
 * keeps its time stamp. Throws ApiError 409 with a cause for each conflict, 400 if the configuration does not fit the kind.
 */
export function applyConfiguration(apply: Apply): { object: Record<string, unknown> } {
  const applied = apply.applied as JsonObject
  const live = apply.live as JsonObject | undefined
  checkConfiguration(apply.kind, applied)
  const faults = typedFaults(apply.kind, applied)
  if (faults.length > 0) throw notTyped(apply.kind, applied, showFaults(faults))
  const { object, entries } = attempt(apply, live, applied, apply.force)
  const result = apply.manager === kubectl && lastAppliedOf(object) !== '' ? withLastApplied(object, applied) : object
  return { object: withEntries(keepingTime(apply, live, result, entries), entries) }
}

function checkConfiguration(kind: Kind, applied: JsonObject): void {
  if (managedFieldsOf(applied) !== undefined) throw badRequestError('metadata.managedFields must be nil')
  if (applied.apiVersion !== undefined && applied.apiVersion !== kind.apiVersion) {
    throw badRequestError(
      `incorrect version specified in apply patch. Specified patch version: ${applied.apiVersion}, expected: ${kind.apiVersion}`,
    )
  }
}

function attempt(apply: Apply, live: JsonObject | undefined, applied: JsonObject, force: boolean): Attempt {
  const { kind, manager, timeIso, subresource } = apply
  const shape = structShapeOf(kind)
  const entries = storedEntries(live)
  const facts = { manager, operation: 'Apply' as const, apiVersion: kind.apiVersion, time: timeIso, subresource }
  const self = identityOf(facts)
  const last = entries.get(self)
  const unowned = unownedBy(kind, subresource)
  const configuration = withoutMembers(applied, unowned.members, alwaysMembers)
  entries.set(self, newEntry(facts, configurationFields(apply, shape, configuration, unowned)))

  const base = live ?? { apiVersion: kind.apiVersion, kind: kind.gvk.kind, metadata: {} }
  // A status that is applied reaches the object's strategy, which knows whether it counts.
  const merged = mergeValues(shape, base, subresource ? configuration : applied) as JsonObject
  const object =
    last && !isEmptySet(last.fieldsV1) ? pruned(shape, merged, entries, last.fieldsV1, configuration) : merged

  const { changed, removed } = compareObjects(shape, live ?? {}, object, unowned)
  if (changed && !force) refuseConflicts(apply, shape, live, conflictsOf(entries, self, changed))
  const lost = changed || removed ? union(changed, removed) : undefined
  if (lost === undefined && live !== undefined) keepTime(entries, self, last)
  for (const [identity, entry] of entries) {
    if (identity === self) continue
    const set = difference(entry.fieldsV1, lost)
    if (set !== entry.fieldsV1) entries.set(identity, withSet(entry, set))
  }
  return { object, entries }
}

/** Of every configuration, whatever the endpoint: they say what it is about. */
const alwaysMembers: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata'])
const none: ReadonlySet<string> = new Set()

function withoutMembers(object: JsonObject, names: ReadonlySet<string>, but = none): JsonObject {
  const goes = (name: string): boolean => names.has(name) && !but.has(name)
  if (!Object.keys(object).some(goes)) return object
  return Object.fromEntries(Object.entries(object).filter(([name]) => !goes(name)))
}

/** The fields that the configuration sets, without those that nobody owns. */
function configurationFields(
  { kind }: Apply,
  shape: StructShape,
  configuration: JsonObject,
  unowned: Unowned,
): FieldSet {
  const { apiVersion: _, kind: __, metadata, ...owned } = configuration
  const isOwned = isObject(metadata) && !unowned.allMetadata
  const ownedMetadata = isOwned ? withoutMembers(metadata, unowned.metadata) : {}
  try {
    const set = fieldSetOf(
      shape,
      Object.keys(ownedMetadata).length > 0 ? { metadata: ownedMetadata, ...owned } : owned,
      true,
    )
    return withoutUnowned(set, unowned) ?? {}
  } catch (error) {
    throw error instanceof ConfigurationError ? notTyped(kind, configuration, error.message) : error
  }
}

/** As messages name an object that is on its way in. */
export function showApplied(kind: Kind, { metadata }: JsonObject): string {
  const textOf = (member: string): string => {
    const value = isObject(metadata) ? ownMember(metadata, member) : undefined
    return typeof value === 'string' ? value : ''
  }
  const name = textOf('name')
  const namespace = textOf('namespace')
  return `${namespace}/${name}; ${kind.gvk.group}/${kind.gvk.version}, Kind=${kind.gvk.kind}`
}

/** Upstream takes this for a fault of its own: 500 without a reason. */
const notTyped = (kind: Kind, applied: JsonObject, fault: string): ApiError =>
  new ApiError(500, undefined, `failed to create typed patch object (${showApplied(kind, applied)}): ${fault}`)

/**
 * Without what this manager applied last and applies no longer, if nobody else owns it. Follows the three steps of
 * structured-merge-diff: remove all that was applied; add back what somebody owns; add back what was never applied.
 */
function pruned(
  shape: StructShape,
  merged: JsonObject,
  entries: ReadonlyMap<string, Entry>,
  lastSet: FieldSet,
  configuration: JsonObject,
): JsonObject {
  const last = withNamedFields(shape, lastSet)
  const all = withNamedFields(shape, fieldSetOf(shape, merged))
  const fieldsOf = (object: unknown): FieldSet => withNamedFields(shape, fieldSetOf(shape, object ?? {}))
  // With the name, which nobody owns in the end: without it, giving up a label would take all of the metadata.
  let owned: FieldSet | undefined = fieldSetOf(shape, configuration)
  for (const entry of entries.values()) owned = union(owned, entry.fieldsV1)
  const left = fieldsOf(removeItems(shape, merged, last))
  const kept = union(left, withNamedFields(shape, owned ?? {}))
  const withOwned = fieldsOf(removeItems(shape, merged, difference(all, kept)))
  const gone = intersection(difference(all, withOwned), last)
  return removeItems(shape, merged, gone) as JsonObject
}

const conflictsOf = (entries: ReadonlyMap<string, Entry>, self: string, changed: FieldSet): Conflict[] =>
  [...entries]
    .filter(([identity]) => identity !== self)
    .map(([, owner]) => ({ owner, fields: intersection(owner.fieldsV1, changed) }))
    .filter(({ fields }) => !isEmptySet(fields))

/** Throws if there are conflicts, apart from those that kubectl may take over from client-side apply. */
function refuseConflicts(
  apply: Apply,
  shape: StructShape,
  live: JsonObject | undefined,
  conflicts: readonly Conflict[],
): void {
  if (conflicts.length === 0) return
  const allowed = apply.manager === kubectl ? lastAppliedFields(shape, live) : undefined
  const refused = conflicts
    .map(({ owner, fields }) => ({ owner, fields: difference(fields, allowed) }))
    .filter(({ fields }) => !isEmptySet(fields))
  if (refused.length > 0) throw applyConflictError(refused)
}

const withoutNulls = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) => (member === null ? [] : [[name, withoutNulls(member)]])),
  )
}

/** A configuration that changes no value of the object: its entry keeps the time it had, or has none. */
function keepTime(entries: Map<string, Entry>, self: string, last: Entry | undefined): void {
  const { time: _, ...entry } = entries.get(self) as Entry
  entries.set(self, last?.time === undefined ? entry : { ...entry, time: last.time })
}

/** Where nothing but the time would change, the entry stays as it was stored, so that the write is none. */
function keepingTime(
  { kind, manager, subresource }: Apply,
  live: JsonObject | undefined,
  object: JsonObject,
  entries: Map<string, Entry>,
): JsonObject {
  if (live === undefined) return object
  const self = identityOf({ manager, operation: 'Apply', apiVersion: kind.apiVersion, subresource })
  const stored = storedEntries(live).get(self)
  const now = entries.get(self)
  if (!stored || !now || stored.apiVersion !== now.apiVersion || !equalSets(stored.fieldsV1, now.fieldsV1)) {
    return object
  }
  if (!equalJson(live, withoutNulls(object))) return object
  entries.set(self, stored)
  return live
}
