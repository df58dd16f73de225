/**
 * What changed between two objects, as sets of fields (structured-merge-diff's `Compare`), in one walk over both. What is
 * the same reference in both is not walked at all.
 */
import { ownMember } from '../../schema/json-exact.ts'
import { equalJson, isObject, type JsonObject } from '../patch/json-value.ts'
import { type FieldSet, leafNode, nodeOf } from './field-set.ts'
import { type Unowned, withoutUnowned } from './owned-members.ts'
import { fieldElement, keyElement, valueElement } from './path-element.ts'
import { deduced, type KeyedListShape, type Member, type Shape, zeroOf } from './shape.ts'

export interface Comparison {
  /** Added and modified. */
  readonly changed: FieldSet | undefined
  readonly removed: FieldSet | undefined
}

type Nodes = { [element: string]: FieldSet }

/** Gathers what is below one path. */
class Below {
  #changed: Nodes | undefined
  #removed: Nodes | undefined

  add(element: string, { changed, removed }: Comparison): void {
    if (changed !== undefined) {
      this.#changed ??= {}
      this.#changed[element] = changed
    }
    if (removed !== undefined) {
      this.#removed ??= {}
      this.#removed[element] = removed
    }
  }

  /** A container that is new or gone belongs to the set itself, beside what is in it. */
  comparison(added: boolean, gone: boolean): Comparison | undefined {
    const changed = nodeOf(added, this.#changed)
    const removed = nodeOf(gone, this.#removed)
    return changed === undefined && removed === undefined ? undefined : { changed, removed }
  }
}

const leafChanged: Comparison = { changed: leafNode, removed: undefined }
const leafRemoved: Comparison = { changed: undefined, removed: leafNode }

function compareLeaf(old: unknown, now: unknown): Comparison | undefined {
  if (now === undefined) return leafRemoved
  return old === undefined || !equalJson(old, now) ? leafChanged : undefined
}

const isBlank = (value: unknown): boolean =>
  value === undefined || value === null || (Array.isArray(value) ? value.length === 0 : isEmptyObject(value))

function isEmptyObject(value: unknown): boolean {
  if (!isObject(value)) return false
  for (const _ in value) return false
  return true
}

/** Compares two values of a shape; undefined stands for an absent one. At most one may be absent. */
export function compareValues(shape: Shape, old: unknown, now: unknown): Comparison | undefined {
  if (old === now) return undefined
  if (old === undefined) return { changed: addedNode(shape, now), removed: undefined }
  if (shape.is === 'leaf' || (isBlank(old) && isBlank(now))) return compareLeaf(old, now)
  if (shape.is === 'list' || shape.is === 'set') {
    const lists = isList(old) && isList(now)
    return lists ? compareItems(shape, old, now) : compareLeaf(old, now)
  }
  if (!isMap(old) || !isMap(now)) return compareLeaf(old, now)
  return isObject(old)
    ? compareMembers(shape, old, now ?? undefined)
    : { changed: addedNode(shape, now), removed: undefined }
}

const isList = (value: unknown): value is readonly unknown[] | undefined | null =>
  value === undefined || value === null || Array.isArray(value)
const isMap = (value: unknown): value is JsonObject | undefined | null =>
  value === undefined || value === null || isObject(value)

/** The set of a value that was not there before: `compareValues` with nothing, at half the cost. */
function addedNode(shape: Shape, now: unknown): FieldSet {
  if (shape.is === 'leaf' || (isBlank(now) && !(shape.is === 'struct' && isObject(now)))) return leafNode
  if (shape.is === 'list' || shape.is === 'set') return Array.isArray(now) ? addedItems(shape, now) : leafNode
  return isObject(now) ? addedMembers(shape, now) : leafNode
}

function addedMembers(shape: Exclude<Shape, { is: 'leaf' | 'list' | 'set' }>, now: JsonObject): FieldSet {
  const nodes: Nodes = { '.': leafNode }
  let isEmpty = true
  const members = shape.is === 'struct' ? shape.members() : undefined
  for (const name in now) {
    const member = members?.get(name)
    const memberShape = member?.shape ?? (shape.is === 'map' ? shape.of : deduced)
    const given = ownMember(now, name)
    // Only what clients define can be null.
    if (given === null && !member?.present) {
      nodes[fieldElement(name)] = leafNode
      isEmpty = false
      continue
    }
    let value: unknown = given ?? undefined
    if (value === undefined && member?.present) value = zeroOf(memberShape)
    if (value === undefined) continue
    nodes[fieldElement(name)] = addedNode(memberShape, value)
    isEmpty = false
  }
  if (members) {
    for (const name of nullMembers(members)) {
      if ((ownMember(now, name) ?? undefined) !== undefined) continue
      nodes[fieldElement(name)] = leafNode
      isEmpty = false
    }
  }
  return isEmpty ? leafNode : nodes
}

function addedItems(shape: KeyedListShape | { readonly is: 'set' }, now: readonly unknown[]): FieldSet {
  const nodes: Nodes = { '.': leafNode }
  for (let i = 0; i < now.length; i++) {
    const item = now[i]
    const element = shape.is === 'set' ? valueElement(item) : (keyElement(shape, item) ?? `i:${i}`)
    // Duplicates are owned as one.
    const isNew = shape.is !== 'set' && nodes[element] === undefined && item !== undefined
    nodes[element] = isNew ? addedNode(shape.of, item) : leafNode
  }
  return nodes
}

const nullMembersOf = new WeakMap<ReadonlyMap<string, Member>, readonly string[]>()

/** Members that are shown as null where they are unset. */
function nullMembers(members: ReadonlyMap<string, Member>): readonly string[] {
  let names = nullMembersOf.get(members)
  if (!names) {
    names = [...members].filter(([, { orNull }]) => orNull).map(([name]) => name)
    nullMembersOf.set(members, names)
  }
  return names
}

function compareMembers(
  shape: Exclude<Shape, { is: 'leaf' | 'list' | 'set' }>,
  old: JsonObject,
  now: JsonObject | undefined,
  skip?: ReadonlySet<string>,
): Comparison | undefined {
  const below = new Below()
  const members = shape.is === 'struct' ? shape.members() : undefined
  const compareMember = (name: string): void => {
    const member = members?.get(name)
    const memberShape = member?.shape ?? (shape.is === 'map' ? shape.of : deduced)
    let before: unknown = old === undefined ? undefined : ownMember(old, name)
    let after: unknown = now === undefined ? undefined : ownMember(now, name)
    // A null that was applied is a value; only what is empty gives way to it.
    if (after === null) {
      if (before !== null) below.add(fieldElement(name), leafChanged)
      return
    }
    before ??= undefined
    // Shown as null, which is a value like any other.
    if (
      member?.orNull &&
      memberShape.is === 'leaf' &&
      now !== undefined &&
      after === undefined &&
      before !== undefined
    ) {
      below.add(fieldElement(name), leafChanged)
      return
    }
    if (member?.present) {
      if (old !== undefined) before ??= zeroOf(memberShape)
      if (now !== undefined) after ??= zeroOf(memberShape)
    }
    if (before === after) return
    const comparison = compareValues(memberShape, before, after)
    if (comparison) below.add(fieldElement(name), comparison)
  }
  for (const name in now) if (!skip?.has(name)) compareMember(name)
  for (const name in old) if (!skip?.has(name) && (now === undefined || !Object.hasOwn(now, name))) compareMember(name)
  return below.comparison(false, now === undefined)
}

/** The items of a list by their path element. Duplicates, which only old objects have, come as several. */
function itemsByElement(
  shape: KeyedListShape | { readonly is: 'set' },
  items: readonly unknown[],
): Map<string, unknown[]> {
  const found = new Map<string, unknown[]>()
  for (const [i, item] of items.entries()) {
    const element = elementOf(shape, item, i)
    const same = found.get(element)
    if (same) same.push(item)
    else found.set(element, [item])
  }
  return found
}

const elementOf = (shape: KeyedListShape | { readonly is: 'set' }, item: unknown, i: number): string =>
  shape.is === 'set' ? valueElement(item) : (keyElement(shape, item) ?? `i:${i}`)

/** Longer lists are looked at by their elements: each is compared with all before it. */
const maxInPlace = 16

/** Whether two lists have the same elements in the same order, each once: nearly every list that is written again. */
function areInPlace(
  shape: KeyedListShape | { readonly is: 'set' },
  old: readonly unknown[],
  now: readonly unknown[],
): boolean {
  if (now.length > maxInPlace) return false
  const seen: string[] = []
  for (let i = 0; i < now.length; i++) {
    const element = elementOf(shape, now[i], i)
    if ((now[i] !== old[i] && elementOf(shape, old[i], i) !== element) || seen.includes(element)) return false
    seen.push(element)
  }
  return true
}

function compareItems(
  shape: KeyedListShape | { readonly is: 'set' },
  old: readonly unknown[] | undefined | null,
  now: readonly unknown[] | undefined | null,
): Comparison | undefined {
  const below = new Below()
  if (old && now && old.length === now.length && areInPlace(shape, old, now)) {
    if (shape.is === 'set') return undefined
    for (let i = 0; i < now.length; i++) {
      const comparison = compareValues(shape.of, old[i], now[i])
      if (comparison) below.add(elementOf(shape, now[i], i), comparison)
    }
    return below.comparison(false, false)
  }
  const before = itemsByElement(shape, old ?? [])
  const after = itemsByElement(shape, now ?? [])
  const compareItem = (element: string): void => {
    const left = before.get(element) ?? []
    const right = after.get(element) ?? []
    const comparison =
      shape.is === 'set' || left.length > 1 || right.length > 1
        ? compareLeaf(left.length === 0 ? undefined : left, right.length === 0 ? undefined : right)
        : compareValues(shape.of, left[0], right[0])
    if (comparison) below.add(element, comparison)
  }
  for (const element of after.keys()) compareItem(element)
  for (const element of before.keys()) if (!after.has(element)) compareItem(element)
  return below.comparison(old === undefined, now === undefined)
}

/** Compares whole objects, without what the write through this endpoint does not own. */
export function compareObjects(
  shape: Shape & { is: 'struct' },
  old: JsonObject,
  now: JsonObject,
  unowned: Unowned,
): Comparison {
  const rest = compareMembers(shape, old, now, unowned.members)
  const changed = withoutUnowned(rest?.changed, unowned)
  const removed = withoutUnowned(rest?.removed, unowned)
  const metadata = shape.members().get('metadata')
  if (metadata?.shape.is !== 'struct' || unowned.allMetadata) return { changed, removed }
  const inMetadata = compareMembers(
    metadata.shape,
    asObject(ownMember(old, 'metadata')),
    asObject(ownMember(now, 'metadata')),
    unowned.metadata,
  )
  const below = new Below()
  if (inMetadata) below.add(fieldElement('metadata'), inMetadata)
  const both = below.comparison(false, false)
  return { changed: merged(both?.changed, changed), removed: merged(both?.removed, removed) }
}

const asObject = (value: unknown): JsonObject => (isObject(value) ? value : {})

/** The sets have no top-level member in common: metadata is looked at by itself. */
const merged = (a: FieldSet | undefined, b: FieldSet | undefined): FieldSet | undefined =>
  a && b ? { ...a, ...b } : (a ?? b)
