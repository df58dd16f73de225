/** Match conditions (KEP-3716): all must hold; one that is false ends it, whatever failed before. */
import type { MatchCondition } from '../../../api/admissionregistration/v1/match-resources.ts'
import { EvaluationError } from '../../../machinery/cel/evaluation-error.ts'
import type { Compiled } from '../../../machinery/cel/policy-expressions.ts'
import type { PolicyEvaluation } from './evaluation.ts'

/** Throws EvaluationError where no condition is false and some fail. */
export function conditionsHold(
  conditions: readonly MatchCondition[] | undefined,
  compiled: readonly Compiled[],
  evaluation: PolicyEvaluation,
): boolean {
  const failures: string[] = []
  for (const [i, { expression }] of (conditions ?? []).entries()) {
    try {
      if (evaluation.evaluate(expression, compiled[i] as Compiled) !== true) return false
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error
      failures.push(error.message)
    }
  }
  if (failures.length === 0) return true
  throw new EvaluationError(failures.length === 1 ? (failures[0] as string) : `[${failures.join(', ')}]`)
}
