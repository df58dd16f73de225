/** Compares what is served with the reference: every difference by its path, and none that is not listed. */
import { existsSync, readFileSync } from 'node:fs'

const folder = new URL('../../../shared/reference/', import.meta.url)

/** Why the tests of the reference are skipped, or false. */
export const skip = existsSync(folder) ? false : 'the reference facts are not beside the repository'

export const reference = (name: string): unknown => JSON.parse(readFileSync(new URL(name, folder), 'utf8'))

export interface Difference {
  readonly path: string
  readonly ours: unknown
  readonly theirs: unknown
}

export interface CompareOptions {
  /** Whether the order of a list means something. */
  readonly isOrdered: (path: string) => boolean
  readonly ignores: (key: string, value: unknown) => boolean
}

type Json = Record<string, unknown>

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

const sortedKeys = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sortedKeys)
  if (!isObject(value)) return value
  const keys = Object.keys(value).sort()
  return Object.fromEntries(keys.map(key => [key, sortedKeys(value[key])]))
}

const textOf = (value: unknown): string => JSON.stringify(sortedKeys(value)) ?? 'nothing'

/** Where two values differ, each difference at the deepest path that names it. */
export function differences(ours: unknown, theirs: unknown, options: CompareOptions, path = ''): Difference[] {
  const below = (key: string) => (path === '' ? key : `${path} ${key}`)
  if (isObject(ours) && isObject(theirs)) {
    // Upstream's references are bare where it describes nothing beside them.
    if (typeof theirs.$ref === 'string' && Array.isArray(ours.allOf))
      return differences(ours.allOf, [theirs], options, below('allOf'))
    return [...new Set([...Object.keys(ours), ...Object.keys(theirs)])]
      .filter(key => !options.ignores(key, ours[key] ?? theirs[key]))
      .flatMap(key => differences(ours[key], theirs[key], options, below(key)))
  }
  if (Array.isArray(ours) && Array.isArray(theirs)) {
    if (options.isOrdered(path)) {
      if (ours.length === theirs.length)
        return ours.flatMap((one, i) => differences(one, theirs[i], options, below(String(i))))
    } else {
      const sorted = (list: unknown[]) => list.map(textOf).sort()
      if (textOf(sorted(ours)) === textOf(sorted(theirs))) return []
    }
  } else if (textOf(ours) === textOf(theirs)) return []
  return [{ path, ours, theirs }]
}

export const show = ({ path, ours, theirs }: Difference): string => {
  const short = (value: unknown) => textOf(value).slice(0, 300)
  return `${path}: ${short(ours)} instead of ${short(theirs)}`
}
