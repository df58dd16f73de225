/** Sums and comparisons of amounts by resource name (upstream: quota/v1/resources.go). None changes what it is given. */

import { ownMember } from '../../schema/json-exact.ts'
import { parseQuantity } from '../quantity.ts'

export type Amounts = Readonly<Record<string, string>>

/** Resources that only one side names count as zero on the other. */
export function addAmounts(a: Amounts, b: Amounts): Record<string, string> {
  const result: Record<string, string> = { ...a }
  for (const [name, amount] of Object.entries(b)) {
    const before = ownMember(result, name)
    result[name] = String(
      before === undefined ? parseQuantity(amount) : parseQuantity(before).add(parseQuantity(amount)),
    )
  }
  return result
}

/** What `a` has more than `b`; never less than zero. */
export function growthOf(a: Amounts, b: Amounts): Record<string, string> {
  const result: Record<string, string> = {}
  for (const [name, amount] of Object.entries(a)) {
    const rest = parseQuantity(amount).sub(parseQuantity(ownMember(b, name) ?? '0'))
    result[name] = rest.sign() < 0 ? '0' : String(rest)
  }
  for (const name of Object.keys(b)) result[name] ??= '0'
  return result
}

export const onlyNamed = (amounts: Amounts, names: readonly string[]): Record<string, string> =>
  Object.fromEntries(Object.entries(amounts).filter(([name]) => names.includes(name)))

export const withoutZeros = (amounts: Amounts): Record<string, string> =>
  Object.fromEntries(Object.entries(amounts).filter(([, amount]) => !parseQuantity(amount).isZero))

/** Names of what is more than is allowed; what has no bound is never too much. */
export const exceeding = (amounts: Amounts, bounds: Amounts): string[] =>
  Object.entries(amounts)
    .filter(([name, amount]) => {
      const bound = ownMember(bounds, name)
      return bound !== undefined && parseQuantity(amount).compare(parseQuantity(bound)) > 0
    })
    .map(([name]) => name)

export function equalAmounts(a: Amounts, b: Amounts): boolean {
  const names = Object.keys(a)
  return (
    names.length === Object.keys(b).length &&
    names.every(name => {
      const other = ownMember(b, name)
      return other !== undefined && parseQuantity(a[name] as string).equals(parseQuantity(other))
    })
  )
}

/** `cpu=1,memory=2Gi`, by name. */
export const showAmounts = (amounts: Amounts): string =>
  Object.entries(amounts)
    .map(([name, amount]) => `${name}=${amount}`)
    .sort()
    .join(',')
