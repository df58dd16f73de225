/** Durations as Go's time.Duration reads and prints them. */
import { DecodeError } from './decode-error.ts'

const unitNanos: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
}

/** Nanoseconds of a text such as `1h2m3.5s`. */
export function parseDuration(text: string): bigint {
  const match = /^([+-]?)((?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+|0)$/.exec(text)
  if (!match) throw new DecodeError(faultOf(text))
  let nanos = 0n
  for (const part of (match[2] ?? '').matchAll(/(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/g)) {
    const unit = unitNanos[part[3] ?? ''] ?? 0n
    const fraction = (part[2] ?? '').slice(0, 15)
    nanos += BigInt(part[1] || '0') * unit
    if (fraction !== '') nanos += (BigInt(fraction) * unit) / 10n ** BigInt(fraction.length)
  }
  if (nanos > 2n ** 63n - 1n) throw new DecodeError(`time: invalid duration ${JSON.stringify(text)}`)
  return match[1] === '-' ? -nanos : nanos
}

/** In the words of Go's time.ParseDuration: the first part that is not right decides. */
function faultOf(text: string): string {
  const quoted = JSON.stringify(text)
  for (const [part, whole, fraction, unit] of text.replace(/^[+-]/, '').matchAll(/(\d*)(\.\d*)?([^\d.]*)/g)) {
    if (part === '') break
    if (whole === '' && (fraction ?? '').length < 2) break
    if (unit === '') return `time: missing unit in duration ${quoted}`
    if (!Object.hasOwn(unitNanos, unit!)) return `time: unknown unit ${JSON.stringify(unit)} in duration ${quoted}`
  }
  return `time: invalid duration ${quoted}`
}

/** The text that Go prints: `1h2m3.5s`, `250ms`, `0s`. */
export function showDuration(nanos: bigint): string {
  if (nanos === 0n) return '0s'
  const sign = nanos < 0n ? '-' : ''
  const size = nanos < 0n ? -nanos : nanos
  if (size < 1_000n) return `${sign}${size}ns`
  if (size < 1_000_000n) return `${sign}${decimal(size, 1_000n)}µs`
  if (size < 1_000_000_000n) return `${sign}${decimal(size, 1_000_000n)}ms`
  const seconds = `${decimal(size % 60_000_000_000n, 1_000_000_000n)}s`
  const minutes = size / 60_000_000_000n
  if (minutes === 0n) return sign + seconds
  return minutes < 60n ? `${sign}${minutes}m${seconds}` : `${sign}${minutes / 60n}h${minutes % 60n}m${seconds}`
}

function decimal(value: bigint, unit: bigint): string {
  const rest = value % unit
  if (rest === 0n) return String(value / unit)
  const digits = rest
    .toString()
    .padStart(unit.toString().length - 1, '0')
    .replace(/0+$/, '')
  return `${value / unit}.${digits}`
}
