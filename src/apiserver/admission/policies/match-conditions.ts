/** Match conditions (KEP-3716): all must hold; one that is false ends it, whatever failed before. */
import type { MatchCondition } from '../../../api/admissionregistration/v1/match-resources.ts'
import { EvaluationError } from '../../../machinery/cel/evaluation-error.ts'
import type { Compiled } from '../../../machinery/cel/policy-expressions.ts'
import { type EvaluationInput, PolicyEvaluation } from './evaluation.ts'

/** What the conditions of one policy or webhook may cost together for one write, apart from all else of it. */
const costBudget = 2_500_000

/** Throws EvaluationError where no condition is false and some fail, OutOfBudgetError or PendingCheck. */
export function conditionsHold(
  conditions: readonly MatchCondition[] | undefined,
  compiled: readonly Compiled[],
  input: EvaluationInput,
): boolean {
  if (!conditions?.length) return true
  // As upstream has it, conditions see the resource of the request beside the kind that the rules matched.
  const { group, version, resource } = input.write.attributes
  const evaluation = new PolicyEvaluation({ ...input, write: { ...input.write, group, version, resource } }, costBudget)
  const failures: string[] = []
  for (const [i, { expression }] of conditions.entries()) {
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
