/** `results.json`: how every test of the suite fared in the last whole run, and in reruns of what had failed. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface FailedTest {
  readonly name: string
  readonly error: string
}

export interface NotRunTest {
  readonly name: string
  readonly reason: string
}

/** One run, or several merged. */
export interface Outcome {
  readonly passed: readonly string[]
  readonly failed: readonly FailedTest[]
  readonly notRun: readonly NotRunTest[]
}

export interface Results extends Outcome {
  /** The suite's version. */
  readonly suite: string
  readonly commit: string
  /** When it ended (RFC 3339). */
  readonly date: string
  readonly seconds: number
  /** The last whole run, where tests that did not pass in it were run again later: then the above tell of the last rerun. */
  readonly wholeRun?: { readonly commit: string; readonly date: string }
}

export const resultsPath = join(import.meta.dirname, 'results.json')

export function readResults(path = resultsPath): Results | undefined {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Results) : undefined
}

export function writeResults(results: Results, path = resultsPath): void {
  writeFileSync(`${path}.new`, `${JSON.stringify(results, null, 2)}\n`)
  renameSync(`${path}.new`, path)
}

const byName = (a: { readonly name: string }, b: { readonly name: string }) => (a.name < b.name ? -1 : 1)

/** `later` replaces what `earlier` says of the same tests; a test that did not run again keeps its outcome. */
export function mergeOutcomes(earlier: Outcome, later: Outcome): Outcome {
  const again = new Set([...later.passed, ...later.failed.map(({ name }) => name)])
  const kept = {
    passed: earlier.passed.filter(name => !again.has(name)),
    failed: earlier.failed.filter(({ name }) => !again.has(name)),
    notRun: earlier.notRun.filter(({ name }) => !again.has(name)),
  }
  const known = new Set([
    ...kept.passed,
    ...kept.failed.map(({ name }) => name),
    ...kept.notRun.map(({ name }) => name),
  ])
  return {
    passed: [...kept.passed, ...later.passed].sort(),
    failed: [...kept.failed, ...later.failed].sort(byName),
    notRun: [...kept.notRun, ...later.notRun.filter(({ name }) => !again.has(name) && !known.has(name))].sort(byName),
  }
}

/** The special interest group that owns a test, as its name begins with it. */
export const areaOf = (name: string): string => /^\[(sig-[a-z-]+)\]/.exec(name)?.[1] ?? 'other'
