import type { Measurement } from '../measurement.ts'
import type { Part, RunningSide } from '../sides/side.ts'

/** How much is measured: `quick` to see that all works, `default` for the committed table, `full` for the largest sizes. */
export type Extent = 'quick' | 'default' | 'full'

export interface SuiteContext {
  readonly side: RunningSide
  readonly extent: Extent
  readonly signal: AbortSignal
  /** The load program, for images that hold it. */
  readonly program: string
  /** A folder that is removed after the run. */
  readonly directory: string
  say(line: string): void
  load(suite: string, flags: readonly string[], timeoutMs?: number): Promise<Measurement[]>
  /** Starts another server of the same side, with nothing in it, for suites that measure starting. */
  startAnother(): Promise<RunningSide>
  /** Keeps what was measured, also if the suite fails later. */
  keep(...measurements: readonly Measurement[]): void
}

export interface Suite {
  readonly name: string
  readonly about: string
  readonly parts: readonly Part[]
  /** In which extents it runs without being asked for by name. */
  readonly extents: readonly Extent[]
  /** In these extents it runs once on each side, stock, then clipper, because two runs would take too long. */
  readonly once?: readonly Extent[]
  run(context: SuiteContext): Promise<void>
}
