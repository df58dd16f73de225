/** Names and lists in objects of devices (KEP-4381; upstream: resource validation). */

import { duplicate, invalid, required, tooLong, tooMany } from '../../../schema/field-error.ts'
import { cIdentifierErrors, dns1123LabelErrors, dns1123SubdomainErrors } from '../../../schema/formats.ts'
import { stringifyJson } from '../../../schema/json-encode.ts'
import { labelKeyErrors } from '../../selectors/label-syntax.ts'
import { type Errors, pushInvalid } from '../checks.ts'
import { checkDriver } from '../core/volume-sources.ts'
import { inBytes } from '../declared-names.ts'

const maxPoolName = 253
const maxIdentifier = 32

/** Each item by itself; a list that is too long is not looked at further. */
export function checkItems<T>(
  out: Errors,
  path: string,
  items: readonly T[] | undefined,
  max: number,
  check: (path: string, item: T) => void,
): boolean {
  const given = items ?? []
  if (given.length > max) {
    out.push(tooMany(path, given.length, max))
    return false
  }
  for (const [i, item] of given.entries()) check(`${path}[${i}]`, item)
  return true
}

/** Items whose keys are all different. */
export function checkSet<T>(
  out: Errors,
  path: string,
  items: readonly T[] | undefined,
  max: number,
  keyOf: (item: T) => string,
  check: (path: string, item: T) => void,
  shown: (item: T) => unknown = item => item,
): void {
  if (!checkItems(out, path, items, max, check)) return
  const seen = new Set<string>()
  for (const [i, item] of (items ?? []).entries()) {
    const key = keyOf(item)
    if (seen.has(key)) out.push(duplicate(`${path}[${i}]`, shown(item)))
    seen.add(key)
  }
}

export const checkLabelName = (out: Errors, path: string, name: string): void =>
  pushInvalid(out, path, name, dns1123LabelErrors(name))

/** A missing name is reported by its declaration. */
export function checkDriverName(out: Errors, path: string, name: string): void {
  if (name !== '') checkDriver(out, path, name)
}

export function checkPoolName(out: Errors, path: string, name: string): void {
  if (name === '') return
  if (name.length > maxPoolName) out.push(tooLong(path, maxPoolName))
  for (const part of name.split('/')) pushInvalid(out, path, part, dns1123SubdomainErrors(part))
}

/** As upstream's declarative validation reports it. */
export function checkDeclaredPool(out: Errors, path: string, name: string): void {
  if (name === '') return
  if (name.length > maxPoolName) out.push(tooLong(path, maxPoolName))
  for (const [i, part] of name.split('/').entries()) {
    for (const message of inBytes(dns1123SubdomainErrors(part)))
      out.push(invalid(path, name, `segment ${i}: ${message}`))
  }
}

export function checkUid(out: Errors, path: string, uid: string | undefined): void {
  if (uid === undefined || /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(uid)) return
  out.push(invalid(path, uid, 'must be a lowercase UUID in 8-4-4-4-12 format'))
}

function checkIdentifier(out: Errors, path: string, text: string): void {
  if (text.length > maxIdentifier) out.push(tooLong(path, maxIdentifier))
  pushInvalid(out, path, text, cIdentifierErrors(text))
}

/** `<identifier>`, or `<domain>/<identifier>`. Names with more slashes pass, as they do upstream. */
export function checkQualifiedName(out: Errors, path: string, name: string): void {
  const [first = '', second, more] = name.split('/')
  if (more !== undefined) return
  if (second === undefined) {
    checkIdentifier(out, path, first)
    return
  }
  if (first === '') out.push(invalid(path, '', 'the domain must not be empty'))
  else checkDriver(out, path, first)
  if (second === '') out.push(invalid(path, '', 'the name must not be empty'))
  else checkIdentifier(out, path, second)
}

/** As upstream's declarative validation reports it. */
export function checkFullyQualifiedName(out: Errors, path: string, name: string): void {
  const [first = '', second, more] = name.split('/')
  if (more !== undefined) return
  if (second === undefined) {
    checkIdentifier(out, path, first)
    out.push(invalid(path, name, 'a fully qualified name must be a domain and a name separated by a slash'))
    return
  }
  if (first === '') out.push(invalid(path, '', 'prefix must not be empty'))
  else checkDriver(out, path, first)
  if (second === '') out.push(invalid(path, '', 'name must not be empty'))
  else checkIdentifier(out, path, second)
}

export const checkLabelKey = (out: Errors, path: string, key: string): void =>
  pushInvalid(out, path, key, labelKeyErrors(key))

/** A JSON object of at most so many bytes. */
export function checkJsonObject(out: Errors, path: string, value: unknown, maxBytes: number): void {
  if (value === undefined || value === null) out.push(required(path))
  else if (Buffer.byteLength(stringifyJson(value)) > maxBytes) out.push(tooLong(path, maxBytes))
  else if (typeof value !== 'object' || Array.isArray(value)) {
    out.push(invalid(path, '<value omitted>', 'must be a valid JSON object'))
  }
}
