/**
 * Formats of texts (RFC 1123, RFC 1035, RFC 6335, API convention "Identifiers and Names"). Each function returns what is
 * wrong, in the words that Kubernetes' clients know, without a path; an empty list means that nothing is.
 */
import { isIPv4, isIPv6 } from 'node:net'

export const tooLongMessage = (max: number): string => `must be no more than ${max} characters`
/** Label keys and values count in bytes. */
export const tooManyBytesMessage = (max: number): string => `must be no more than ${max} bytes`
export const emptyMessage = 'must be non-empty'
export const betweenMessage = (least: number, most: number): string => `must be between ${least} and ${most}, inclusive`

const byteLength = (text: string): number => Buffer.byteLength(text)

function regexMessage(message: string, expression: string, ...examples: string[]): string {
  const shown = examples.map(example => `'${example}'`).join(',  or ')
  return `${message} (e.g. ${shown}, regex used for validation is '${expression}')`
}

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const subdomain = `${label}(\\.${label})*`

function format(expression: string, max: number | undefined, message: string): (value: string) => string[] {
  const pattern = new RegExp(`^(?:${expression})$`)
  return value => {
    const errors: string[] = []
    if (max !== undefined && byteLength(value) > max) errors.push(tooLongMessage(max))
    if (!pattern.test(value)) errors.push(message)
    return errors
  }
}

const strictLabelErrors = format(
  label,
  63,
  regexMessage(
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
    label,
    'my-name',
    '123-abc',
  ),
)

const subdomainPattern = new RegExp(`^(?:${subdomain})$`)

/** What would be a subdomain is told what is wrong alone. */
export function dns1123LabelErrors(value: string): string[] {
  const errors = strictLabelErrors(value)
  if (value.includes('.') && subdomainPattern.test(value)) errors[errors.length - 1] = 'must not contain dots'
  return errors
}

export const dns1123SubdomainErrors = format(
  subdomain,
  253,
  regexMessage(
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
    subdomain,
    'example.com',
  ),
)

const underscored = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?'
const underscoredSubdomain = `${underscored}(\\.${underscored})*`

export const underscoredSubdomainErrors = format(
  underscoredSubdomain,
  253,
  regexMessage(
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character",
    underscoredSubdomain,
    'example.com',
  ),
)

export const wildcardSubdomainErrors = format(
  `\\*\\.${subdomain}`,
  253,
  regexMessage(
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
    `\\*\\.${subdomain}`,
    '*.example.com',
  ),
)

export const dns1035LabelErrors = format(
  '[a-z]([-a-z0-9]*[a-z0-9])?',
  63,
  regexMessage(
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
    '[a-z]([-a-z0-9]*[a-z0-9])?',
    'my-name',
    'abc-123',
  ),
)

export const cIdentifierErrors = format(
  '[A-Za-z_][A-Za-z0-9_]*',
  undefined,
  regexMessage(
    "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'",
    '[A-Za-z_][A-Za-z0-9_]*',
    'my_name',
    'MY_NAME',
    'MyName',
  ),
)

export const httpHeaderNameErrors = format(
  '[-A-Za-z0-9]+',
  undefined,
  regexMessage("a valid HTTP header must consist of alphanumeric characters or '-'", '[-A-Za-z0-9]+', 'X-Header-Name'),
)

const configKey = format(
  '[-._a-zA-Z0-9]+',
  253,
  regexMessage(
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
    '[-._a-zA-Z0-9]+',
    'key.name',
    'KEY_NAME',
    'key-name',
  ),
)

/** A key of a ConfigMap or Secret. */
export const configMapKeyErrors = (value: string): string[] => [...configKey(value), ...dotErrors(value)]

function dotErrors(value: string): string[] {
  if (value === '.') return ["must not be '.'"]
  if (value === '..') return ["must not be '..'"]
  return value.startsWith('..') ? ["must not start with '..'"] : []
}

/** KEP-4369: any printable ASCII character but `=`. */
export function envVarNameErrors(value: string): string[] {
  if (value === '') return [`environment variable name ${emptyMessage}`]
  return /^[ -<>-~]+$/.test(value)
    ? []
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"]
}

export const portErrors = (port: number): string[] => (port >= 1 && port <= 65535 ? [] : [betweenMessage(1, 65535)])

/** RFC 6335, section 5.1. */
export function portNameErrors(name: string): string[] {
  const errors: string[] = []
  if (byteLength(name) > 15) errors.push(tooLongMessage(15))
  if (!/^[-a-z0-9]+$/.test(name)) errors.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)')
  if (!/[a-z]/.test(name)) errors.push('must contain at least one letter (a-z)')
  if (name.includes('--')) errors.push('must not contain consecutive hyphens')
  if (name.startsWith('-') || name.endsWith('-')) errors.push('must not begin or end with a hyphen')
  return errors
}

/** A user or group id. */
export const idErrors = (id: number): string[] => (id >= 0 && id <= 2147483647 ? [] : [betweenMessage(0, 2147483647)])

/** What RBAC names may be: one segment of a URL's path. `isPrefix` on a generateName. */
export function pathSegmentErrors(name: string, isPrefix = false): string[] {
  const errors: string[] = []
  if (!isPrefix && name === '.') errors.push("may not be '.'")
  if (!isPrefix && name === '..') errors.push("may not be '..'")
  for (const illegal of ['/', '%']) if (name.includes(illegal)) errors.push(`may not contain '${illegal}'`)
  return errors
}

/** An address as Go's netip reads it: no leading zeros, no zone. */
export const isIp = (text: string): boolean => isIPv4(text) || (isIPv6(text) && !text.includes('%'))

export const ipErrors = (text: string): string[] =>
  isIp(text) ? [] : ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']

export function isCidr(text: string): boolean {
  const match = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text)
  if (!match || !isIp(match[1]!)) return false
  return Number(match[2]) <= (isIPv4(match[1]!) ? 32 : 128)
}

export const cidrErrors = (text: string): string[] =>
  isCidr(text) ? [] : ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)']

export const ipFamilyOf = (address: string): 'IPv4' | 'IPv6' => (address.includes(':') ? 'IPv6' : 'IPv4')

/** A name of a network interface or a fully qualified domain: two labels or more. */
export function fullyQualifiedNameErrors(name: string): string[] {
  if (name === '') return [emptyMessage]
  const errors = dns1123SubdomainErrors(name.replace(/\.$/, ''))
  if (errors.length > 0) return errors
  return name.split('.').length < 3 ? ['should be a domain with at least three segments separated by dots'] : []
}
