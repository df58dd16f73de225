/** Rules of single values, for `.validate()` in declarations. The messages are the ones that Kubernetes' clients know. */
import type { Validator } from './field.ts'
import { invalid } from './field-error.ts'
import { dns1123LabelErrors, portErrors } from './formats.ts'

export const notNegativeMessage = 'must be greater than or equal to 0'

export const notNegative: Validator<number> = (value, _, path) =>
  value < 0 ? [invalid(path, value, notNegativeMessage)] : []

/** 1 to 65535. */
export const portNumber: Validator<number> = (value, _, path) =>
  portErrors(value).map(message => invalid(path, value, message))

/** RFC 1123; an empty text counts as unset. */
export const dnsLabel: Validator<string> = (value, _, path) =>
  value === '' ? [] : dns1123LabelErrors(value).map(message => invalid(path, value, message))
