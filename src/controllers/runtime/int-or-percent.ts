/** An IntOrString of `total`: a number, or a share of it as `25%`. Throws on other strings. */
export function resolveIntOrPercent(value: number | string | undefined, total: number, round: 'up' | 'down'): number {
  if (value === undefined) return 0
  if (typeof value === 'number') return value
  const match = /^(\d+)%$/.exec(value)
  if (!match) throw new Error(`invalid value for IntOrString: ${value}`)
  const share = (Number(match[1]) * total) / 100
  return round === 'up' ? Math.ceil(share) : Math.floor(share)
}
