/** Who changed what by create, update and patch (KEP-555; upstream: `FieldManager.Update`). */
import { messageOf } from '../../schema/field.ts'
import type { Kind } from '../../schema/kind.ts'
import type { Message, Type } from '../../schema/type.ts'
import type { JsonObject } from '../patch/json-value.ts'
import { compareObjects } from './compare.ts'
import {
  capUpdateManagers,
  type Entry,
  identityOf,
  newEntry,
  startingEntries,
  withEntries,
  withSet,
} from './entries.ts'
import { difference, type FieldSet, union } from './field-set.ts'
import { hasKeylessItem } from './keyless-items.ts'
import { unownedBy } from './owned-members.ts'
import { structShapeOf } from './shape.ts'

export interface Update<T> {
  readonly kind: Kind
  /** The stored object; undefined on create. */
  readonly live: object | undefined
  /** The object as it will be stored, with the managedFields that the client sent or none. */
  readonly updated: T
  readonly manager: string
  /** RFC 3339 in UTC, seconds. */
  readonly timeIso: string
  /** '' for the object itself. */
  readonly subresource: string
  /** What the entry says: writes by `apply` go through applyConfiguration. */
  readonly operation: 'Update'
}

/**
 * The updated object with its managedFields. The manager owns what it added or modified, everyone else loses that, and all
 * lose what is gone. An update that changes nothing keeps every time stamp.
 */
export function updateManagedFields<T extends object>(update: Update<T>): T {
  const { kind, manager, timeIso, subresource, operation } = update
  const live = update.live as JsonObject | undefined
  const updated = update.updated as T & JsonObject
  const shape = structShapeOf(kind)
  if (hasKeylessItem(shape, updated) || (live && hasKeylessItem(shape, live))) return withEntries(updated, new Map())
  const { changed, removed } = compareObjects(shape, live ?? zeroObject(kind), updated, unownedBy(kind, subresource))
  const entries = startingEntries(live, updated, subresource)
  // An object whose fields nobody owns stays so until somebody applies (upstream: skipNonApplied).
  if (entries.size === 0 && isStored(live)) return withEntries(updated, entries)
  const facts = { manager, operation, apiVersion: kind.apiVersion, time: timeIso, subresource }
  const self = identityOf(facts)
  const lost = changed || removed ? union(changed, removed) : undefined
  for (const [identity, entry] of entries) {
    const set = difference(entry.fieldsV1, identity === self ? removed : lost)
    if (identity !== self || !changed) replaceSet(entries, identity, entry, set)
  }
  if (changed) {
    const before = entries.get(self)
    const set = union(before && difference(before.fieldsV1, removed), changed)
    entries.delete(self)
    entries.set(self, before && set === before.fieldsV1 ? { ...before, time: timeIso } : newEntry(facts, set))
  }
  capUpdateManagers(entries)
  return withEntries(updated, entries)
}

const isStored = (live: JsonObject | undefined): boolean =>
  (live?.metadata as { uid?: string } | undefined)?.uid !== undefined

const zeroObjects = new WeakMap<Kind, JsonObject>()

/** What a create is compared with: fields that even an empty object shows have no owner while they stay so. */
function zeroObject(kind: Kind): JsonObject {
  let zero = zeroObjects.get(kind)
  if (!zero) {
    zero = zeroMessage(kind)
    zeroObjects.set(kind, zero)
  }
  return zero
}

/** Without defaults: those are set by whoever creates the object. */
function zeroMessage(message: Message): JsonObject {
  const zero: Record<string, unknown> = {}
  for (const [name, { facts }] of Object.entries(message.fields)) {
    if (facts.always && facts.defaultValue === undefined) zero[name] = zeroValue(facts.type)
  }
  return zero as JsonObject
}

function zeroValue(type: Type): unknown {
  const message = messageOf(type)
  if (message) return message.options.listForm ? undefined : zeroMessage(message)
  if (type.is === 'enum') return ''
  if (type.is !== 'scalar') return undefined
  if (type.name === 'bool') return false
  if (type.name === 'quantity') return '0'
  return type.name === 'string' || type.name === 'bytes' ? '' : 0
}

function replaceSet(entries: Map<string, Entry>, identity: string, entry: Entry, set: FieldSet): void {
  if (set !== entry.fieldsV1) entries.set(identity, withSet(entry, set))
}
