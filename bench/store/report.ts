import type { Figure, Row } from './rows.ts'
import type { SideName } from './side.ts'

const shown = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toFixed(value >= 10 ? 1 : 2)

/** A table of medians. A row that was not measured is left out. */
export function renderTable(
  rows: readonly Row[],
  medianOf: (row: string, side: SideName, figure: Figure) => number | undefined,
): string {
  const lines = ['| | etcd | Clipper | ratio | goal |', '| --- | ---: | ---: | ---: | --- |']
  for (const { name, about, figures } of rows) {
    for (const { figure, unit, goal } of figures) {
      const etcd = medianOf(name, 'etcd', figure)
      const clipper = medianOf(name, 'clipper', figure)
      if (etcd === undefined || clipper === undefined) continue
      lines.push(
        `| ${about}, ${unit} | ${shown(etcd)} | ${shown(clipper)} | ${(clipper / etcd).toFixed(2)}× | ${goal} |`,
      )
    }
  }
  return `${lines.join('\n')}\n`
}
