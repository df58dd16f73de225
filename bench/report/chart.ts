/** Charts as SVG: how many times better than stock, row by row, on a logarithmic scale around 1×. */
import type { Line } from '../compare.ts'
import { formatFigure, formatRatio } from './format.ts'

const width = 1040
const labelWidth = 410
const figuresWidth = 230
const rowHeight = 26
const barHeight = 14
const top = 64
const bottom = 16
const plotLeft = labelWidth + 10
const plotRight = width - figuresWidth - 10

const colors = {
  background: '#ffffff',
  frame: '#d0d7de',
  grid: '#eaeef2',
  axis: '#57606a',
  text: '#1f2328',
  faint: '#656d76',
  better: '#1a7f37',
  worse: '#cf222e',
  goal: '#8250df',
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

interface TextStyle {
  readonly size?: number
  readonly color?: string
  readonly anchor?: 'start' | 'middle' | 'end'
  readonly weight?: number
}

const text = (
  x: number,
  y: number,
  content: string,
  { size = 13, color = colors.text, anchor = 'start', weight = 400 }: TextStyle = {},
) =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" font-size="${size}" fill="${color}" text-anchor="${anchor}" font-weight="${weight}">${escaped(content)}</text>`

const line = (x1: number, y1: number, x2: number, y2: number, color: string, thickness = 1) =>
  `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" stroke="${color}" stroke-width="${thickness}"/>`

const ticks = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100]

/** Of the ticks, those that take in all values and 1×. */
function scaleFor(values: readonly number[]) {
  const least = Math.min(1, ...values)
  const most = Math.max(2, ...values)
  const low = ticks.findLast(tick => tick <= least) ?? (ticks[0] as number)
  const high = ticks.find(tick => tick >= most) ?? (ticks.at(-1) as number)
  const at = (value: number): number => {
    const share = (Math.log(Math.min(Math.max(value, low), high)) - Math.log(low)) / (Math.log(high) - Math.log(low))
    return plotLeft + share * (plotRight - plotLeft)
  }
  return { at, shown: ticks.filter(tick => tick >= low && tick <= high) }
}

/** Rows without a ratio are left out: the table says why there is none. undefined: there is nothing to show. */
export function ratioChart(title: string, lines: readonly Line[]): string | undefined {
  const shown = lines.filter(one => one.ratio !== undefined)
  if (shown.length === 0) return undefined
  const goals = shown.map(({ row }) => row.goal).filter(goal => goal !== undefined)
  const { at, shown: axis } = scaleFor([...shown.map(({ ratio }) => ratio as number), ...goals])
  const height = top + shown.length * rowHeight + bottom
  const plotBottom = height - bottom
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif" role="img" aria-label="${escaped(title)}">`,
    `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="6" fill="${colors.background}" stroke="${colors.frame}"/>`,
    text(16, 26, title, { size: 15, weight: 600 }),
    text(width - 16, 26, 'stock → Clipper', { color: colors.faint, anchor: 'end', size: 12 }),
    ...axis.flatMap(tick => [
      line(at(tick), top - 10, at(tick), plotBottom, tick === 1 ? colors.axis : colors.grid),
      text(at(tick), top - 16, `${tick}×`, { size: 11, color: colors.faint, anchor: 'middle' }),
    ]),
    ...shown.flatMap((one, index) => bar(one, top + index * rowHeight, at)),
    '</svg>',
    '',
  ].join('\n')
}

function bar({ row, stock, clipper, ratio = 1 }: Line, y: number, at: (value: number) => number): string[] {
  const middle = y + rowHeight / 2
  const color = ratio >= 1 ? colors.better : colors.worse
  const [from, to] = [at(1), at(ratio)]
  const baseline = middle + 4.5
  const figures = `${formatFigure(stock)} → ${formatFigure(clipper)} ${row.unit}`
  return [
    text(labelWidth, baseline, row.title, { anchor: 'end', size: 12.5 }),
    `<rect x="${Math.min(from, to).toFixed(1)}" y="${(middle - barHeight / 2).toFixed(1)}" width="${Math.max(Math.abs(to - from), 1).toFixed(1)}" height="${barHeight}" fill="${color}" fill-opacity="0.85"/>`,
    text(plotRight + 68, baseline, formatRatio(ratio), { size: 12.5, weight: 600, color, anchor: 'end' }),
    ...(row.goal === undefined || row.goal === 1
      ? []
      : [line(at(row.goal), middle - rowHeight / 2 + 2, at(row.goal), middle + rowHeight / 2 - 2, colors.goal, 2)]),
    text(width - 16, baseline, figures, { anchor: 'end', size: 11.5, color: colors.faint }),
  ]
}
