/** Which tests of the suite a run takes. */
export interface Selection {
  /** Patterns of which one must match. None: every test. */
  readonly focus: readonly RegExp[]
  readonly skip: readonly RegExp[]
  /** Only these names; absent: no such limit. */
  readonly only?: readonly string[]
}

export function selectTests(all: readonly string[], { focus, skip, only }: Selection): string[] {
  const known = new Set(all)
  const unknown = only?.filter(name => !known.has(name)) ?? []
  if (unknown.length > 0) throw new Error(`the suite has no such test:\n  ${unknown.join('\n  ')}`)
  const listed = only && new Set(only)
  return all.filter(
    name =>
      (!listed || listed.has(name)) &&
      (focus.length === 0 || focus.some(pattern => pattern.test(name))) &&
      !skip.some(pattern => pattern.test(name)),
  )
}

/** An argument of a program may have 128 KiB. */
const namesPerPattern = 200

/** Patterns of Go's regexp that match these names and nothing else: ginkgo puts the suite's title before a name. */
export function focusPatterns(names: readonly string[]): string[] {
  const escaped = names.map(name => name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
  const count = Math.ceil(names.length / namesPerPattern)
  return Array.from(
    { length: count },
    (_, index) => `(?:${escaped.slice(index * namesPerPattern, (index + 1) * namesPerPattern).join('|')})$`,
  )
}
