/** Bounds of a size or a cost, from the least to the most that it can be; sums and products end at 2^64 as cel-go's do. */
export interface Range {
  readonly min: number
  readonly max: number
}

const most = 2 ** 64

export const unknownRange: Range = { min: 0, max: most }
export const zeroRange: Range = { min: 0, max: 0 }
export const fixed = (value: number): Range => ({ min: value, max: value })

const bounded = (value: number): number => Math.min(value, most)

export const plus = (a: Range, b: Range): Range => ({ min: bounded(a.min + b.min), max: bounded(a.max + b.max) })
export const times = (a: Range, b: Range): Range => ({ min: bounded(a.min * b.min), max: bounded(a.max * b.max) })
/** Rounded up. */
export const scaled = (a: Range, factor: number): Range => ({
  min: bounded(Math.ceil(a.min * factor)),
  max: bounded(Math.ceil(a.max * factor)),
})
export const union = (a: Range, b: Range): Range => ({ min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) })
export const sum = (parts: readonly Range[]): Range => parts.reduce(plus, zeroRange)
