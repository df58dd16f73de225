import { DecodeError } from './decode-error.ts'
import { parseDuration, showDuration } from './go-duration.ts'
import { kindOfValue, type Shaper } from './json-context.ts'
import { NumberLiteral } from './json-exact.ts'
import { normalMicroTime, normalTime } from './time-format.ts'
import type { ScalarName } from './type.ts'

/** Of a type of its own (`v1.Protocol`) or of `string`. */
export const stringShaper =
  (goType: string): Shaper =>
  (value, context) => {
    if (typeof value !== 'string') throw context.wrongType(value, bareKind(value), goType, 'string')
    return value
  }

const bool: Shaper = (value, context) => {
  if (typeof value !== 'boolean') throw context.wrongType(value, bareKind(value), 'bool', 'bool')
  return value
}

/** Go names the number itself only where the target is a number. */
const bareKind = (value: unknown): string => (value instanceof NumberLiteral ? 'number' : kindOfValue(value))

function integer(type: string, min: bigint, max: bigint): Shaper {
  const least = Number(min)
  const most = Number(max)
  return (value, context) => {
    if (typeof value === 'number') {
      if (Number.isInteger(value) && value >= least && value <= most) return value
      throw context.wrongType(value, `number ${value}`, type, 'int')
    }
    if (typeof value === 'bigint') {
      if (value >= min && value <= max) return value
      throw context.wrongType(value, `number ${value}`, type, 'int')
    }
    throw context.wrongType(value, kindOfValue(value), type, 'int')
  }
}

const double: Shaper = (value, context) => {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  if (!(value instanceof NumberLiteral)) throw context.wrongType(value, kindOfValue(value), 'float64', 'float')
  const number = Number(value.text)
  if (!Number.isFinite(number)) throw context.wrongType(value, `number ${value.text}`, 'float64', 'float')
  return number
}

const bytes: Shaper = (value, context) => {
  if (typeof value !== 'string') throw context.wrongType(value, bareKind(value), '[]uint8', 'slice')
  if (illegalBase64At(value) === -1) return value
  // Go's decoder skips line ends.
  const joined = value.replace(/[\r\n]/g, '')
  const illegal = illegalBase64At(joined)
  if (illegal !== -1) throw new DecodeError(`illegal base64 data at input byte ${illegal}`)
  return joined
}

/** -1 where all is legal. */
function illegalBase64At(text: string): number {
  let end = text.length
  if (end % 4 === 0 && end > 0 && text.charCodeAt(end - 1) === 61) end -= text.charCodeAt(end - 2) === 61 ? 2 : 1
  for (let i = 0; i < end; i++) {
    const c = text.charCodeAt(i)
    const legal = (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || (c >= 48 && c <= 57) || c === 43 || c === 47
    if (!legal) return i
  }
  return text.length % 4 === 0 ? -1 : text.length
}

const quantityRule = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
const quantitySyntax = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+|[KMGTPE]i|[numkMGTPE])?$/

/** The text, if it is one of a quantity. Throws DecodeError. */
export function quantityText(text: string): string {
  if (!quantitySyntax.test(text)) throw new DecodeError(quantityRule)
  return text
}

/** A number stands for its text. */
const quantity: Shaper = value => {
  const text = value instanceof NumberLiteral ? value.text : typeof value === 'object' ? '' : String(value)
  return quantityText(typeof value === 'boolean' ? '' : text)
}

const intOrString: Shaper = (value, context) => {
  if (typeof value === 'string') return value
  if (typeof value === 'number' && Number.isInteger(value) && value >= -2147483648 && value <= 2147483647) return value
  throw context.wrongType(value, numberOrKind(value), 'int32', 'own')
}

const numberOrKind = (value: unknown): string =>
  typeof value === 'number' || typeof value === 'bigint' ? `number ${value}` : kindOfValue(value)

const timeOf =
  (normal: (text: string) => string): Shaper =>
  (value, context) => {
    if (typeof value !== 'string') throw context.wrongType(value, bareKind(value), 'string', 'own')
    return normal(value)
  }

const int64Min = -(2n ** 63n)
const int64Max = 2n ** 63n - 1n

const shapers: Readonly<Partial<Record<ScalarName, Shaper>>> = {
  string: stringShaper('string'),
  bool,
  int32: integer('int32', -(2n ** 31n), 2n ** 31n - 1n),
  int64: integer('int64', int64Min, int64Max),
  uint32: integer('uint32', 0n, 2n ** 32n - 1n),
  uint64: integer('uint64', 0n, 2n ** 64n - 1n),
  double,
  bytes,
  quantity,
  intOrString,
  time: timeOf(normalTime),
  microTime: timeOf(normalMicroTime),
  duration: timeOf(text => showDuration(parseDuration(text))),
}

/** The shaper of a scalar that is checked. `binary` and `byteString` have no JSON form. */
export function scalarShaper(name: ScalarName): Shaper {
  const shaper = shapers[name]
  if (shaper) return shaper
  throw new Error(`${name} has no JSON form`)
}
