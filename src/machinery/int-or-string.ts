/** Numbers that may be given as a percentage (upstream: `intstr.IntOrString`). */

/** `25%` as 25; undefined for what is no percentage. */
export function percentOf(value: number | string): number | undefined {
  if (typeof value === 'number') return undefined
  const match = /^(\d+)%$/.exec(value)
  return match ? Number(match[1]) : undefined
}

/** The number meant, a percentage taken of `total`. Throws Error on a text that is no percentage. */
export function scaledValue(value: number | string, total: number, roundUp: boolean): number {
  if (typeof value === 'number') return value
  const percent = percentOf(value)
  if (percent === undefined) throw new Error('invalid value for IntOrString: invalid type: string is not a percentage')
  const exact = (percent * total) / 100
  return roundUp ? Math.ceil(exact) : Math.floor(exact)
}
