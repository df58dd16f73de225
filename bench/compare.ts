/** The table: medians of both sides, their ratio, and whether the goal is reached. */
import type { Results } from './measurement.ts'
import type { Row } from './row.ts'
import type { SideName } from './sides/side.ts'
import { median } from './statistics.ts'

export interface Line {
  readonly row: Row
  readonly stock: number | undefined
  readonly clipper: number | undefined
  /** How many times better than stock: above 1 clipper is, whichever way is better. */
  readonly ratio: number | undefined
  readonly reached: boolean | undefined
  /** Why a figure is not there. */
  readonly notes: readonly string[]
}

export function compare(rows: readonly Row[], results: Results): Line[] {
  return rows.map(row => {
    const stock = figureOf(row, results, 'stock')
    const clipper = figureOf(row, results, 'clipper')
    const ratio = ratioOf(row, stock.value, clipper.value)
    return {
      row,
      stock: stock.value,
      clipper: clipper.value,
      ratio,
      reached: reachedBy(row, clipper.value, ratio),
      notes: [...stock.notes, ...clipper.notes],
    }
  })
}

function ratioOf(row: Row, stock: number | undefined, clipper: number | undefined): number | undefined {
  if (stock === undefined || clipper === undefined || stock === 0 || clipper === 0) return undefined
  return row.better === 'more' ? clipper / stock : stock / clipper
}

function reachedBy({ goal, bound, better }: Row, clipper: number | undefined, ratio: number | undefined) {
  if (bound !== undefined && clipper !== undefined) return better === 'more' ? clipper >= bound : clipper <= bound
  return goal === undefined || ratio === undefined ? undefined : ratio >= goal
}

function figureOf(row: Row, results: Results, side: SideName): { value: number | undefined; notes: string[] } {
  const suite = results.suites[row.suite]
  if (!suite) return { value: undefined, notes: side === 'stock' ? ['not run yet'] : [] }
  const missing = suite.missing[side]
  if (missing !== undefined) return { value: undefined, notes: [`${side}: ${missing}`] }
  const runs = suite.runs.filter(run => run.side === side)
  const value = median(runs.flatMap(run => row.of(run.measurements)))
  if (value !== undefined) return { value, notes: [] }
  const failure =
    runs.find(run => run.failure !== undefined)?.failure ??
    refusalOf(
      row,
      runs.flatMap(run => run.measurements),
    )
  // What follows the first line of a failure is the end of some log.
  return { value, notes: [`${side}: ${failure?.split('\n')[0] ?? 'no figure'}`] }
}

/** The first error of the requests that the row is about: they were sent, and all refused. */
function refusalOf(row: Row, measurements: readonly { name: string; firstError?: string }[]): string | undefined {
  const verb = row.id.split('/')[1]
  return measurements.find(one => one.firstError !== undefined && one.name === verb)?.firstError
}
