/** Lists of a job's indexes, as `1,3-5`. */

type Interval = readonly [first: number, last: number]

/** Go's strconv.Atoi, as far as indexes go. */
const numberOf = (text: string): number | undefined => (/^[+-]?\d+$/.test(text) ? Number(text) : undefined)

function intervalOf(text: string, completions: number): Interval | string {
  const limits = text.split('-')
  if (limits.length > 2)
    return `the fragment ${JSON.stringify(text)} violates the requirement that an index interval can have at most two parts separated by '-'`
  const numbers: number[] = []
  for (const limit of limits) {
    const number = numberOf(limit)
    if (number === undefined) return `cannot convert string to integer for index: ${JSON.stringify(limit)}`
    if (number >= completions) return `too large index: ${JSON.stringify(limit)}`
    numbers.push(number)
  }
  const [first = 0, last = first] = numbers
  if (limits.length > 1 && first >= last) return `non-increasing order, previous: ${first}, current: ${last}`
  return [first, last]
}

/** Undefined where nothing is wrong. */
export function indexesFault(text: string, completions: number): string | undefined {
  if (text === '') return undefined
  let previous: number | undefined
  for (const part of text.split(',')) {
    const interval = intervalOf(part, completions)
    if (typeof interval === 'string') return interval
    if (previous !== undefined && previous >= interval[0])
      return `non-increasing order, previous: ${previous}, current: ${interval[0]}`
    previous = interval[1]
  }
  return undefined
}

/** The first index that both lists name; what cannot be read is passed over. */
export function overlapOf(left: string, right: string, completions: number): number | undefined {
  const readable = (text: string): Interval[] =>
    (text === '' ? [] : text.split(','))
      .map(part => intervalOf(part, completions))
      .filter(interval => typeof interval !== 'string')
  const others = readable(right)
  for (const [first, last] of readable(left)) {
    const other = others.find(([otherFirst, otherLast]) => first <= otherLast && otherFirst <= last)
    if (other) return Math.max(first, other[0])
  }
  return undefined
}
