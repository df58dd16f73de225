/** Runs the suite by ginkgo, and tells of each test as it begins and ends. */
import { spawn } from 'node:child_process'
import { createWriteStream, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { cached, hashOf } from './cache.ts'
import { runCommand } from './command.ts'
import type { Programs } from './programs.ts'
import { parseReport, type RunReport } from './report.ts'
import { focusPatterns } from './selection.ts'

/** All tests of the suite, in the suite's order. */
export async function listTests(programs: Programs, signal: AbortSignal): Promise<string[]> {
  const directory = await cached('tests', hashOf(programs.directory, 'all'), async target => {
    const report = join(target, 'report.json')
    await runCommand(programs.path('e2e.test'), ['--ginkgo.dry-run', `--ginkgo.json-report=${report}`], {
      cwd: target,
      signal,
    })
    const { tests } = parseReport(readFileSync(report, 'utf8'))
    writeFileSync(join(target, 'names.json'), JSON.stringify([...new Set(tests.map(test => test.name))]))
    rmSync(report)
  })
  return JSON.parse(readFileSync(join(directory, 'names.json'), 'utf8')) as string[]
}

/** A line of the file that `suite_test.go` appends to. */
export interface ProgressLine {
  readonly name: string
  readonly state: string
  readonly seconds: number
  readonly error?: string
}

export interface SuiteRun {
  readonly programs: Programs
  readonly kubeconfig: string
  readonly tests: readonly string[]
  readonly processes: number
  /** Nodes of the cluster, for tests that leave themselves out where there are too few; absent: not told. */
  readonly nodes?: number
  /** How often a test that fails is tried in all. */
  readonly attempts: number
  /** Where the report, the log and the progress go. */
  readonly directory: string
  readonly onProgress: (line: ProgressLine) => void
  /** Ginkgo is interrupted, cleans up after the tests that run, and writes its report. */
  readonly signal: AbortSignal
}

/** Longer than any whole run: tests have their own limits. */
const suiteTimeout = '4h'
const progressEveryMs = 250
/** After an interrupt ginkgo waits for the clean-up of what runs. */
const interruptGraceMs = 120_000

export async function runSuite(run: SuiteRun): Promise<RunReport> {
  const { programs, kubeconfig, tests, processes, attempts, directory, signal } = run
  const progressFile = join(directory, 'progress.jsonl')
  writeFileSync(progressFile, '')
  const child = spawn(
    programs.path('ginkgo'),
    [
      `--procs=${processes}`,
      `--flake-attempts=${attempts}`,
      `--timeout=${suiteTimeout}`,
      ...focusPatterns(tests).map(pattern => `--focus=${pattern}`),
      '--json-report=report.json',
      `--output-dir=${directory}`,
      '--no-color',
      '--silence-skips',
      '--vv',
      programs.path('e2e.test'),
      '--',
      `--kubeconfig=${kubeconfig}`,
      `--kubectl-path=${programs.path('kubectl')}`,
      '--provider=skeleton',
      ...(run.nodes === undefined ? [] : [`--num-nodes=${run.nodes}`]),
      '--dump-logs-on-failure=false',
      '--disable-log-dump',
    ],
    {
      cwd: directory,
      // In a group of its own, which is signalled as a whole: ginkgo does not pass an interrupt on to its processes.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, CONFORMANCE_PROGRESS: progressFile, KUBECONFIG: kubeconfig },
    },
  )
  const log = createWriteStream(join(directory, 'ginkgo.log'))
  child.stdout.pipe(log, { end: false })
  child.stderr.pipe(log, { end: false })
  const signalGroup = (name: NodeJS.Signals) => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) process.kill(-child.pid, name)
  }
  const stop = () => {
    signalGroup('SIGINT')
    setTimeout(() => signalGroup('SIGKILL'), interruptGraceMs).unref()
  }
  signal.addEventListener('abort', stop, { once: true })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const follower = followLines(progressFile, run.onProgress)
  try {
    await ended
  } finally {
    signal.removeEventListener('abort', stop)
    await follower.end()
    log.end()
  }
  const report = join(directory, 'report.json')
  if (!existsSync(report)) throw new Error(`ginkgo wrote no report; look into ${join(directory, 'ginkgo.log')}`)
  return parseReport(readFileSync(report, 'utf8'))
}

/** Hands on each whole line that is appended to the file, at intervals and once more at the end. */
function followLines(path: string, onLine: (line: ProgressLine) => void): { end(): Promise<void> } {
  let offset = 0
  let rest = ''
  let reading = Promise.resolve()
  const read = async () => {
    const file = await open(path)
    try {
      const { size } = await file.stat()
      if (size === offset) return
      const buffer = Buffer.alloc(size - offset)
      const { bytesRead } = await file.read(buffer, 0, buffer.length, offset)
      offset += bytesRead
      const lines = (rest + buffer.toString('utf8', 0, bytesRead)).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) onLine(JSON.parse(line) as ProgressLine)
    } finally {
      await file.close()
    }
  }
  const readInTurn = () => {
    reading = reading.then(read)
    return reading
  }
  const timer = setInterval(() => void readInTurn().catch(() => {}), progressEveryMs)
  return {
    async end() {
      clearInterval(timer)
      await readInTurn()
    },
  }
}
