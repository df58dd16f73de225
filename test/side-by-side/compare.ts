/** Finds where two answers differ. Members of objects have no order, items of lists do. */
import type { NormalAnswer } from './normalize.ts'

export interface Difference {
  /** `status`, `warnings`, or a path in the body, as `body.spec.replicas`. */
  readonly at: string
  readonly stock: unknown
  readonly ours: unknown
}

const maxDifferences = 20

export function compareAnswers(stock: NormalAnswer, ours: NormalAnswer): Difference[] {
  const found: Difference[] = []
  for (const part of ['status', 'contentType', 'warnings', 'retryAfter', 'body'] as const) {
    compareValues(stock[part], ours[part], part, found)
  }
  return found
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function compareValues(stock: unknown, ours: unknown, at: string, found: Difference[]): void {
  if (found.length >= maxDifferences || stock === ours) return
  if (isObject(stock) && isObject(ours)) {
    for (const key of new Set([...Object.keys(stock), ...Object.keys(ours)])) {
      compareValues(stock[key], ours[key], `${at}.${key}`, found)
    }
    return
  }
  if (Array.isArray(stock) && Array.isArray(ours) && stock.length === ours.length) {
    for (const [i, item] of stock.entries()) compareValues(item, ours[i], `${at}[${i}]`, found)
    return
  }
  if (Array.isArray(stock) && Array.isArray(ours) && JSON.stringify(stock) === JSON.stringify(ours)) return
  found.push({ at, stock, ours })
}

const shown = (value: unknown): string => {
  const text = value === undefined ? '(absent)' : JSON.stringify(value)
  return text.length > 600 ? `${text.slice(0, 600)}…` : text
}

export const showDifference = ({ at, stock, ours }: Difference): string =>
  `${at}\n      stock: ${shown(stock)}\n      ours:  ${shown(ours)}`
