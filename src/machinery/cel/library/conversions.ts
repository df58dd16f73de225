/** Conversions between CEL's types: `int('1')`, `string(x)`, `timestamp('…')`. */
import { EvaluationError } from '../evaluation-error.ts'
import { func, type Overload } from '../functions.ts'
import { formatDuration, formatTimestamp, parseDuration, parseTimestamp } from '../time.ts'
import { Duration, Timestamp, type Uint, type Value } from '../values.ts'
import { traversalOf } from './costs.ts'
import { int, uint } from './standard.ts'

const nanosPerSecond = 1_000_000_000n
const self = (value: Value): Value => value

function wholeNumber(value: number, type: string): bigint {
  if (!Number.isFinite(value)) throw new EvaluationError(`range: ${type}`)
  return BigInt(Math.trunc(value))
}

function parsedInteger(text: string, type: 'int' | 'uint'): bigint {
  if (!(type === 'int' ? /^[+-]?\d+$/ : /^\d+$/).test(text))
    throw new EvaluationError(
      `strconv.Parse${type === 'int' ? 'Int' : 'Uint'}: parsing ${JSON.stringify(text)}: invalid syntax`,
    )
  return BigInt(text.replace(/^\+/, ''))
}

function parsedDouble(text: string): number {
  const named: Readonly<Record<string, number>> = {
    inf: Infinity,
    '+inf': Infinity,
    '-inf': -Infinity,
    nan: Number.NaN,
  }
  const special = named[text.toLowerCase().replace('infinity', 'inf')]
  if (special !== undefined) return special
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text))
    throw new EvaluationError(`strconv.ParseFloat: parsing ${JSON.stringify(text)}: invalid syntax`)
  return Number(text)
}

const truths: Readonly<Record<string, boolean>> = Object.fromEntries([
  ...['1', 't', 'T', 'true', 'TRUE', 'True'].map(text => [text, true] as const),
  ...['0', 'f', 'F', 'false', 'FALSE', 'False'].map(text => [text, false] as const),
])

function parsedBool(text: string): boolean {
  const value = Object.hasOwn(truths, text) ? truths[text] : undefined
  if (value === undefined)
    throw new EvaluationError(`strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`)
  return value
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new EvaluationError('invalid UTF-8 in bytes, cannot convert to string')
  }
}

function parsed<T>(
  text: string,
  parse: (text: string) => bigint | undefined,
  wrap: (nanos: bigint) => T,
  type: string,
): T {
  const nanos = parse(text)
  if (nanos === undefined) throw new EvaluationError(`type conversion error from 'string' to '${type}'`)
  return wrap(nanos)
}

/** As Go's strconv with format 'g' and the fewest digits. */
export function formatDouble(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (Object.is(value, -0)) return '-0'
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e')
  if (Number(exponent) < -4 || Number(exponent) >= 21) {
    const size = String(Math.abs(Number(exponent))).padStart(2, '0')
    return `${mantissa}e${exponent.startsWith('-') ? '-' : '+'}${size}`
  }
  return String(value)
}

const toTimestamp = (nanos: bigint) => new Timestamp(nanos)
const toDuration = (nanos: bigint) => new Duration(nanos)

export const conversions: readonly Overload[] = [
  func('int(int) int', self),
  func('int(uint) int', (value: Uint) => int(value.value)),
  func('int(double) int', (value: number) => int(wholeNumber(value, 'int'))),
  func('int(string) int', (text: string) => int(parsedInteger(text, 'int'))),
  func(
    'int(timestamp) int',
    ({ nanos }: Timestamp) => (nanos - (((nanos % nanosPerSecond) + nanosPerSecond) % nanosPerSecond)) / nanosPerSecond,
  ),
  func('int(duration) int', ({ nanos }: Duration) => nanos),
  func('uint(uint) uint', self),
  func('uint(int) uint', (value: bigint) => uint(value)),
  func('uint(double) uint', (value: number) => uint(wholeNumber(value, 'uint'))),
  func('uint(string) uint', (text: string) => uint(parsedInteger(text, 'uint'))),
  func('double(double) double', self),
  func('double(int) double', Number),
  func('double(uint) double', ({ value }: Uint) => Number(value)),
  func('double(string) double', parsedDouble),
  func('bool(bool) bool', self),
  func('bool(string) bool', parsedBool),
  func('bytes(bytes) bytes', self),
  func('bytes(string) bytes', (text: string) => Buffer.from(text, 'utf8'), traversalOf(0)),
  func('string(string) string', self),
  func('string(bool) string', String),
  func('string(int) string', String),
  func('string(uint) string', ({ value }: Uint) => String(value)),
  func('string(double) string', formatDouble),
  func('string(bytes) string', decoded, traversalOf(0)),
  func('string(timestamp) string', ({ nanos }: Timestamp) => formatTimestamp(nanos)),
  func('string(duration) string', ({ nanos }: Duration) => formatDuration(nanos)),
  func('timestamp(timestamp) timestamp', self),
  func('timestamp(int) timestamp', (seconds: bigint) => new Timestamp(seconds * nanosPerSecond)),
  func('timestamp(string) timestamp', (text: string) =>
    parsed(text, parseTimestamp, toTimestamp, 'google.protobuf.Timestamp'),
  ),
  func('duration(duration) duration', self),
  func('duration(int) duration', (nanos: bigint) => new Duration(nanos)),
  func('duration(string) duration', (text: string) =>
    parsed(text, parseDuration, toDuration, 'google.protobuf.Duration'),
  ),
]
