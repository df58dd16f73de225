/**
 * Sets of fields in the very form of FieldsV1, so that none is ever parsed or serialised: each member of the object is a
 * path element (`f:name`, `k:{"name":"x"}`, `v:"a"`, `i:0`), and its value says what below it belongs to the set. The
 * path itself belongs if the value is empty or has a member `.`. Sets are never changed, and share what they can.
 */
export interface FieldSet {
  readonly [element: string]: FieldSet
}
type Mutable = { [element: string]: FieldSet }

/** A path that belongs to a set, with nothing below it. */
export const leafNode: FieldSet = Object.freeze({})

export const isEmptySet = (set: FieldSet): boolean => {
  for (const _ in set) return false
  return true
}

/** Whether the path of this node belongs to the set. */
export const isMember = (node: FieldSet): boolean => node['.'] !== undefined || isEmptySet(node)

/** A node from whether its path belongs and what belongs below; undefined if nothing does. */
export function nodeOf(own: boolean, below: FieldSet | undefined): FieldSet | undefined {
  if (below === undefined || isEmptySet(below)) return own ? leafNode : undefined
  return own ? { '.': leafNode, ...below } : below
}

/** Combines sets of the same root; `undefined` is the empty set. */
export function union(a: FieldSet | undefined, b: FieldSet | undefined): FieldSet {
  if (a === undefined || a === b || isEmptySet(a)) return b ?? leafNode
  if (b === undefined || isEmptySet(b)) return a
  let result: Mutable | undefined
  for (const element in b) {
    const right = b[element]!
    const left = a[element]
    const both = left === undefined || element === '.' ? right : unionNodes(left, right)
    if (both === left) continue
    result ??= { ...a }
    result[element] = both
  }
  return result ?? a
}

function unionNodes(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b) return a
  const own = isMember(a) || isMember(b)
  const both = union(a, b)
  return own && both['.'] === undefined && !isEmptySet(both) ? { '.': leafNode, ...both } : both
}

/** The paths of `a` that are not in `b`, each path for itself. */
export function difference(a: FieldSet, b: FieldSet | undefined): FieldSet {
  if (b === undefined || isEmptySet(b)) return a
  return combine(a, b, false)
}

/** The paths that are in both. */
export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  return combine(a, b, true)
}

/** Keeps the paths of `a` whose being in `b` is `wanted`. Returns `a` itself if all stay. */
function combine(a: FieldSet, b: FieldSet, wanted: boolean): FieldSet {
  const result: Mutable = {}
  let same = true
  for (const element in a) {
    if (element === '.') continue
    const left = a[element]!
    const right = b[element]
    let kept: FieldSet | undefined
    if (right === undefined) kept = wanted ? undefined : left
    else {
      const below = combine(left, right, wanted)
      const own = isMember(left)
      const stays = own && isMember(right) === wanted
      const rest = withoutSelf(below)
      kept = stays === own && rest === withoutSelf(left) ? left : nodeOf(stays, rest)
    }
    if (kept !== left) same = false
    if (kept !== undefined) result[element] = kept
  }
  return same ? a : result
}

function withoutSelf(node: FieldSet): FieldSet {
  if (node['.'] === undefined) return node
  const { '.': _, ...rest } = node
  return rest
}

/** `.` before `f`, `k`, `v` and `i`. */
const ranks: Readonly<Record<string, number>> = { '.': 0, f: 1, k: 2, v: 3, i: 4 }

function compareElements(a: string, b: string): number {
  const rank = ranks[a[0]!]! - ranks[b[0]!]!
  if (rank !== 0) return rank
  if (a[0] === 'i') return Number(a.slice(2)) - Number(b.slice(2))
  return a < b ? -1 : a > b ? 1 : 0
}

/** The same set with its members in upstream's order, as it is stored; itself where it has that order. */
export function sortedSet(set: FieldSet): FieldSet {
  let previous = '.'
  for (const element in set) {
    if (compareElements(previous, element) > 0 || sortedSet(set[element]!) !== set[element]) return newSortedSet(set)
    previous = element
  }
  return set
}

function newSortedSet(set: FieldSet): FieldSet {
  const sorted: Mutable = {}
  for (const element of sortElements(Object.keys(set))) sorted[element] = sortedSet(set[element]!)
  return sorted
}

/** Nearly all sets are small, and half in order: moving each element to its place needs no memory, as `sort` does. */
const maxInserted = 64

function sortElements(elements: string[]): string[] {
  if (elements.length > maxInserted) return elements.sort(compareElements)
  for (let i = 1; i < elements.length; i++) {
    const element = elements[i]!
    let at = i
    for (; at > 0 && compareElements(elements[at - 1]!, element) > 0; at--) elements[at] = elements[at - 1]!
    elements[at] = element
  }
  return elements
}

export function equalSets(a: FieldSet, b: FieldSet): boolean {
  if (a === b) return true
  let size = 0
  for (const element in a) {
    const right = b[element]
    if (right === undefined || !equalSets(a[element]!, right)) return false
    size++
  }
  return Object.keys(b).length === size
}

/** The paths of a set, each as its elements: at every level its members first, then what is below it, both in order. */
export function* pathsOf(set: FieldSet, above: readonly string[] = []): Generator<readonly string[]> {
  const elements = Object.keys(set)
    .filter(element => element !== '.')
    .sort(compareElements)
  for (const element of elements) if (isMember(set[element]!)) yield [...above, element]
  for (const element of elements) yield* pathsOf(set[element]!, [...above, element])
}
