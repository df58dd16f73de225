/** A row of the table: which figure of a run it shows, its unit, and its goal. */
import type { Measurement } from './measurement.ts'

export interface Row {
  readonly id: string
  readonly group: string
  readonly title: string
  readonly suite: string
  readonly unit: string
  readonly better: 'more' | 'less'
  /** By how much clipper is to be better than stock: ≥ 5 where more is better means five times as much, where less a fifth. */
  readonly goal?: number
  /** A bound on clipper's own figure, whatever stock does. */
  readonly bound?: number
  of(measurements: readonly Measurement[]): readonly number[]
}

/** One figure of a measurement. */
export type Pick = (measurement: Measurement) => number | undefined

/** Refused requests have no rate and no latency. */
const ifAny =
  (pick: Pick): Pick =>
  measurement =>
    (measurement.count ?? 0) > 0 ? pick(measurement) : undefined

export const rate: Pick = ifAny(({ count = 0, seconds = Number.NaN }) => count / seconds)
export const p50: Pick = ifAny(({ p50Ms }) => p50Ms)
export const p99: Pick = ifAny(({ p99Ms }) => p99Ms)
export const cpuPer10000: Pick = ifAny(({ serverCpuSeconds, count = 0 }) =>
  serverCpuSeconds === undefined ? undefined : (serverCpuSeconds / count) * 10_000,
)
export const value: Pick = measurement => measurement.value

export interface Wanted {
  readonly name: string
  readonly encoding?: string
  readonly clients?: number
}

export const figures =
  (wanted: Wanted, pick: Pick): Row['of'] =>
  measurements =>
    measurements
      .filter(
        one =>
          one.name === wanted.name &&
          (wanted.encoding === undefined || one.encoding === wanted.encoding) &&
          (wanted.clients === undefined || one.clients === wanted.clients),
      )
      .map(pick)
      .filter(found => found !== undefined)

export const seconds: Pick = measurement => measurement.seconds

/** What a suite costs its server. */
export const cost = (suite: string, title: string, goal?: number): Row[] => [
  {
    suite,
    group: 'Start and cost',
    id: `${suite}/memory`,
    title: `resident memory 10 s after ${title}`,
    unit: 'MiB',
    better: 'less',
    ...(goal === undefined ? {} : { goal }),
    of: figures({ name: 'memory-after' }, value),
  },
  {
    suite,
    group: 'Start and cost',
    id: `${suite}/memory-peak`,
    title: `most resident memory during ${title}`,
    unit: 'MiB',
    better: 'less',
    of: figures({ name: 'memory-peak' }, value),
  },
  {
    suite,
    group: 'Start and cost',
    id: `${suite}/cpu`,
    title: `CPU time of ${title}`,
    unit: 's',
    better: 'less',
    of: figures({ name: 'cpu-total' }, value),
  },
]
