/** RFC 3339 as metav1.Time and metav1.MicroTime read and write it. Fractions are handled as digits, never as a Date. */
import { DecodeError } from './decode-error.ts'

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)$/
const plainUtc = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/

/** Seconds since 1970 of Go's zero time, which means `not set`. */
export const zeroTimeSeconds = -62135596800
const maxSeconds = 253402300799

export interface Instant {
  readonly seconds: number
  /** 0 to 999999999. */
  readonly nanos: number
}

/** A time as `2026-01-02T03:04:05Z`: seconds, UTC. */
export const normalTime = (text: string): string => (plainUtc.test(text) ? text : showTime(parseTime(text).seconds))

const sixDigits = /\d\d[.,]\d{6}(?:Z|[+-]\d\d:\d\d)$/

/** A time as `2026-01-02T03:04:05.000006Z`: microseconds, UTC. Exactly six digits are read. */
export function normalMicroTime(text: string): string {
  if (!sixDigits.test(text) || !rfc3339.test(text)) throw syntaxError(text, microLayout)
  const { seconds, nanos } = parseTime(text)
  return showMicroTime(seconds, nanos)
}

/** Throws DecodeError in the words of Go's time.Parse. */
export function parseTime(text: string): Instant {
  const match = rfc3339.exec(text)
  if (!match) throw syntaxError(text, layout)
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const outOfRange = (what: string) => new DecodeError(`parsing time ${JSON.stringify(text)}: ${what} out of range`)
  if (month < 1 || month > 12) throw outOfRange('month')
  const midnight = new Date(0)
  midnight.setUTCFullYear(year, month - 1, day)
  if (day < 1 || midnight.getUTCDate() !== day) throw outOfRange('day')
  if (hour > 23) throw outOfRange('hour')
  if (minute > 59) throw outOfRange('minute')
  if (second > 59) throw outOfRange('second')
  const seconds = midnight.getTime() / 1000 + hour * 3600 + minute * 60 + second - zoneSeconds(match[8] ?? 'Z', text)
  if (seconds < zeroTimeSeconds - 86400 || seconds > maxSeconds) throw outOfRange('year')
  return { seconds, nanos: Number((match[7] ?? '').slice(0, 9).padEnd(9, '0')) }
}

type Layout = readonly (readonly [element: string, syntax: RegExp])[]

/** Go's layout of RFC 3339, piece by piece, as its errors name them. */
const layout: Layout = [
  ['2006', /^\d{4}/],
  ['-', /^-/],
  ['01', /^\d\d/],
  ['-', /^-/],
  ['02', /^\d\d/],
  ['T', /^T/],
  ['15', /^\d\d/],
  [':', /^:/],
  ['04', /^\d\d/],
  [':', /^:/],
  ['05', /^\d\d(?:[.,]\d+)?/],
  ['Z07:00', /^(?:Z|[+-]\d\d:\d\d)/],
]

const microLayout: Layout = [
  ...layout.slice(0, -2),
  ['05', /^\d\d/],
  ['.000000', /^[.,]\d{6}/],
  ['Z07:00', /^(?:Z|[+-]\d\d:\d\d)/],
]

function syntaxError(text: string, elements: Layout): DecodeError {
  const start = `parsing time ${JSON.stringify(text)}`
  const whole = elements.map(([element]) => element).join('')
  let rest = text
  for (const [element, syntax] of elements) {
    const found = syntax.exec(rest)
    if (!found)
      return new DecodeError(
        `${start} as "${whole}": cannot parse ${JSON.stringify(rest)} as ${JSON.stringify(element)}`,
      )
    rest = rest.slice(found[0].length)
  }
  return new DecodeError(`${start}: extra text: ${JSON.stringify(rest)}`)
}

function zoneSeconds(zone: string, text: string): number {
  if (zone === 'Z') return 0
  const hours = Number(zone.slice(1, 3))
  const minutes = Number(zone.slice(4))
  if (hours > 24 || minutes > 59) {
    throw new DecodeError(`parsing time ${JSON.stringify(text)}: time zone offset hour out of range`)
  }
  return (zone[0] === '-' ? -1 : 1) * (hours * 3600 + minutes * 60)
}

const inRange = (seconds: number): number => Math.min(Math.max(seconds, zeroTimeSeconds), maxSeconds)

export const showTime = (seconds: number): string =>
  new Date(inRange(seconds) * 1000).toISOString().replace(/\.\d+Z$/, 'Z')

export const showMicroTime = (seconds: number, nanos: number): string =>
  `${showTime(seconds).slice(0, -1)}.${Math.floor(nanos / 1000)
    .toString()
    .padStart(6, '0')}Z`
