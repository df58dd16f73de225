/** How much of a device's capacity claims can ask for (KEP-5075). */
import type {
  CapacityRequestPolicy,
  CapacityRequestPolicyRange,
  DeviceCapacity,
} from '../../../api/resource/v1/device-capacity.ts'
import { forbidden, invalid, required } from '../../../schema/field-error.ts'
import { notNegativeMessage } from '../../../schema/validators.ts'
import { parseQuantity, Quantity } from '../../quantity.ts'
import type { Errors } from '../checks.ts'
import { checkSet } from './names.ts'

const maxValues = 10
const largest = Quantity.ofValue(2n ** 63n - 1n)

export function checkCapacity(out: Errors, path: string, capacity: DeviceCapacity, isShared: boolean): void {
  const { requestPolicy, value } = capacity
  if (!requestPolicy) return
  const at = `${path}.requestPolicy`
  if (!isShared) out.push(forbidden(at, 'allowMultipleAllocations must be true'))
  else checkPolicy(out, at, requestPolicy, parseQuantity(value))
}

function checkPolicy(out: Errors, path: string, policy: CapacityRequestPolicy, all: Quantity): void {
  const { validValues = [], validRange } = policy
  if (validValues.length > 0 && validRange) {
    const message =
      'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time'
    out.push(forbidden(path, message))
    return
  }
  const kind = validValues.length > 0 ? 'validValues' : validRange ? 'validRange' : undefined
  if (!kind) return
  if (policy.default === undefined) {
    out.push(required(`${path}.default`, `required when ${kind} is defined`))
    return
  }
  const chosen = parseQuantity(policy.default)
  if (validRange) checkRange(out, `${path}.validRange`, validRange, chosen, all)
  else checkValues(out, `${path}.validValues`, validValues.map(parseQuantity), chosen, all)
}

function checkValues(out: Errors, path: string, values: readonly Quantity[], chosen: Quantity, all: Quantity): void {
  for (const [i, amount] of values.entries()) {
    const before = values[i - 1]
    if (before && before.compare(amount) > 0) {
      out.push(invalid(`${path}[${i}]`, String(amount), 'values must be sorted in ascending order'))
    }
  }
  checkSet(
    out,
    path,
    values,
    maxValues,
    amount => String(amount.value()),
    (at, amount) => {
      if (amount.compare(all) > 0) out.push(invalid(at, String(amount), `option is larger than capacity value: ${all}`))
    },
  )
  if (values.some(amount => amount.equals(chosen))) return
  out.push(invalid(path, String(chosen), 'default value is not valid according to the requestPolicy'))
}

function checkRange(
  out: Errors,
  path: string,
  range: CapacityRequestPolicyRange,
  chosen: Quantity,
  all: Quantity,
): void {
  if (range.min === undefined) {
    out.push(required(`${path}.min`, 'required when validRange is defined'))
    return
  }
  const min = parseQuantity(range.min)
  const max = range.max === undefined ? undefined : parseQuantity(range.max)
  const say = (name: string, amount: Quantity, message: string) =>
    out.push(invalid(`${path}.${name}`, String(amount), message))
  if (min.compare(all) > 0) say('min', min, `min is larger than capacity value: ${all}`)
  if (chosen.compare(min) < 0) say('default', chosen, `default is less than min: ${min}`)
  if (max) {
    if (min.compare(max) > 0) say('max', min, `min is larger than max: ${max}`)
    if (max.compare(all) > 0) say('max', max, `max is larger than capacity value: ${all}`)
    if (chosen.compare(max) > 0) say('default', chosen, `default is more than max: ${max}`)
  }
  if (range.step === undefined) return
  const step = parseQuantity(range.step)
  if (step.sign() <= 0) {
    say('step', step, 'must be greater than zero')
    return
  }
  const next = min.add(step)
  if (next.compare(all) > 0) say('step', step, `one step ${next} is larger than capacity value: ${all}`)
  const amounts = { default: chosen, min, ...(max ? { max } : {}), step }
  let isUsable = true
  for (const [name, amount] of Object.entries(amounts)) {
    if (amount.sign() >= 0 && amount.compare(largest) <= 0) continue
    say(name, amount, amount.sign() < 0 ? notNegativeMessage : 'must not be larger than 9223372036854775807')
    isUsable = false
  }
  if (!isUsable) return
  for (const amount of max ? [chosen, max] : [chosen]) {
    if ((amount.value() - min.value()) % step.value() === 0) continue
    say('step', amount, `value is not a multiple of a given step (${step}) from (${min})`)
  }
}
