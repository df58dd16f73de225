/** Small checks that many kinds share. Each adds what is wrong to `out`. */
import type { LabelSelector } from '../../api/meta/v1/label-selector.ts'
import { type FieldError, forbidden, invalid, notSupported, required, tooLong } from '../../schema/field-error.ts'
import { dns1123SubdomainErrors, portErrors, portNameErrors } from '../../schema/formats.ts'
import { notNegativeMessage } from '../../schema/validators.ts'
import { percentOf } from '../int-or-string.ts'
import { labelKeyErrors, labelValueErrors } from '../selectors/label-syntax.ts'

export type Errors = FieldError[]

export const immutableMessage = 'field is immutable'
export const noEphemeralContainers = 'ephemeral containers not allowed in pod template'

/** Put between a kind's rules of the object alone and those that compare it with the old one. */
export const comparisons: FieldError = { reason: 'InternalError', field: '', message: '' }

/** One `Invalid value` for each message. */
export function pushInvalid(out: Errors, path: string, value: unknown, messages: readonly string[]): void {
  for (const message of messages) out.push(invalid(path, value, message))
}

export function checkNotNegative(out: Errors, path: string, value: number | bigint | undefined): void {
  if (value !== undefined && value < 0) out.push(invalid(path, value, notNegativeMessage))
}

export function checkImmutable(out: Errors, path: string, value: unknown, old: unknown): boolean {
  if (isSame(value, old)) return true
  out.push(invalid(path, value ?? null, immutableMessage))
  return false
}

/** As upstream's declarative validation reports it: without the value. */
export function checkUnchanged(out: Errors, path: string, value: unknown, old: unknown): void {
  if (!isSame(value, old)) out.push(invalid(path, null, immutableMessage))
}

/** Equality of JSON values; an unset field, an empty list and an empty map are the same (upstream: semantic equality). */
export function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (isEmpty(a) && isEmpty(b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a)) return Array.isArray(b) && areSame(a, b)
  if (Array.isArray(b)) return false
  const left = a as Record<string, unknown>
  const right = b as Record<string, unknown>
  for (const key in left) if (!isSame(left[key], right[key])) return false
  for (const key in right) if (!(key in left) && !isSame(undefined, right[key])) return false
  return true
}

function areSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (!isSame(a[i], b[i])) return false
  return true
}

/** A message that is set and empty differs from one that is not, so only lists count as empty here. */
const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || (Array.isArray(value) && value.length === 0)

export function checkLabels(out: Errors, path: string, labels: Readonly<Record<string, string>> | undefined): void {
  for (const [key, value] of Object.entries(labels ?? {})) {
    pushInvalid(out, path, key, labelKeyErrors(key))
    pushInvalid(out, path, value, labelValueErrors(value))
  }
}

/** Of all annotations together, in bytes. */
const maxAnnotationBytes = 256 * 1024

type Annotations = Readonly<Record<string, string>> | undefined

export function checkAnnotations(out: Errors, path: string, annotations: Annotations): void {
  for (const key of Object.keys(annotations ?? {})) pushInvalid(out, path, key, labelKeyErrors(key.toLowerCase()))
  checkAnnotationsSize(out, path, annotations)
}

export function checkAnnotationsSize(out: Errors, path: string, annotations: Annotations): void {
  let bytes = 0
  for (const [key, value] of Object.entries(annotations ?? {}))
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value)
  if (bytes > maxAnnotationBytes) out.push(tooLong(path, maxAnnotationBytes))
}

export function checkLabelSelector(out: Errors, path: string, selector: LabelSelector | undefined): void {
  if (!selector) return
  checkLabels(out, `${path}.matchLabels`, selector.matchLabels)
  selector.matchExpressions?.forEach((requirement, i) => {
    const at = `${path}.matchExpressions[${i}]`
    const values = requirement.values ?? []
    switch (requirement.operator) {
      case 'In':
      case 'NotIn':
        if (values.length === 0) {
          out.push(required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'"))
        }
        break
      case 'Exists':
      case 'DoesNotExist':
        if (values.length > 0) {
          out.push(forbidden(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
        }
        break
      default:
        out.push(invalid(`${at}.operator`, requirement.operator, 'not a valid selector operator'))
    }
    pushInvalid(out, `${at}.key`, requirement.key, labelKeyErrors(requirement.key))
    values.forEach((value, j) => {
      pushInvalid(out, `${at}.values[${j}]`, value, labelValueErrors(value))
    })
  })
}

export const isEmptySelector = (selector: LabelSelector | undefined): boolean =>
  Object.keys(selector?.matchLabels ?? {}).length === 0 && (selector?.matchExpressions?.length ?? 0) === 0

/** A number of a port, or the name of one. */
export function checkPortNumOrName(out: Errors, path: string, port: number | string | undefined): void {
  if (typeof port === 'string') pushInvalid(out, path, port, portNameErrors(port))
  else pushInvalid(out, path, port ?? 0, portErrors(port ?? 0))
}

/** A number that is not negative, or a percentage. */
export function checkNotNegativeIntOrPercent(out: Errors, path: string, value: number | string): void {
  if (typeof value === 'number') checkNotNegative(out, path, value)
  else if (percentOf(value) === undefined) {
    out.push(
      invalid(
        path,
        value,
        "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
      ),
    )
  }
}

export function checkAtMost100Percent(out: Errors, path: string, value: number | string): void {
  if ((percentOf(value) ?? 0) > 100) out.push(invalid(path, value, 'must not be greater than 100%'))
}

export function checkOneOf(out: Errors, path: string, value: string, values: readonly string[]): void {
  if (!values.includes(value)) out.push(notSupported(path, value, values))
}

/** The same where an empty text is none. */
export function checkChoice(out: Errors, path: string, value: string, values: readonly string[]): void {
  if (value === '') out.push(required(path))
  else checkOneOf(out, path, value, values)
}

/** Upstream: IsDomainPrefixedPath. */
export function checkPrefixedPath(out: Errors, path: string, value: string): void {
  if (value === '') {
    out.push(required(path))
    return
  }
  const slash = value.indexOf('/')
  if (slash < 1 || slash === value.length - 1) {
    out.push(invalid(path, value, 'must be a domain-prefixed path (such as "acme.io/foo")'))
    return
  }
  const domain = value.slice(0, slash)
  const target = value.slice(slash + 1)
  pushInvalid(out, path, domain, dns1123SubdomainErrors(domain))
  if (!/^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/.test(target))
    out.push(invalid(path, target, "Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')"))
}
