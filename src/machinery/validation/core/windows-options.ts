/** How containers run on Windows (upstream: validateWindowsSecurityContextOptions). */
import type { WindowsSecurityContextOptions } from '../../../api/core/v1/security-context.ts'
import { invalid } from '../../../schema/field-error.ts'
import { dns1123SubdomainErrors } from '../../../schema/formats.ts'
import { type Errors, pushInvalid } from '../checks.ts'

const maxCredentialSpecBytes = 64 * 1024
const maxDomainLength = 255
const maxUserLength = 104
const netBiosName = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/
const domainName = /^[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?$/
const forbiddenInUsers = /["/\\:;|=,+*?<>@[\]]/
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const controlCharacters = /[\x00-\x1f\x7f]/

export function checkWindowsOptions(
  out: Errors,
  path: string,
  options: WindowsSecurityContextOptions | undefined,
): void {
  const { gmsaCredentialSpecName, gmsaCredentialSpec, runAsUserName } = options ?? {}
  if (gmsaCredentialSpecName !== undefined)
    pushInvalid(
      out,
      `${path}.gmsaCredentialSpecName`,
      gmsaCredentialSpecName,
      dns1123SubdomainErrors(gmsaCredentialSpecName),
    )
  const at = `${path}.gmsaCredentialSpec`
  if (gmsaCredentialSpec === '')
    out.push(invalid(at, gmsaCredentialSpec, 'gmsaCredentialSpec cannot be an empty string'))
  else if (Buffer.byteLength(gmsaCredentialSpec ?? '') > maxCredentialSpecBytes)
    out.push(invalid(at, gmsaCredentialSpec, 'gmsaCredentialSpec size must be under 64 KiB'))
  if (runAsUserName !== undefined)
    pushInvalid(out, `${path}.runAsUserName`, runAsUserName, userNameErrors(runAsUserName))
}

function userNameErrors(name: string): string[] {
  if (name === '') return ['runAsUserName cannot be an empty string']
  if (controlCharacters.test(name)) return ['runAsUserName cannot contain control characters']
  const parts = name.split('\\')
  if (parts.length > 2) return ['runAsUserName cannot contain more than one backslash']
  const user = parts.at(-1) as string
  const domain = parts.length === 2 ? parts[0] : undefined
  const errors: string[] = []
  if ((domain ?? '').length > maxDomainLength) errors.push("runAsUserName's Domain length must be under 256 characters")
  if (domain !== undefined && !netBiosName.test(domain) && !domainName.test(domain))
    errors.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format")
  if (user === '') errors.push("runAsUserName's User cannot be empty")
  else if (user.length > maxUserLength)
    errors.push(`runAsUserName's User length must not be longer than ${maxUserLength} characters`)
  if (/^[. ]+$/.test(user)) errors.push("runAsUserName's User cannot contain only periods or spaces")
  if (forbiddenInUsers.test(user))
    errors.push(`runAsUserName's User cannot contain the following characters: "/\\:;|=,+*?<>@[]`)
  return errors
}
