/** Named formats, versions and JSON pointers (Kubernetes documentation, "Kubernetes format library", "semver library"). */
import { compare as compareVersions, SemVer, valid } from 'semver'
import { dns1035LabelErrors, dns1123LabelErrors, dns1123SubdomainErrors } from '../../../schema/formats.ts'
import { labelKeyErrors, labelValueErrors } from '../../selectors/label-syntax.ts'
import { EvaluationError } from '../evaluation-error.ts'
import { func, method, type Overload } from '../functions.ts'
import { parseTimestamp } from '../time.ts'
import type { CelType } from '../types.ts'
import { ArrayList, Opaque, Optional, type Value } from '../values.ts'
import { matching, traversalOf } from './costs.ts'

type Errors = (text: string) => readonly string[]

class Format extends Opaque {
  readonly type: CelType = { is: 'opaque', name: 'kubernetes.NamedFormat' }
  readonly name: string
  readonly errors: Errors

  constructor(name: string, errors: Errors) {
    super()
    this.name = name
    this.errors = errors
  }

  equals(other: Value): boolean {
    return other instanceof Format && other.name === this.name
  }
}

/** A prefix may end with a dash, which the name generated from it does not. */
const prefix =
  (errors: Errors): Errors =>
  text =>
    errors(text.endsWith('-') ? `${text.slice(0, -1)}a` : text)
const unless =
  (holds: (text: string) => boolean, message: string): Errors =>
  text =>
    holds(text) ? [] : [message]

const uuid = /^(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32})$/i
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const isDate = (text: string): boolean =>
  /^\d{4}-\d\d-\d\d$/.test(text) && parseTimestamp(`${text}T00:00:00Z`) !== undefined

const formats: ReadonlyMap<string, Format> = new Map(
  Object.entries({
    dns1123Label: dns1123LabelErrors,
    dns1123Subdomain: dns1123SubdomainErrors,
    dns1035Label: dns1035LabelErrors,
    qualifiedName: labelKeyErrors,
    dns1123LabelPrefix: prefix(dns1123LabelErrors),
    dns1123SubdomainPrefix: prefix(dns1123SubdomainErrors),
    dns1035LabelPrefix: prefix(dns1035LabelErrors),
    labelValue: labelValueErrors,
    uri: unless(text => /^(?:[A-Za-z][A-Za-z0-9+.-]*:|\/)\S*$/.test(text), 'invalid URI for request'),
    uuid: unless(text => uuid.test(text), 'does not match the UUID format'),
    byte: unless(text => base64.test(text), 'invalid base64'),
    date: unless(isDate, 'invalid date'),
    datetime: unless(text => parseTimestamp(text) !== undefined, 'invalid datetime'),
  } satisfies Record<string, Errors>).map(([name, errors]) => [name, new Format(name, errors)]),
)

function validate({ errors }: Format, text: string): Optional {
  const found = errors(text)
  return found.length === 0 ? Optional.none : new Optional(new ArrayList(found))
}

function named(name: string): Optional {
  const format = formats.get(name)
  return format ? new Optional(format) : Optional.none
}

class Version extends Opaque {
  readonly type: CelType = { is: 'opaque', name: 'kubernetes.Semver' }
  readonly version: SemVer

  constructor(version: SemVer) {
    super()
    this.version = version
  }

  equals(other: Value): boolean {
    return other instanceof Version && compareVersions(this.version, other.version) === 0
  }
}

/** `v1.2` becomes `1.2.0`, `01.2.3` becomes `1.2.3`, as semver(…, true) reads versions. */
function normalized(text: string): string {
  const [, core = '', rest = ''] = /^v?([\d.]*)(.*)$/s.exec(text) ?? []
  const numbers = core.split('.').map(number => number.replace(/^0+(?=\d)/, ''))
  if (rest === '') while (numbers.length < 3) numbers.push('0')
  return numbers.join('.') + rest
}

function parseVersion(text: string, normalize = false): SemVer | undefined {
  const candidate = normalize ? normalized(text) : text
  return /^\d/.test(candidate) && valid(candidate) ? new SemVer(candidate) : undefined
}

function version(text: string, normalize?: boolean): Version {
  const parsed = parseVersion(text, normalize)
  if (!parsed) throw new EvaluationError(`semver parse error during conversion from string: ${JSON.stringify(text)}`)
  return new Version(parsed)
}

const isVersion = (text: string, normalize?: boolean): boolean => parseVersion(text, normalize) !== undefined
const order = (a: Version, b: Version): number => compareVersions(a.version, b.version)
const escapeKey = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1')
const semver = 'kubernetes.Semver'

export const namedFormats: readonly Overload[] = [
  ...Array.from(formats, ([name, format]) => func(`format.${name}() kubernetes.NamedFormat`, () => format)),
  func('format.named(string) optional(kubernetes.NamedFormat)', named),
  method('kubernetes.NamedFormat', 'validate(string) optional(list(string))', validate, matching),
  func(`semver(string) ${semver}`, version, traversalOf(0)),
  func(`semver(string, bool) ${semver}`, version, traversalOf(0)),
  func('isSemver(string) bool', isVersion, traversalOf(0)),
  func('isSemver(string, bool) bool', isVersion, traversalOf(0)),
  method(semver, `isGreaterThan(${semver}) bool`, (a: Version, b: Version) => order(a, b) > 0),
  method(semver, `isLessThan(${semver}) bool`, (a: Version, b: Version) => order(a, b) < 0),
  method(semver, `compareTo(${semver}) int`, (a: Version, b: Version) => BigInt(order(a, b))),
  method(semver, 'major() int', ({ version: { major } }: Version) => BigInt(major)),
  method(semver, 'minor() int', ({ version: { minor } }: Version) => BigInt(minor)),
  method(semver, 'patch() int', ({ version: { patch } }: Version) => BigInt(patch)),
  func('jsonpatch.escapeKey(string) string', escapeKey, traversalOf(0)),
]
