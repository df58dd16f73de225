/** The reasons of upstream's `field.ErrorType`, as they stand in `StatusCause.reason`. */
export type FieldErrorReason =
  | 'FieldValueNotFound'
  | 'FieldValueRequired'
  | 'FieldValueDuplicate'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'InternalError'
  | 'FieldValueTypeInvalid'

/** One fault of one field. `message` is complete, as in `Invalid value: "x": must be …`, without the path. */
export interface FieldError {
  readonly reason: FieldErrorReason
  readonly field: string
  readonly message: string
}

const shortEscapes: Readonly<Record<string, string>> = { '0007': '\\a', '000b': '\\v' }

/** As Go's `%q`, which writes control characters in its own way. */
const quoted = (text: string): string =>
  JSON.stringify(text)
    .replace(/\\u(00[01][0-9a-f])/g, (_, code: string) => shortEscapes[code] ?? `\\x${code.slice(2)}`)
    .replaceAll('\x7f', '\\x7f')

/** A value as Go's `%v`/`%q` in field errors shows it: strings quoted, structures as JSON. */
export function showValue(value: unknown): string {
  if (typeof value === 'string') return quoted(value)
  if (value === undefined || value === null) return 'null'
  if (typeof value === 'object') return JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? Number(v) : v))
  return String(value)
}

export const invalid = (field: string, value: unknown, detail: string): FieldError => ({
  reason: 'FieldValueInvalid',
  field,
  message: detail === '' ? `Invalid value: ${showValue(value)}` : `Invalid value: ${showValue(value)}: ${detail}`,
})

/** Where upstream leaves the value out of the message (`field.OmitValueType`). */
export const invalidWithoutValue = (field: string, detail: string): FieldError => ({
  reason: 'FieldValueInvalid',
  field,
  message: `Invalid value: ${detail}`,
})

export const required = (field: string, detail = ''): FieldError => ({
  reason: 'FieldValueRequired',
  field,
  message: detail === '' ? 'Required value' : `Required value: ${detail}`,
})

export const duplicate = (field: string, value: unknown): FieldError => ({
  reason: 'FieldValueDuplicate',
  field,
  message: `Duplicate value: ${showValue(value)}`,
})

export const forbidden = (field: string, detail: string): FieldError => ({
  reason: 'FieldValueForbidden',
  field,
  message: detail === '' ? 'Forbidden' : `Forbidden: ${detail}`,
})

export const notFound = (field: string, value: unknown): FieldError => ({
  reason: 'FieldValueNotFound',
  field,
  message: `Not found: ${showValue(value)}`,
})

/** `values` are named in the order given. */
export const notSupported = (field: string, value: unknown, values: readonly string[]): FieldError => ({
  reason: 'FieldValueNotSupported',
  field,
  message: `Unsupported value: ${showValue(value)}${
    values.length === 0 ? '' : `: supported values: ${values.map(v => JSON.stringify(v)).join(', ')}`
  }`,
})

export const tooLong = (field: string, maxLength: number): FieldError => ({
  reason: 'FieldValueTooLong',
  field,
  message: maxLength < 0 ? 'Too long: value is too long' : `Too long: may not be more than ${maxLength} bytes`,
})

export const tooMany = (field: string, actual: number, max: number): FieldError => ({
  reason: 'FieldValueTooMany',
  field,
  message: `Too many: ${actual}: must have at most ${max} items`,
})
