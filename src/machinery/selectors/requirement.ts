/** One condition on a set of labels. */
import { type FieldError, invalid, notSupported } from '../../schema/field-error.ts'
import { ownMember } from '../../schema/json-exact.ts'
import { labelKeyErrors, labelValueErrors } from './label-syntax.ts'

export type Labels = Readonly<Record<string, string>>

export type RequirementOperator = 'in' | 'notin' | '=' | '==' | '!=' | 'exists' | '!' | 'gt' | 'lt'

export interface Requirement {
  readonly key: string
  readonly operator: RequirementOperator
  /** Sorted and without duplicates. */
  readonly values: readonly string[]
}

const integer = /^[+-]?\d+$/
const int64Max = 2n ** 63n - 1n
const int64Min = -(2n ** 63n)

/** A decimal int64 as Go's ParseInt reads it, or undefined. */
export function parseInt64(text: string): bigint | undefined {
  if (!integer.test(text)) return undefined
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text)
  return value > int64Max || value < int64Min ? undefined : value
}

/** A requirement, unchecked: see `requirementErrors`. */
export function newRequirement(key: string, operator: RequirementOperator, values: Iterable<string>): Requirement {
  return { key, operator, values: [...new Set(values)].sort() }
}

/** The faults of a requirement, in upstream's order and with its messages. */
export function requirementErrors({ key, operator, values }: Requirement): FieldError[] {
  const errors: FieldError[] = []
  const keyErrors = labelKeyErrors(key)
  if (keyErrors.length > 0) errors.push(invalid('key', key, keyErrors.join('; ')))
  switch (operator) {
    case 'in':
    case 'notin':
      if (values.length === 0) {
        errors.push(invalid('values', values, "for 'in', 'notin' operators, values set can't be empty"))
      }
      break
    case '=':
    case '==':
    case '!=':
      if (values.length !== 1) {
        errors.push(invalid('values', values, 'exact-match compatibility requires one single value'))
      }
      break
    case 'exists':
    case '!':
      if (values.length > 0) {
        errors.push(invalid('values', values, 'values set must be empty for exists and does not exist'))
      }
      break
    case 'gt':
    case 'lt':
      if (values.length !== 1) {
        errors.push(invalid('values', values, "for 'Gt', 'Lt' operators, exactly one value is required"))
      }
      for (const [i, value] of values.entries()) {
        if (parseInt64(value) === undefined) {
          errors.push(invalid(`values[${i}]`, value, "for 'Gt', 'Lt' operators, the value must be an integer"))
        }
      }
      break
    default:
      errors.push(notSupported('operator', operator, ['in', 'notin', '=', '==', '!=', 'exists', '!', 'gt', 'lt']))
  }
  for (const [i, value] of values.entries()) {
    const valueErrors = labelValueErrors(value)
    if (valueErrors.length > 0) errors.push(invalid(`values[${i}][${key}]`, value, valueErrors.join('; ')))
  }
  return errors
}

export function requirementMatches({ key, operator, values }: Requirement, labels: Labels): boolean {
  const value = ownMember(labels, key)
  switch (operator) {
    case 'in':
    case '=':
    case '==':
      return value !== undefined && values.includes(value)
    case 'notin':
    case '!=':
      return value === undefined || !values.includes(value)
    case 'exists':
      return value !== undefined
    case '!':
      return value === undefined
    case 'gt':
    case 'lt': {
      if (value === undefined || values.length !== 1) return false
      const actual = parseInt64(value)
      const bound = parseInt64(values[0]!)
      if (actual === undefined || bound === undefined) return false
      return operator === 'gt' ? actual > bound : actual < bound
    }
  }
}

const signs = { '=': '=', '==': '==', '!=': '!=', gt: '>', lt: '<', in: ' in ', notin: ' notin ' } as const

export function showRequirement({ key, operator, values }: Requirement): string {
  if (operator === 'exists') return key
  if (operator === '!') return `!${key}`
  const joined = values.join(',')
  return operator === 'in' || operator === 'notin'
    ? `${key}${signs[operator]}(${joined})`
    : `${key}${signs[operator]}${joined}`
}
