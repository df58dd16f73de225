/** The entries of `metadata.managedFields`: reading, sorting, and the bound on their number (KEP-555). */
import type { ManagedFieldsEntry } from '../../api/meta/v1/object-meta.ts'
import { shared } from '../../schema/fields-v1.ts'
import { ownMember } from '../../schema/json-exact.ts'
import { equalJson, isObject, type JsonObject } from '../patch/json-value.ts'
import { type FieldSet, isEmptySet, sortedSet, union } from './field-set.ts'

export interface Entry extends ManagedFieldsEntry {
  readonly operation: 'Apply' | 'Update'
  readonly fieldsV1: Record<string, unknown> & FieldSet
}

/** More managers with operation Update are merged into one, oldest first. */
export const maxUpdateManagers = 10
const ancientManager = 'ancient-changes'
/** Deeper sets, which no declared object has, are refused. */
const maxDepth = 200

/** What makes two entries the same: those of Apply keep their identity over versions. */
export const identityOf = (entry: Pick<Entry, 'manager' | 'operation' | 'apiVersion' | 'subresource'>): string =>
  JSON.stringify([
    entry.manager ?? '',
    entry.operation,
    entry.operation === 'Apply' ? '' : (entry.apiVersion ?? ''),
    entry.subresource ?? '',
  ])

function isFieldSet(value: unknown, depth = 0): value is FieldSet {
  if (!isObject(value) || depth > maxDepth) return false
  for (const [element, below] of Object.entries(value)) {
    if (element === '.' ? !isObject(below) || !isEmptySet(below as FieldSet) : !/^[fkvi]:/.test(element)) return false
    if (element.startsWith('k:') && !isJson(element.slice(2))) return false
    if (!isFieldSet(below, depth + 1)) return false
  }
  return true
}

function isJson(text: string): boolean {
  try {
    return isObject(JSON.parse(text))
  } catch {
    return false
  }
}

const isEntry = (value: unknown): value is Entry =>
  isObject(value) &&
  (value.operation === 'Apply' || value.operation === 'Update') &&
  value.fieldsType === 'FieldsV1' &&
  isObject(value.fieldsV1 ?? {})

/** The entries of an object by identity; undefined if they are malformed. */
function entriesOf(managedFields: unknown): Map<string, Entry> | undefined {
  const entries = new Map<string, Entry>()
  if (managedFields === undefined || managedFields === null) return entries
  if (!Array.isArray(managedFields) || !managedFields.every(isEntry)) return undefined
  for (const entry of managedFields) {
    const whole = entry.fieldsV1 === undefined ? { ...(entry as Entry), fieldsV1: {} } : entry
    entries.set(identityOf(whole), whole)
  }
  return entries
}

export const managedFieldsOf = (object: JsonObject | undefined): unknown => {
  const metadata = object && ownMember(object, 'metadata')
  return isObject(metadata) ? (ownMember(metadata, 'managedFields') ?? undefined) : undefined
}

const isReset = (managedFields: unknown): boolean =>
  Array.isArray(managedFields) &&
  (managedFields.length === 0 ||
    (managedFields.length === 1 && isObject(managedFields[0]) && Object.keys(managedFields[0]).length === 0))

/**
 * The entries that a write starts from: those that the client sends, or the stored ones if it sends none, malformed ones, or
 * writes a subresource. An empty list, and one with a single empty entry, resets them.
 */
export function startingEntries(
  live: JsonObject | undefined,
  updated: JsonObject,
  subresource: string,
): Map<string, Entry> {
  const sent = managedFieldsOf(updated)
  if (subresource !== '' || sent === undefined || equalJson(managedFieldsOf(live), sent)) return storedEntries(live)
  if (isReset(sent)) return new Map()
  const entries = entriesOf(sent)
  const sound =
    entries !== undefined && entries.size > 0 && [...entries.values()].every(one => isFieldSet(one.fieldsV1))
  return sound ? entries : storedEntries(live)
}

/** The entries of a stored object, whose sets were checked when they were written. */
export const storedEntries = (live: JsonObject | undefined): Map<string, Entry> =>
  entriesOf(managedFieldsOf(live)) ?? new Map()

const secondsOf = (time: string | undefined): number => (time === undefined ? 0 : Math.floor(Date.parse(time) / 1000))

const compareTexts = (a: string | undefined, b: string | undefined): number => {
  const left = a ?? ''
  const right = b ?? ''
  return left < right ? -1 : left > right ? 1 : 0
}

const compareEntries = (a: Entry, b: Entry): number =>
  compareTexts(a.operation, b.operation) ||
  secondsOf(a.time) - secondsOf(b.time) ||
  compareTexts(a.manager, b.manager) ||
  compareTexts(a.apiVersion, b.apiVersion) ||
  compareTexts(a.subresource, b.subresource)

/** Merges the oldest updaters of each version into one entry until there are no more than allowed. */
export function capUpdateManagers(entries: Map<string, Entry>): void {
  const updaters = [...entries].filter(([, entry]) => entry.operation === 'Update')
  let count = updaters.length
  if (count <= maxUpdateManagers) return
  updaters.sort(([a, left], [b, right]) => secondsOf(left.time) - secondsOf(right.time) || compareTexts(a, b))
  const firstOfVersion = new Map<string, string>()
  for (const [identity, entry] of updaters) {
    if (count <= maxUpdateManagers) return
    const version = entry.apiVersion ?? ''
    const first = firstOfVersion.get(version)
    if (first === undefined) {
      firstOfVersion.set(version, identity)
      continue
    }
    const bucket: Entry = { ...entry, manager: ancientManager }
    delete bucket.subresource
    const bucketIdentity = identityOf(bucket)
    const known = identity === bucketIdentity ? undefined : entries.get(bucketIdentity)
    const before = known ?? entries.get(first)!
    if (!known) {
      entries.delete(first)
      firstOfVersion.set(version, bucketIdentity)
    }
    entries.delete(identity)
    entries.set(bucketIdentity, withSet(bucket, union(before.fieldsV1, entry.fieldsV1)))
    count--
  }
}

/** The entry with another set, in stored order. */
export const withSet = (entry: Entry, set: FieldSet): Entry => ({
  ...entry,
  fieldsV1: shared(sortedSet(set)) as Entry['fieldsV1'],
})

/** A new entry, its members in upstream's order. */
export const newEntry = (
  facts: { manager: string; operation: Entry['operation']; apiVersion: string; time: string; subresource: string },
  set: FieldSet,
): Entry => ({
  manager: facts.manager,
  operation: facts.operation,
  apiVersion: facts.apiVersion,
  time: facts.time,
  fieldsType: 'FieldsV1',
  fieldsV1: shared(sortedSet(set)) as Entry['fieldsV1'],
  ...(facts.subresource === '' ? {} : { subresource: facts.subresource }),
})

/** The object with these entries; those without fields vanish. Returns the object itself if it has them already. */
export function withEntries<T extends JsonObject>(object: T, entries: ReadonlyMap<string, Entry>): T {
  const managedFields = [...entries.values()].filter(entry => !isEmptySet(entry.fieldsV1)).sort(compareEntries)
  const before = managedFieldsOf(object)
  if (
    Array.isArray(before) &&
    before.length === managedFields.length &&
    managedFields.length > 0 &&
    managedFields.every((entry, i) => entry === before[i])
  ) {
    return object
  }
  const metadata: JsonObject = { ...(ownMember(object, 'metadata') as JsonObject) }
  if (managedFields.length > 0) metadata.managedFields = managedFields
  else delete metadata.managedFields
  return { ...object, metadata }
}
