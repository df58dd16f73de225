/** `'%s is %d'.format([…])`: cel-go's strings extension, its clauses and its errors. */
import { EvaluationError } from '../evaluation-error.ts'
import { runtimeType } from '../operations.ts'
import { formatDuration, formatTimestamp } from '../time.ts'
import { formatType } from '../types.ts'
import {
  Duration,
  isList,
  isMap,
  type ListValue,
  type MapValue,
  Timestamp,
  TypeValue,
  Uint,
  type Value,
} from '../values.ts'
import { formatDouble } from './conversions.ts'

const clause = /%(?:\.(\d+))?(.)/gsu
const maxPrecision = 100

function wrongType(letter: string, value: Value): EvaluationError {
  const names: Readonly<Record<string, string>> = {
    d: 'integer clause',
    f: 'fixed-point clause',
    e: 'scientific clause',
    b: 'binary clause',
    x: 'hex clause',
    X: 'hex clause',
    o: 'octal clause',
    s: 'string clause',
  }
  return new EvaluationError(
    `error during formatting: ${names[letter]} cannot be used on value of type ${formatType(runtimeType(value))}`,
  )
}

function text(value: Value): string {
  if (value === null) return 'null'
  if (typeof value === 'string') return value
  if (typeof value === 'number') return formatDouble(value)
  if (typeof value !== 'object') return String(value)
  if (value instanceof Uint) return String(value.value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8')
  if (value instanceof Timestamp) return formatTimestamp(value.nanos)
  if (value instanceof Duration) return formatDuration(value.nanos)
  if (value instanceof TypeValue) return formatType(value.type)
  if (isList(value)) return listText(value)
  if (isMap(value)) return mapText(value)
  throw wrongType('s', value)
}

const listText = (list: ListValue): string => `[${Array.from(list.values(), text).join(', ')}]`

function mapText(map: MapValue): string {
  const entries = Array.from(map.keys(), key => [text(key), text(map.get(key) as Value)] as const)
  return `{${entries
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}: ${value}`)
    .join(', ')}}`
}

function integerOf(value: Value, letter: string): bigint {
  if (typeof value === 'bigint') return value
  if (value instanceof Uint) return value.value
  throw wrongType(letter, value)
}

function inBase(value: Value, letter: string, base: number): string {
  if (letter === 'b' && typeof value === 'boolean') return value ? '1' : '0'
  return integerOf(value, letter).toString(base)
}

function hex(value: Value): string {
  if (typeof value === 'string') return Buffer.from(value, 'utf8').toString('hex')
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  return inBase(value, 'x', 16)
}

function decimal(value: Value, letter: string): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint' || value instanceof Uint) return Number(integerOf(value, letter))
  throw wrongType(letter, value)
}

function scientific(value: number, digits: number): string {
  const [mantissa, exponent = '0'] = value.toExponential(digits).split('e')
  return `${mantissa}e${exponent.startsWith('-') ? '-' : '+'}${exponent.replace(/^[+-]/, '').padStart(2, '0')}`
}

function formatted(letter: string, value: Value, precision: string | undefined): string {
  const digits = precision === undefined ? 6 : Number(precision)
  if (digits > maxPrecision) throw new EvaluationError(`error during formatting: precision too large: ${digits}`)
  switch (letter) {
    case 's':
      return text(value)
    case 'd':
      return typeof value === 'number' ? formatDouble(value) : String(integerOf(value, letter))
    case 'f':
      return decimal(value, letter).toFixed(digits)
    case 'e':
      return scientific(decimal(value, letter), digits)
    case 'b':
      return inBase(value, letter, 2)
    case 'o':
      return inBase(value, letter, 8)
    case 'x':
      return hex(value)
    case 'X':
      return hex(value).toUpperCase()
    default:
      throw new EvaluationError(
        `could not parse formatting clause: unrecognized formatting clause ${JSON.stringify(letter)}`,
      )
  }
}

export function formatString(format: string, args: ListValue): string {
  let next = 0
  const result = format.replace(clause, (_whole, precision: string | undefined, letter: string) => {
    if (letter === '%') return '%'
    if (next >= args.size) throw new EvaluationError(`error during formatting: index ${next} out of range`)
    next += 1
    return formatted(letter, args.at(next - 1), precision)
  })
  return result
}
