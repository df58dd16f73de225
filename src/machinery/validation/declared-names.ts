/** Names as upstream's declarative validation judges and words them (`declarative-rules.ts` names the fields). */
import { tooLong } from '../../schema/field-error.ts'
import { dns1123LabelErrors, dns1123SubdomainErrors } from '../../schema/formats.ts'
import { type Errors, pushInvalid } from './checks.ts'

const maxDriverLength = 63

/** It counts what names may have in bytes. */
export const inBytes = (messages: readonly string[]): string[] =>
  messages.map(message => message.replace(/ characters$/, ' bytes'))

export const shortNameErrors = (name: string): string[] => inBytes(dns1123LabelErrors(name))

const [subdomainMessage = ''] = dns1123SubdomainErrors('-')
const caselessMessage = subdomainMessage
  .replace('a lowercase RFC', 'an RFC')
  .replace('lower case alphanumeric', 'alphanumeric')
  .replace("'example.com'", "'Example.com'")

/** Case does not count in names of drivers. A missing name is reported by its declaration. */
export function checkDeclaredDriver(out: Errors, path: string, name: string): void {
  if (name === '') return
  const messages = inBytes(dns1123SubdomainErrors(name.toLowerCase()))
  pushInvalid(
    out,
    path,
    name,
    messages.map(message => (message === subdomainMessage ? caselessMessage : message)),
  )
  if (name.length > maxDriverLength)
    out.push({
      ...tooLong(path, maxDriverLength),
      message: `Too long: may not be more than ${maxDriverLength} characters`,
    })
}
