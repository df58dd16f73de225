/** What one run of a suite on one side gives: what `bench/results.json` keeps. */
import type { SideName } from './sides/side.ts'

/** One line of the load program, or a figure that the harness read itself (`value`). */
export interface Measurement {
  readonly name: string
  readonly encoding?: string
  readonly clients?: number
  /** Requests, events or pods, and the seconds they took together. */
  readonly count?: number
  readonly seconds?: number
  readonly p50Ms?: number
  readonly p90Ms?: number
  readonly p99Ms?: number
  readonly maxMs?: number
  readonly serverCpuSeconds?: number
  readonly errors?: number
  readonly firstError?: string
  /** A figure whose unit is that of the row which shows it. */
  readonly value?: number
}

export interface Run {
  readonly suite: string
  readonly side: SideName
  readonly date: string
  readonly measurements: readonly Measurement[]
  /** Why the run broke off; what was measured before counts. */
  readonly failure?: string
}

export interface Results {
  readonly machine: Readonly<Record<string, string | number>>
  readonly versions: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** When each suite was last run, at which commit, and in how many seconds. */
  readonly suites: Readonly<Record<string, SuiteResult>>
}

export interface SuiteResult {
  readonly date: string
  readonly commit: string
  readonly seconds: number
  /** Sizes other than the default ones, if any: `quick` or `full`. */
  readonly extent: string
  /** Why a side did not run. */
  readonly missing: Readonly<Partial<Record<SideName, string>>>
  readonly runs: readonly Run[]
}
