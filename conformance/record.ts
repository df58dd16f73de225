/** Keeps the outcome of runs in the repository: of the conformance tests, and of the rest of the suite beside them. */
import { join } from 'node:path'
import { runCommand } from './command.ts'
import { writeDocument } from './document.ts'
import { writeRestDocument } from './rest-document.ts'
import { mergeOutcomes, type Outcome, type Results, readResults, resultsPath, writeResults } from './results.ts'
import type { TestSetName } from './test-sets.ts'

export interface RunKind {
  readonly tests: TestSetName
  readonly focus: readonly RegExp[]
  readonly skip: readonly RegExp[]
  readonly slice?: string
  readonly rerunFailed: boolean
  readonly record: boolean
  readonly against?: string
}

const restPath = join(import.meta.dirname, 'results-rest.json')

export const resultsOf = (tests: TestSetName): Results | undefined =>
  readResults(tests === 'conformance' ? resultsPath : restPath)

/** Whole runs and reruns of conformance; of other parts what is asked for. */
export function recordsRun({ tests, focus, skip, slice, rerunFailed, record, against }: RunKind): boolean {
  if (against !== undefined) return false
  if (tests !== 'conformance') return record
  const whole = focus.length === 0 && skip.length === 0 && slice === undefined
  return whole && (!rerunFailed || resultsOf(tests) !== undefined)
}

export async function recordRun(run: RunKind, suite: string, outcome: Outcome, seconds: number): Promise<void> {
  const isConformance = run.tests === 'conformance'
  const earlier = resultsOf(run.tests)
  const merges = earlier !== undefined && (run.rerunFailed || !isConformance)
  const commit = await runCommand('git', ['rev-parse', 'HEAD'], { cwd: import.meta.dirname })
  const results = {
    suite,
    commit: commit.trim(),
    date: `${new Date().toISOString().slice(0, 19)}Z`,
    seconds: Math.round(seconds + (merges ? earlier.seconds : 0)),
    ...(merges && isConformance
      ? { wholeRun: earlier.wholeRun ?? { commit: earlier.commit, date: earlier.date } }
      : {}),
    ...(merges ? mergeOutcomes(earlier, outcome) : outcome),
  }
  if (isConformance) {
    writeResults(results)
    writeDocument(results)
  } else {
    writeResults(results, restPath)
    writeRestDocument(results)
  }
}
