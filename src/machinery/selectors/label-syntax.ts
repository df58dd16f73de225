/** The syntax of label keys and values (upstream: `IsQualifiedName`, `IsValidLabelValue`), with the messages clients know. */
import { dns1123SubdomainErrors, tooManyBytesMessage } from '../../schema/formats.ts'

const namePart = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/
const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/

const nameMessage =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character " +
  "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
const valueMessage =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end " +
  "with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is " +
  "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"

/** What is wrong with a label key, as messages without a path; empty if nothing is. */
export function labelKeyErrors(key: string): string[] {
  const errors: string[] = []
  const parts = key.split('/')
  let name = key
  if (parts.length === 2) {
    const prefix = parts[0]!
    name = parts[1]!
    if (prefix === '') errors.push('prefix part must be non-empty')
    else errors.push(...dns1123SubdomainErrors(prefix).map(message => `prefix part ${message}`))
  } else if (parts.length > 2) {
    return [
      `a valid label key ${nameMessage} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ]
  }
  if (name === '') errors.push('name part must be non-empty')
  else if (name.length > 63) errors.push(`name part ${tooManyBytesMessage(63)}`)
  if (!namePart.test(name)) errors.push(`name part ${nameMessage}`)
  return errors
}

/** What is wrong with a label value, as messages without a path; empty if nothing is. */
export function labelValueErrors(value: string): string[] {
  const errors: string[] = []
  if (value.length > 63) errors.push(tooManyBytesMessage(63))
  if (!labelValue.test(value)) errors.push(valueMessage)
  return errors
}
