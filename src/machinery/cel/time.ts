/** Timestamps and durations as CEL writes them: RFC 3339, and Go's duration strings with fractions of any unit. */
import { DecodeError } from '../../schema/decode-error.ts'
import { parseDuration as parseGoDuration } from '../../schema/go-duration.ts'

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/
const nanosPerSecond = 1_000_000_000n

/** 0001-01-01 and 9999-12-31T23:59:59.999999999, the ends of what a timestamp can hold. */
const firstNanos = -62135596800n * nanosPerSecond
const lastNanos = 253402300800n * nanosPerSecond - 1n

/** Nanoseconds since the epoch, undefined where the text is no RFC 3339 time. */
export function parseTimestamp(text: string): bigint | undefined {
  const match = rfc3339.exec(text)
  if (!match) return undefined
  const [, year, month, day, hour, minute, second, fraction = '', sign, offsetHour = '0', offsetMinute = '0'] = match
  const date = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second))
  const back = new Date(date)
  if (back.getUTCDate() !== Number(day) || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59)
    return undefined
  const early = Number(year) < 100 ? new Date(date).setUTCFullYear(Number(year)) : date
  const offsetSeconds = (Number(offsetHour) * 60 + Number(offsetMinute)) * 60 * (sign === '-' ? -1 : 1)
  const nanos = BigInt(early - offsetSeconds * 1000) * 1_000_000n + BigInt(fraction.padEnd(9, '0'))
  return isTimestamp(nanos) ? nanos : undefined
}

export const isTimestamp = (nanos: bigint): boolean => nanos >= firstNanos && nanos <= lastNanos

/** RFC 3339 in UTC, with as many digits of the fraction as are needed. */
export function formatTimestamp(nanos: bigint): string {
  const rest = ((nanos % nanosPerSecond) + nanosPerSecond) % nanosPerSecond
  const seconds = new Date(Number((nanos - rest) / 1_000_000n)).toISOString().slice(0, 19)
  return `${seconds}${fractionOf(rest)}Z`
}

/** Seconds with their fraction and the unit `s`, as protobuf's JSON form of a duration. */
export function formatDuration(nanos: bigint): string {
  const size = nanos < 0n ? -nanos : nanos
  return `${nanos < 0n ? '-' : ''}${size / nanosPerSecond}${fractionOf(size % nanosPerSecond)}s`
}

function fractionOf(nanos: bigint): string {
  return nanos === 0n ? '' : `.${String(nanos).padStart(9, '0').replace(/0+$/, '')}`
}

/** Nanoseconds, undefined where the text is no duration or one of more than 63 bits. */
export function parseDuration(text: string): bigint | undefined {
  try {
    return parseGoDuration(text)
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}
