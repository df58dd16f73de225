/** Runs a suite on both sides in turn, stock, clipper, clipper, stock, so that what drifts meanwhile falls on both alike. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runLoad } from './load.ts'
import type { Measurement, Run, SuiteResult } from './measurement.ts'
import type { RunningSide, Side, SideName } from './sides/side.ts'
import type { Extent, Suite } from './suites/suite.ts'

export interface BenchOptions {
  readonly sides: readonly Side[]
  readonly extent: Extent
  readonly program: string
  readonly portBase: number
  readonly commit: string
  readonly signal: AbortSignal
  say(line: string): void
}

const defaultLoadTimeoutMs = 600_000

/** stock and clipper, then the other way about. */
const orderOf = (sides: readonly Side[], { once = [] }: Suite, extent: Extent): readonly Side[] =>
  extent === 'quick' || once.includes(extent) ? sides : [...sides, ...[...sides].reverse()]

export async function runSuite(suite: Suite, options: BenchOptions): Promise<SuiteResult> {
  const startedAt = performance.now()
  const missing: Partial<Record<SideName, string>> = {}
  const present = options.sides.filter(side => {
    const why = side.missing(suite.parts)
    if (why !== undefined) missing[side.name] = why
    return why === undefined
  })
  const runs: Run[] = []
  const order = orderOf(present, suite, options.extent)
  for (const [index, side] of order.entries()) {
    options.signal.throwIfAborted()
    options.say(`${suite.name}: ${side.name} (run ${index + 1} of ${order.length})`)
    const run = await runOnce(suite, side, options)
    if (run.failure !== undefined) options.say(`  FAILED: ${run.failure}`)
    runs.push(run)
  }
  return {
    date: new Date().toISOString(),
    commit: options.commit,
    seconds: Math.round((performance.now() - startedAt) / 1000),
    extent: options.extent,
    missing,
    runs,
  }
}

async function runOnce(suite: Suite, side: Side, options: BenchOptions): Promise<Run> {
  const { extent, program, portBase, signal, say } = options
  const directory = mkdtempSync(join(tmpdir(), 'clipper-bench-'))
  const measurements: Measurement[] = []
  const running: RunningSide[] = []
  let started = 0
  const start = async (): Promise<RunningSide> => {
    started += 1
    const own = join(directory, `server-${started}`)
    mkdirSync(own)
    const one = await side.start({ parts: suite.parts, directory: own, portBase })
    running.push(one)
    return one
  }
  const date = new Date().toISOString()
  try {
    const server = await start()
    const keep = (...more: readonly Measurement[]) => void measurements.push(...more)
    await suite.run({
      side: server,
      extent,
      signal,
      directory,
      program,
      say: line => say(`  ${line}`),
      keep,
      startAnother: start,
      async load(name, flags, timeoutMs = defaultLoadTimeoutMs) {
        const { kubeconfig, processes } = server
        const found = await runLoad({ program, kubeconfig, processes, signal, timeoutMs, say }, name, flags)
        keep(...found)
        return found
      },
    })
    return { suite: suite.name, side: side.name, date, measurements }
  } catch (error) {
    signal.throwIfAborted()
    return { suite: suite.name, side: side.name, date, measurements, failure: (error as Error).message }
  } finally {
    for (const one of running) await one.stop()
    rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }
}
