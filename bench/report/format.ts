/** Three significant digits, thousands apart: `12,300`, `4.56`. */
export function formatFigure(value: number | undefined): string {
  if (value === undefined) return '–'
  if (value === 0) return '0'
  const rounded = Number(value.toPrecision(3))
  return rounded.toLocaleString('en', { maximumFractionDigits: 4 })
}

export const formatRatio = (ratio: number | undefined): string =>
  ratio === undefined ? '–' : `${formatFigure(ratio)}×`
