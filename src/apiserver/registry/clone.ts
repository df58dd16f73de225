import { isShared } from '../../schema/fields-v1.ts'

/** Deep copy of a JSON value: what is about to be changed must be nobody else's. */
export function cloneJson<T>(value: T): T {
  if (value === null || typeof value !== 'object') return value
  // Being frozen does not make it shared: a client's own object may be, with parts that are not. But it rules most out.
  if (Object.isFrozen(value) && isShared(value)) return value
  if (Array.isArray(value)) return value.map(item => cloneJson(item)) as T
  const copy: Record<string, unknown> = {}
  for (const key in value) {
    const member = (value as Record<string, unknown>)[key]
    if (member === undefined) continue
    if (key === '__proto__')
      Object.defineProperty(copy, key, {
        value: cloneJson(member),
        enumerable: true,
        writable: true,
        configurable: true,
      })
    else copy[key] = cloneJson(member)
  }
  return copy as T
}

/** Whether two JSON values are equal; an absent member equals an undefined one. */
export function equalJson(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return false
  if (Array.isArray(a)) return Array.isArray(b) && equalItems(a, b)
  if (Array.isArray(b)) return false
  const left = a as Record<string, unknown>
  const right = b as Record<string, unknown>
  for (const key in left) if (!equalJson(left[key], right[key])) return false
  for (const key in right) if (left[key] === undefined && right[key] !== undefined) return false
  return true
}

function equalItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (!equalJson(a[i], b[i])) return false
  return true
}
