/**
 * What a call can cost, from the sizes of its arguments: cel-go's estimates for its own functions and extensions, and
 * Kubernetes' for its libraries. They decide which rules a CustomResourceDefinition may have, so they are never changed.
 */
import type { Overload } from '../functions.ts'
import type { Expression } from '../syntax/expression.ts'
import type { CelType } from '../types.ts'
import { checkCost, listCost, perCharacter, perRegexCharacter, structCost } from './factors.ts'
import { fixed, plus, type Range, scaled, sum, times, unknownRange } from './range.ts'

/** An argument, as far as an estimate looks at it. */
export interface Part {
  readonly type: CelType
  readonly expression: Expression | undefined
  /** Known from the expression itself. */
  readonly computedSize: Range | undefined
  /** That, or what the declarations say, or anything. */
  readonly size: Range
  /** The size of its elements, where it is a list. */
  readonly elementSize: () => Range
}

/** Without what the arguments cost. */
export interface CallEstimate {
  readonly cost: Range
  readonly resultSize?: Range
}

const maxNameFormatRegexSize = 128
const maxFormatSize = 64

const one: CallEstimate = { cost: fixed(1) }

const traversal = (size: Range, factor = perCharacter): CallEstimate => ({ cost: scaled(size, factor) })
const rewriting = (size: Range, factor = perCharacter): CallEstimate => ({
  cost: scaled(size, factor),
  resultSize: size,
})

/** One is added to the text, so that an empty one does not make a dear pattern cheap. */
const matching = (text: Range, pattern: Range): Range =>
  times(scaled(plus(text, fixed(1)), perCharacter), scaled(pattern, perRegexCharacter))

/** Without a size for values that are not one: what `size()` gives, or anything. */
const known = ({ computedSize }: Part): Range => computedSize ?? unknownRange

type Estimator = (parts: readonly Part[], overload: Overload) => CallEstimate | undefined

const first = ([part]: readonly Part[]): Range => part?.size ?? unknownRange
const second = ([, part]: readonly Part[]): Range => part?.size ?? unknownRange
const textTraversal: Estimator = parts => traversal(first(parts))
const textRewriting: Estimator = parts => rewriting(first(parts))

const isText = ({ is }: CelType): boolean => is === 'string' || is === 'bytes'

/** One comparison an element, and a reading of it where it is a text. */
const elementVisits: Estimator = ([target], { isMember, name }) => {
  if (!isMember || !target) return undefined
  const { type } = target
  const element = type.is === 'list' || type.is === 'optional' ? type.of : type.is === 'map' ? type.key : undefined
  if (element && isText(element))
    return { cost: times(target.size, plus(fixed(1), scaled(target.elementSize(), perCharacter))) }
  return element || name === 'includes' ? { cost: target.size } : traversal(target.size)
}

const selectors: Estimator = parts => {
  const length = second(parts)
  const requirements = scaled(scaled(length, 0.5), listCost + structCost)
  return { cost: sum([fixed(listCost), scaled(length, perCharacter), requirements]) }
}

const literalInteger = (part: Part | undefined): number | undefined => {
  const value = part?.expression?.is === 'literal' ? part.expression.value : undefined
  return typeof value === 'bigint' ? Math.max(0, Number(value)) : undefined
}

const split: Estimator = parts => ({
  cost: scaled(first(parts), 2 * perCharacter),
  resultSize: { min: 0, max: literalInteger(parts[2]) ?? first(parts).max },
})

/** How often a text can be replaced in another, and how much of that stays, at one end of the bounds. */
function replacements(text: number, replaced: number, isNoGain: boolean): { count: number; kept: number } {
  if (replaced === 0) return { count: text + 1, kept: text }
  return isNoGain ? { count: 0, kept: text } : { count: Math.ceil(text / replaced), kept: 0 }
}

const replace: Estimator = ([text, from, to]) => {
  if (!text || !from || !to) return undefined
  const longest = replacements(text.size.max, from.size.min, to.size.max <= from.size.min)
  const shortest = replacements(text.size.min, from.size.max, from.size.max <= to.size.min)
  const count = { min: shortest.count, max: longest.count }
  const kept = { min: shortest.kept, max: longest.kept }
  return { cost: scaled(text.size, 2 * perCharacter), resultSize: plus(times(count, to.size), kept) }
}

const join: Estimator = ([list, separator]) => {
  if (!list) return undefined
  const separators = { min: Math.max(0, list.size.min - 1), max: Math.max(0, list.size.max - 1) }
  const size = plus(
    times(list.size, list.elementSize()),
    separator ? times(separator.size, separators) : { min: 0, max: 0 },
  )
  return rewriting(size)
}

const find: Estimator = parts => ({
  cost: matching(first(parts), second(parts)),
  resultSize: { min: 0, max: first(parts).max },
})

/** Addresses have 4 or 16 bytes; a text has to be parsed before. */
const containment =
  (extra: Range): Estimator =>
  ([, other], { params }) => {
    const compared = plus(scaled({ min: 8, max: 32 }, perCharacter), extra)
    const isParsed = params[1]?.is === 'string' && other
    return { cost: isParsed ? plus(compared, scaled(other.size, perCharacter)) : compared }
  }

/** Kubernetes' own functions, and those of cel-go's strings that it estimates itself. */
const byName: Readonly<Record<string, Estimator>> = {
  check: () => ({ cost: fixed(checkCost) }),
  fieldSelector: selectors,
  labelSelector: selectors,
  isSorted: elementVisits,
  sum: elementVisits,
  max: elementVisits,
  min: elementVisits,
  indexOf: elementVisits,
  lastIndexOf: elementVisits,
  includes: elementVisits,
  url: textRewriting,
  'jsonpatch.escapeKey': textRewriting,
  lowerAscii: textRewriting,
  upperAscii: textRewriting,
  substring: textRewriting,
  trim: textRewriting,
  replace,
  split,
  join,
  find,
  findAll: find,
  cidr: textTraversal,
  isIP: textTraversal,
  isCIDR: textTraversal,
  ip: (parts, { isMember }) => (isMember ? one : traversal(first(parts))),
  'ip.isCanonical': parts => traversal(first(parts), 2 * perCharacter),
  containsIP: containment(fixed(0)),
  containsCIDR: containment(plus(scaled({ min: 4, max: 16 }, perCharacter), fixed(1))),
  quantity: textTraversal,
  isQuantity: textTraversal,
  semver: textTraversal,
  isSemver: textTraversal,
  validate: parts => ({
    cost: scaled(scaled(second(parts), perCharacter), maxNameFormatRegexSize * perRegexCharacter),
  }),
}

const constantEquality = new Set([
  'net.IP',
  'net.CIDR',
  'kubernetes.Quantity',
  'kubernetes.Semver',
  'kubernetes.authorization.Authorizer',
  'kubernetes.authorization.PathCheck',
  'kubernetes.authorization.GroupCheck',
  'kubernetes.authorization.ResourceCheck',
  'kubernetes.authorization.Decision',
])

const opaqueEquality: Estimator = ([a, b]) => {
  if (a?.type.is !== 'opaque' || b?.type.is !== 'opaque' || a.type.name !== b.type.name) return undefined
  if (constantEquality.has(a.type.name)) return one
  if (a.type.name === 'kubernetes.NamedFormat') return { cost: scaled({ min: 1, max: maxFormatSize }, perCharacter) }
  if (a.type.name !== 'kubernetes.URL') return undefined
  return { cost: scaled({ min: 1, max: b.computedSize?.max ?? 1 }, perCharacter) }
}

const comparison: Estimator = ([a, b]) => {
  if (!a || !b) return undefined
  const max = Math.min(known(a).max, known(b).max)
  return { cost: scaled({ min: max > 0 ? 1 : 0, max }, perCharacter) }
}

const textComparison: Estimator = (parts, { params: [param] }) =>
  param && isText(param) ? comparison(parts, {} as Overload) : undefined

const allocation = (size: Range, factor = 1): CallEstimate => ({
  cost: sum([scaled(size, factor), fixed(1), fixed(listCost)]),
  resultSize: size,
})

const pairs =
  (factor: number): Estimator =>
  parts => ({ cost: plus(scaled(times(first(parts), second(parts)), factor), fixed(1)) })

/** cel-go's own functions and its extensions for lists and sets. */
const ofCelGo: Readonly<Record<string, Estimator>> = {
  '_==_': (parts, overload) => opaqueEquality(parts, overload) ?? comparison(parts, overload),
  '_!=_': comparison,
  '_<_': textComparison,
  '_<=_': textComparison,
  '_>_': textComparison,
  '_>=_': textComparison,
  '_+_': ([a, b], { params: [param] }) => {
    if (!a || !b || !param || !(isText(param) || param.is === 'list')) return undefined
    const size = plus(known(a), known(b))
    // Lists are put together without copying.
    return param.is === 'list' ? { cost: fixed(1), resultSize: size } : rewriting(size)
  },
  '@in': ([, list], { params }) => (params[1]?.is === 'list' && list ? { cost: known(list) } : undefined),
  bytes: ([text], { params: [param] }) =>
    text && param?.is === 'string'
      ? { ...traversal(known(text)), resultSize: { min: known(text).min, max: known(text).max * 4 } }
      : undefined,
  string: ([bytes], { params: [param] }) =>
    bytes && param?.is === 'bytes'
      ? { ...traversal(known(bytes)), resultSize: { min: Math.floor(known(bytes).min / 4), max: known(bytes).max } }
      : undefined,
  'strings.quote': ([text]) =>
    text && {
      ...traversal(known(text)),
      resultSize: { min: known(text).min + 2, max: known(text).max * 2 + 2 },
    },
  format: ([text]) => text && traversal(known(text)),
  startsWith: ([, part]) => part && traversal(known(part)),
  endsWith: ([, part]) => part && traversal(known(part)),
  matches: ([text, pattern]) => text && pattern && { cost: matching(known(text), known(pattern)) },
  contains: ([text, part]) =>
    text && part && { cost: times(scaled(known(text), perCharacter), scaled(known(part), perCharacter)) },
  'sets.contains': pairs(1),
  'sets.intersects': pairs(1),
  'sets.equivalent': pairs(2),
  slice: parts => {
    const length = (literalInteger(parts[2]) ?? first(parts).max) - (literalInteger(parts[1]) ?? 0)
    return allocation(fixed(length < 0 ? length + 2 ** 64 : length))
  },
  'lists.range': ([count]) => allocation(fixed(literalInteger(count) ?? unknownRange.max)),
  reverse: parts => allocation(first(parts)),
  flatten: parts => allocation(first(parts), parts[1] ? (literalInteger(parts[1]) ?? unknownRange.max) : 1),
  distinct: parts => allocation(times(first(parts), first(parts)), 2),
  sort: parts => sorting(parts[0], parts[0]),
  '@sortByAssociatedKeys': parts => sorting(parts[1], parts[1]),
}

function sorting(list: Part | undefined, keys: Part | undefined): CallEstimate | undefined {
  if (!list || !keys) return undefined
  const isOfText = keys.type.is === 'list' && isText(keys.type.of)
  return allocation(times(list.size, list.size), isOfText ? 2 + perCharacter : 2)
}

/** Of a call whose receiver, if it has one, comes first in `parts`. */
export function estimateCall(overload: Overload, parts: readonly Part[]): CallEstimate {
  const { name } = overload
  const own = Object.hasOwn(byName, name) ? byName[name] : Object.hasOwn(ofCelGo, name) ? ofCelGo[name] : undefined
  return own?.(parts, overload) ?? one
}
