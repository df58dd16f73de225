/** The parts of timestamps and durations. */
import { EvaluationError } from '../evaluation-error.ts'
import { method, type Overload } from '../functions.ts'
import type { Duration, Timestamp } from '../values.ts'

interface DateParts {
  readonly year: number
  /** From 0. */
  readonly month: number
  readonly day: number
  /** From Sunday, 0. */
  readonly weekday: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly millisecond: number
}

const nanosPerMilli = 1_000_000n

function offsetOf(zone: string, at: number): number {
  const fixed = /^([+-]?)(\d\d):(\d\d)$/.exec(zone)
  if (fixed) return (fixed[1] === '-' ? -1 : 1) * (Number(fixed[2]) * 60 + Number(fixed[3])) * 60_000
  try {
    const parts = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' }).formatToParts(at)
    const name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? 'GMT'
    return name === 'GMT' ? 0 : offsetOf(name.slice(3), at)
  } catch {
    throw new EvaluationError(`unknown time zone ${zone}`)
  }
}

function partsOf({ nanos }: Timestamp, zone: string): DateParts {
  const utc = Number(nanos >= 0n ? nanos / nanosPerMilli : -((-nanos + nanosPerMilli - 1n) / nanosPerMilli))
  const date = new Date(zone === 'UTC' ? utc : utc + offsetOf(zone, utc))
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth(),
    day: date.getUTCDate(),
    weekday: date.getUTCDay(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    millisecond: date.getUTCMilliseconds(),
  }
}

const dayOfYear = ({ year, month, day }: DateParts): number =>
  Math.round((Date.UTC(year, month, day) - Date.UTC(year, 0, 1)) / 86_400_000)

const dateParts: Readonly<Record<string, (parts: DateParts) => number>> = {
  getFullYear: ({ year }) => year,
  getMonth: ({ month }) => month,
  getDayOfYear: dayOfYear,
  getDayOfMonth: ({ day }) => day - 1,
  getDate: ({ day }) => day,
  getDayOfWeek: ({ weekday }) => weekday,
  getHours: ({ hour }) => hour,
  getMinutes: ({ minute }) => minute,
  getSeconds: ({ second }) => second,
  getMilliseconds: ({ millisecond }) => millisecond,
}

const durationParts: Readonly<Record<string, (nanos: bigint) => bigint>> = {
  getHours: nanos => nanos / 3_600_000_000_000n,
  getMinutes: nanos => nanos / 60_000_000_000n,
  getSeconds: nanos => nanos / 1_000_000_000n,
  getMilliseconds: nanos => (nanos / nanosPerMilli) % 1000n,
}

export const times: readonly Overload[] = [
  ...Object.entries(dateParts).flatMap(([name, part]) => [
    method('timestamp', `${name}() int`, (time: Timestamp) => BigInt(part(partsOf(time, 'UTC')))),
    method('timestamp', `${name}(string) int`, (time: Timestamp, zone: string) => BigInt(part(partsOf(time, zone)))),
  ]),
  ...Object.entries(durationParts).map(([name, part]) =>
    method('duration', `${name}() int`, ({ nanos }: Duration) => part(nanos)),
  ),
]
