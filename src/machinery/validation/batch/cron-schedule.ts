/** The schedules that CronJobs take: five fields or a descriptor (documentation, "CronJob", "Schedule syntax"). */
import { parseDuration } from '../../../schema/go-duration.ts'

interface Range {
  readonly name: string
  readonly least: number
  readonly most: number
  readonly names?: readonly string[]
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const ranges: readonly Range[] = [
  { name: 'minute', least: 0, most: 59 },
  { name: 'hour', least: 0, most: 23 },
  { name: 'day of month', least: 1, most: 31 },
  { name: 'month', least: 1, most: 12, names: months },
  { name: 'day of week', least: 0, most: 6, names: days },
]
const descriptors: ReadonlySet<string> = new Set([
  '@yearly',
  '@annually',
  '@monthly',
  '@weekly',
  '@daily',
  '@midnight',
  '@hourly',
])

/** What is wrong with a schedule, or undefined. */
export function cronFault(schedule: string): string | undefined {
  if (schedule.startsWith('@')) return descriptorFault(schedule)
  const fields = schedule.trim().split(/\s+/).filter(Boolean)
  if (fields.length !== 5) return `expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`
  for (let i = 0; i < 5; i++) {
    for (const part of fields[i]!.split(',')) {
      const fault = partFault(part, ranges[i]!)
      if (fault) return fault
    }
  }
  return undefined
}

function descriptorFault(schedule: string): string | undefined {
  if (descriptors.has(schedule)) return undefined
  if (!schedule.startsWith('@every ')) return `unrecognized descriptor: ${schedule}`
  try {
    parseDuration(schedule.slice('@every '.length))
    return undefined
  } catch {
    return `failed to parse duration ${schedule}: time: invalid duration ${JSON.stringify(schedule.slice(7))}`
  }
}

function partFault(part: string, range: Range): string | undefined {
  const [span = '', step, ...more] = part.split('/')
  if (more.length > 0) return `too many slashes: ${part}`
  const [low = '', high, ...rest] = span.split('-')
  if (rest.length > 0) return `too many hyphens: ${part}`
  const isStar = low === '*' || low === '?'
  const from = isStar ? range.least : numberOf(low, range)
  const to =
    isStar || (high === undefined && step !== undefined)
      ? range.most
      : high === undefined
        ? from
        : numberOf(high, range)
  if (Number.isNaN(from) || Number.isNaN(to)) {
    return `failed to parse int from ${Number.isNaN(from) ? low : high}: strconv.Atoi: parsing ${JSON.stringify(Number.isNaN(from) ? low : high)}: invalid syntax`
  }
  if (from < range.least) return `beginning of range (${from}) below minimum (${range.least}): ${part}`
  if (to > range.most) return `end of range (${to}) above maximum (${range.most}): ${part}`
  if (from > to) return `beginning of range (${from}) beyond end of range (${to}): ${part}`
  if (step === undefined) return undefined
  if (!/^\d+$/.test(step))
    return `failed to parse int from ${step}: strconv.Atoi: parsing ${JSON.stringify(step)}: invalid syntax`
  return Number(step) === 0 ? `step of range should be a positive number: ${part}` : undefined
}

function numberOf(text: string, { names, least }: Range): number {
  const index = names?.indexOf(text.toLowerCase()) ?? -1
  if (index >= 0) return index + least
  return /^\d+$/.test(text) ? Number(text) : Number.NaN
}
