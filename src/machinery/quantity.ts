/**
 * Resource quantities, exact, with the canonical texts of upstream's `resource.Quantity` (API reference, "Quantity").
 * Inside, a quantity is a number of nanos; what is smaller rounds away from zero.
 */

export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent'

const nanosPerUnit = 1_000_000_000n
/** What a value written with many digits or a binary suffix is capped at. */
const maxNanos = (2n ** 63n - 1n) * nanosPerUnit
/** Bounds the work of hostile texts: beyond it every value is capped or rounds to one nano anyway. */
const maxDigits = 60

const syntax = /^([+-]?)(\d*)(?:\.(\d*))?([eE][+-]?\d+|[KMGTPE]i|[numkMGTPE])?$/
const decimalExponents: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
}
const binaryBits: Readonly<Record<string, bigint>> = { Ki: 10n, Mi: 20n, Gi: 30n, Ti: 40n, Pi: 50n, Ei: 60n }
const decimalSuffixes = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E']
const binarySuffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']

/** A text that is no quantity. The message is upstream's. */
export class QuantityError extends Error {
  override readonly name = 'QuantityError'
}

/** An immutable amount. */
export class Quantity {
  readonly nanos: bigint
  readonly format: QuantityFormat
  constructor(nanos: bigint, format: QuantityFormat = 'DecimalSI') {
    this.nanos = nanos
    this.format = format
  }

  static ofValue(value: number | bigint, format: QuantityFormat = 'DecimalSI'): Quantity {
    return new Quantity(BigInt(value) * nanosPerUnit, format)
  }
  static ofMilli(milli: number | bigint, format: QuantityFormat = 'DecimalSI'): Quantity {
    return new Quantity(BigInt(milli) * 1_000_000n, format)
  }

  /** Whole units, rounded away from zero. Exact up to 2^53. */
  value(): number {
    return Number(divideUp(this.nanos, nanosPerUnit))
  }
  /** Thousandths, rounded away from zero. Exact up to 2^53. */
  milliValue(): number {
    return Number(divideUp(this.nanos, 1_000_000n))
  }
  /** The nearest double, for ratios. */
  toNumber(): number {
    return Number(this.nanos) / 1e9
  }
  get isZero(): boolean {
    return this.nanos === 0n
  }
  sign(): -1 | 0 | 1 {
    return this.nanos === 0n ? 0 : this.nanos < 0n ? -1 : 1
  }
  compare(other: Quantity): -1 | 0 | 1 {
    return this.nanos === other.nanos ? 0 : this.nanos < other.nanos ? -1 : 1
  }
  equals(other: Quantity): boolean {
    return this.nanos === other.nanos
  }
  /** A sum takes the format of the first summand that is not zero. */
  add(other: Quantity): Quantity {
    return new Quantity(this.nanos + other.nanos, this.isZero ? other.format : this.format)
  }
  sub(other: Quantity): Quantity {
    return new Quantity(this.nanos - other.nanos, this.isZero ? other.format : this.format)
  }
  negated(): Quantity {
    return new Quantity(-this.nanos, this.format)
  }

  /** The canonical text: no fraction, the largest suffix that needs none. */
  toString(): string {
    if (this.nanos === 0n) return '0'
    const size = this.nanos < 0n ? -this.nanos : this.nanos
    const sign = this.nanos < 0n ? '-' : ''
    if (this.format === 'BinarySI' && size >= 1024n * nanosPerUnit && size % nanosPerUnit === 0n) {
      return sign + binaryText(size / nanosPerUnit)
    }
    return sign + decimalText(size, this.format)
  }
  toJSON(): string {
    return this.toString()
  }
}

export const zeroQuantity = new Quantity(0n)

function divideUp(value: bigint, unit: bigint): bigint {
  const whole = value / unit
  if (value % unit === 0n) return whole
  return value < 0n ? whole - 1n : whole + 1n
}

function binaryText(units: bigint): string {
  let rest = units
  let power = 0
  while (power < 6 && rest % 1024n === 0n) {
    rest /= 1024n
    power++
  }
  return `${rest}${binarySuffixes[power]}`
}

function decimalText(nanos: bigint, format: QuantityFormat): string {
  let rest = nanos
  let exponent = -9
  const most = format === 'DecimalExponent' ? 300 : 18
  while (exponent < most && rest % 1000n === 0n) {
    rest /= 1000n
    exponent += 3
  }
  if (format !== 'DecimalExponent') return `${rest}${decimalSuffixes[exponent / 3 + 3]}`
  return exponent === 0 ? String(rest) : `${rest}e${exponent}`
}

const formatWrong = () =>
  new QuantityError("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")

/** Reads a quantity; throws QuantityError. The same few amounts come again and again. */
export function parseQuantity(text: string): Quantity {
  const known = parsed.get(text)
  if (known !== undefined) return known
  const quantity = readQuantity(text)
  if (parsed.size >= maxRemembered) parsed.clear()
  if (text.length <= maxRememberedLength) parsed.set(text, quantity)
  return quantity
}

function readQuantity(text: string): Quantity {
  const match = syntax.exec(text)
  if (!match || (match[2] === '' && !match[3])) {
    if (/^[+-]?(\d+(\.\d*)?|\.\d+)[eEinumkKMGTP]+[-+]?\d*$/.test(text)) {
      throw new QuantityError("unable to parse quantity's suffix")
    }
    throw formatWrong()
  }
  const whole = (match[2] ?? '').replace(/^0+/, '')
  const fraction = match[3] ?? ''
  const suffix = match[4] ?? ''
  const bits = binaryBits[suffix]
  const format = formatOf(suffix)
  const exponent = bits === undefined ? exponentOf(suffix) : 0
  const capped = bits !== undefined || whole.length + fraction.length > 18
  const size = nanosOf(whole, fraction, exponent, bits ?? 0n)
  const bounded = capped && size > maxNanos ? maxNanos : size
  const shown = format === 'BinarySI' && bounded < nanosPerUnit ? 'DecimalSI' : format
  return new Quantity(match[1] === '-' ? -bounded : bounded, shown)
}

function formatOf(suffix: string): QuantityFormat {
  if (suffix in binaryBits) return 'BinarySI'
  return /^[eE]./.test(suffix) ? 'DecimalExponent' : 'DecimalSI'
}

function exponentOf(suffix: string): number {
  if (suffix === '') return 0
  const known = decimalExponents[suffix]
  return known ?? Math.max(-400, Math.min(400, Number(suffix.slice(1))))
}

function nanosOf(whole: string, fraction: string, exponent: number, bits: bigint): bigint {
  if (whole.length > maxDigits) return maxNanos
  const kept = fraction.slice(0, maxDigits)
  const digits = BigInt(whole + kept || '0') << bits
  const power = exponent + 9 - kept.length
  const dropped = /[1-9]/.test(fraction.slice(maxDigits)) ? 1n : 0n
  if (power >= 0) return digits * 10n ** BigInt(power) + dropped
  const unit = 10n ** BigInt(-power)
  return digits % unit === 0n ? digits / unit + dropped : digits / unit + 1n
}

/** At most this many texts are remembered; beyond it the memory starts afresh. */
const maxRemembered = 4096
const maxRememberedLength = 32
const parsed = new Map<string, Quantity>()
const remembered = new Map<string, string>()

/** The canonical form of a quantity's text. Throws QuantityError. */
export function canonicalQuantity(text: string): string {
  const known = remembered.get(text)
  if (known !== undefined) return known
  const canonical = parseQuantity(text).toString()
  if (remembered.size >= maxRemembered) remembered.clear()
  if (text.length <= maxRememberedLength) remembered.set(text, canonical)
  return canonical
}

/** The canonical form of an amount in a resource list: no finer than thousandths (upstream: SetDefaults_ResourceList). */
export function canonicalResourceAmount(text: string): string {
  const canonical = canonicalQuantity(text)
  if (!/[nu]$|e-/.test(canonical)) return canonical
  const quantity = parseQuantity(canonical)
  return new Quantity(divideUp(quantity.nanos, 1_000_000n) * 1_000_000n, quantity.format).toString()
}

/** Whole units of a quantity or its text, rounded away from zero. */
export const value = (amount: Quantity | string): number =>
  (typeof amount === 'string' ? parseQuantity(amount) : amount).value()

/** Thousandths of a quantity or its text, rounded away from zero. */
export const milliValue = (amount: Quantity | string): number =>
  (typeof amount === 'string' ? parseQuantity(amount) : amount).milliValue()
