/** `quantity('1Gi')` and its arithmetic (Kubernetes documentation, "Kubernetes quantity library"). */
import { parseQuantity, Quantity } from '../../quantity.ts'
import { EvaluationError } from '../evaluation-error.ts'
import { func, method, type Overload } from '../functions.ts'
import type { CelType } from '../types.ts'
import { Opaque, type Value } from '../values.ts'
import { traversalOf } from './costs.ts'

const nanosPerUnit = 1_000_000_000n
const type: CelType = { is: 'opaque', name: 'kubernetes.Quantity' }
const t = 'kubernetes.Quantity'

class QuantityValue extends Opaque {
  readonly type = type
  readonly quantity: Quantity

  constructor(quantity: Quantity) {
    super()
    this.quantity = quantity
  }

  equals(other: Value): boolean {
    return other instanceof QuantityValue && other.quantity.nanos === this.quantity.nanos
  }
}

function parse(text: string): Quantity | undefined {
  try {
    return parseQuantity(text)
  } catch {
    return undefined
  }
}

function quantity(text: string): QuantityValue {
  const parsed = parse(text)
  if (!parsed)
    throw new EvaluationError(
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    )
  return new QuantityValue(parsed)
}

const isInteger = ({ quantity: { nanos } }: QuantityValue): boolean =>
  nanos % nanosPerUnit === 0n && BigInt.asIntN(64, nanos / nanosPerUnit) === nanos / nanosPerUnit

function asInteger(value: QuantityValue): bigint {
  if (!isInteger(value)) throw new EvaluationError('cannot convert value to integer')
  return value.quantity.nanos / nanosPerUnit
}

const compare = (a: QuantityValue, b: QuantityValue): bigint =>
  a.quantity.nanos < b.quantity.nanos ? -1n : a.quantity.nanos > b.quantity.nanos ? 1n : 0n

const plus = ({ quantity: { nanos, format } }: QuantityValue, more: bigint) =>
  new QuantityValue(new Quantity(nanos + more, format))

const sign = ({ quantity: { nanos } }: QuantityValue): bigint => (nanos < 0n ? -1n : nanos > 0n ? 1n : 0n)

export const quantities: readonly Overload[] = [
  func(`quantity(string) ${t}`, quantity, traversalOf(0)),
  func('isQuantity(string) bool', (text: string) => parse(text) !== undefined, traversalOf(0)),
  method(t, 'sign() int', sign),
  method(t, 'isGreaterThan(kubernetes.Quantity) bool', (a: QuantityValue, b: QuantityValue) => compare(a, b) > 0n),
  method(t, 'isLessThan(kubernetes.Quantity) bool', (a: QuantityValue, b: QuantityValue) => compare(a, b) < 0n),
  method(t, 'compareTo(kubernetes.Quantity) int', compare),
  method(t, 'asApproximateFloat() double', ({ quantity: { nanos } }: QuantityValue) => Number(nanos) / 1e9),
  method(t, 'asInteger() int', asInteger),
  method(t, 'isInteger() bool', isInteger),
  method(t, `add(${t}) ${t}`, (a: QuantityValue, b: QuantityValue) => plus(a, b.quantity.nanos)),
  method(t, `add(int) ${t}`, (a: QuantityValue, b: bigint) => plus(a, b * nanosPerUnit)),
  method(t, `sub(${t}) ${t}`, (a: QuantityValue, b: QuantityValue) => plus(a, -b.quantity.nanos)),
  method(t, `sub(int) ${t}`, (a: QuantityValue, b: bigint) => plus(a, -b * nanosPerUnit)),
]
