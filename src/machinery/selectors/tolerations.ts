/** Taints and tolerations (documentation: "Taints and Tolerations"; upstream: `Toleration.ToleratesTaint`). */
import type { Taint, Toleration } from '../../api/core/v1/affinity.ts'
import type { Draft } from '../../schema/message.ts'
import { parseInt64 } from './requirement.ts'

/** A number without sign `+` and leading zeros, as the comparing operators demand. */
const canonicalInteger = /^(0|-?[1-9]\d*)$/

function compares(operator: 'Gt' | 'Lt', tolerated: string, tainted: string): boolean {
  if (!canonicalInteger.test(tolerated) || !canonicalInteger.test(tainted)) return false
  const bound = parseInt64(tolerated)
  const actual = parseInt64(tainted)
  if (bound === undefined || actual === undefined) return false
  return operator === 'Gt' ? actual > bound : actual < bound
}

/**
 * An empty effect tolerates every effect, an empty key every key. With `Gt` and `Lt` the taint's value is the left side
 * (KEP-5471).
 */
export function toleratesTaint(toleration: Draft<Toleration>, taint: Draft<Taint>): boolean {
  if ((toleration.effect ?? '') !== '' && toleration.effect !== taint.effect) return false
  if ((toleration.key ?? '') !== '' && toleration.key !== taint.key) return false
  switch (toleration.operator ?? '') {
    case '':
    case 'Equal':
      return (toleration.value ?? '') === (taint.value ?? '')
    case 'Exists':
      return true
    case 'Gt':
    case 'Lt':
      return compares(toleration.operator as 'Gt' | 'Lt', toleration.value ?? '', taint.value ?? '')
    default:
      return false
  }
}

export const toleratedBy = (taint: Draft<Taint>, tolerations: readonly Draft<Toleration>[] | undefined): boolean =>
  (tolerations ?? []).some(toleration => toleratesTaint(toleration, taint))

/** The first taint with one of these effects that no toleration covers. */
export function findUntoleratedTaint<T extends Draft<Taint>>(
  taints: readonly T[] | undefined,
  tolerations: readonly Draft<Toleration>[] | undefined,
  effects: readonly Taint['effect'][],
): T | undefined {
  return (taints ?? []).find(
    taint => effects.includes(taint.effect as Taint['effect']) && !toleratedBy(taint, tolerations),
  )
}
