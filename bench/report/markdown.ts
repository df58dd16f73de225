/** The table as Markdown. */
import type { Line } from '../compare.ts'
import { formatFigure, formatRatio } from './format.ts'

const goalText = ({ row, reached }: Line): string => {
  const aim =
    row.bound !== undefined ? `${row.better === 'less' ? '≤' : '≥'} ${formatFigure(row.bound)} ${row.unit}` : undefined
  const goal = aim ?? (row.goal === undefined ? '' : row.goal === 1 ? 'no worse' : `≥ ${row.goal}×`)
  if (goal === '') return ''
  return reached === undefined ? goal : `${goal}: ${reached ? 'reached' : '**not reached**'}`
}

export function tableOf(lines: readonly Line[]): string {
  const groups = [...new Set(lines.map(({ row }) => row.group))]
  return groups
    .map(group => {
      const own = lines.filter(({ row }) => row.group === group)
      return [
        `### ${group}`,
        '',
        '| | unit | stock | Clipper | better by | goal |',
        '| --- | --- | ---: | ---: | ---: | --- |',
        ...own.map(lineText),
        '',
      ].join('\n')
    })
    .join('\n')
}

function lineText(line: Line): string {
  const { row, stock, clipper, ratio, notes } = line
  const note = notes.length === 0 ? '' : ` (${notes.join('; ').replaceAll('|', '\\|').replaceAll('\n', ' ')})`
  return `| ${row.title}${note} | ${row.unit} | ${formatFigure(stock)} | ${formatFigure(clipper)} | ${formatRatio(ratio)} | ${goalText(line)} |`
}
