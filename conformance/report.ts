/** Reads ginkgo's JSON report: what was selected, and how each test fared. */
import type { FailedTest, NotRunTest, Outcome } from './results.ts'

/** The part of ginkgo's `types.SpecReport` that is read. */
interface SpecReport {
  readonly ContainerHierarchyTexts: readonly string[] | null
  readonly LeafNodeType: string
  readonly LeafNodeText: string
  readonly State: string
  readonly RunTime: number
  readonly NumAttempts: number
  readonly Failure?: { readonly Message?: string; readonly ForwardedPanic?: string }
  readonly CapturedGinkgoWriterOutput?: string
}

interface SuiteReport {
  readonly SpecReports: readonly SpecReport[] | null
  readonly SpecialSuiteFailureReasons?: readonly string[] | null
}

export interface TestReport {
  readonly name: string
  readonly state: string
  readonly seconds: number
  readonly attempts: number
  readonly error: string
  /** What the test wrote while it ran. */
  readonly output: string
}

export interface RunReport {
  readonly tests: readonly TestReport[]
  /** Failures outside of any test, as of what prepares the suite. */
  readonly suiteFailures: readonly string[]
}

const nameOf = (spec: SpecReport) => [...(spec.ContainerHierarchyTexts ?? []), spec.LeafNodeText].join(' ')

function errorOf({ Failure: failure }: SpecReport): string {
  return failure?.ForwardedPanic ? `panic: ${failure.ForwardedPanic}` : (failure?.Message ?? '')
}

export function parseReport(text: string): RunReport {
  const suites = JSON.parse(text) as readonly SuiteReport[]
  const specs = suites.flatMap(suite => suite.SpecReports ?? [])
  const tests = specs
    .filter(spec => spec.LeafNodeType === 'It')
    .map(spec => ({
      name: nameOf(spec),
      state: spec.State,
      seconds: spec.RunTime / 1e9,
      attempts: spec.NumAttempts,
      error: errorOf(spec),
      output: spec.CapturedGinkgoWriterOutput ?? '',
    }))
  const failedNodes = specs
    .filter(spec => spec.LeafNodeType !== 'It' && spec.State === 'failed')
    .map(spec => `${spec.LeafNodeType}: ${errorOf(spec)}`)
  return { tests, suiteFailures: [...failedNodes, ...suites.flatMap(suite => suite.SpecialSuiteFailureReasons ?? [])] }
}

/** Of a failure's message what names its cause: the first lines, without the dumps of objects that follow. */
export function firstLines(error: string, maxLength = 300): string {
  const lines = error
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '')
  let text = lines[0] ?? ''
  for (const line of lines.slice(1)) {
    if (text.length + line.length > maxLength / 2 || /^(\{|<\*)/.test(line)) break
    text += ` | ${line}`
  }
  return text.length > maxLength ? `${text.slice(0, maxLength - 1)}…` : text
}

/**
 * `environmentReason` says why a test cannot pass on this machine: it is run all the same, and where it fails the reason is
 * named.
 */
export function outcomeOf(
  selected: readonly string[],
  report: RunReport,
  environmentReason: (name: string) => string | undefined = () => undefined,
): Outcome {
  const reports = new Map(report.tests.map(test => [test.name, test]))
  const passed: string[] = []
  const failed: FailedTest[] = []
  const notRun: NotRunTest[] = []
  for (const name of [...selected].sort()) {
    const test = reports.get(name)
    const reason = environmentReason(name)
    if (test?.state === 'passed') passed.push(name)
    else if (!test || test.state === 'pending' || (test.state === 'skipped' && test.error === ''))
      notRun.push({
        name,
        reason: report.suiteFailures[0] ? firstLines(report.suiteFailures[0]) : 'the run ended before',
      })
    else if (test.state === 'interrupted') notRun.push({ name, reason: 'interrupted' })
    else if (test.state === 'skipped') notRun.push({ name, reason: firstLines(test.error) })
    else {
      const error = firstLines(test.error) || test.state
      failed.push({ name, error: reason === undefined ? error : `environment: ${reason} (${error})` })
    }
  }
  return { passed, failed, notRun }
}
