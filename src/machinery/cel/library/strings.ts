/** Strings: CEL's own functions and version 2 of cel-go's strings extension. Positions count code points. */
import { EvaluationError } from '../evaluation-error.ts'
import { func, method, type Overload } from '../functions.ts'
import { ArrayList, type ListValue } from '../values.ts'
import { rewriting, searching, traversalOf, writing } from './costs.ts'
import { formatString } from './string-format.ts'

const points = (text: string): string[] => Array.from(text)

function outOfRange(index: bigint): EvaluationError {
  return new EvaluationError(`index out of range: ${index}`)
}

function charAt(text: string, index: bigint): string {
  const all = points(text)
  if (index < 0n || index > all.length) throw outOfRange(index)
  return all[Number(index)] ?? ''
}

function indexOf(text: string, part: string, from = 0n): bigint {
  const all = points(text)
  const wanted = points(part)
  if (from < 0n || from > all.length) throw outOfRange(from)
  for (let i = Number(from); i + wanted.length <= all.length; i += 1)
    if (wanted.every((point, j) => all[i + j] === point)) return BigInt(i)
  return -1n
}

function lastIndexOf(text: string, part: string, from?: bigint): bigint {
  const all = points(text)
  const wanted = points(part)
  if (from !== undefined && (from < 0n || from > all.length)) throw outOfRange(from)
  const start = from === undefined ? all.length : Number(from)
  for (let i = Math.min(start, all.length - wanted.length); i >= 0; i -= 1)
    if (wanted.every((point, j) => all[i + j] === point)) return BigInt(i)
  return -1n
}

function replace(text: string, old: string, by: string, limit = -1n): string {
  if (limit < 0n) return text.replaceAll(old, () => by)
  const parts = old === '' ? points(text) : text.split(old)
  const count = Math.min(Number(limit), old === '' ? parts.length + 1 : parts.length - 1)
  if (old === '')
    return parts.map((point, i) => (i < count ? by + point : point)).join('') + (count > parts.length ? by : '')
  return (
    parts.slice(0, count + 1).join(by) +
    parts
      .slice(count + 1)
      .map(part => old + part)
      .join('')
  )
}

function split(text: string, separator: string, limit = -1n): ArrayList {
  if (limit === 0n) return new ArrayList([])
  const parts = separator === '' ? points(text) : text.split(separator)
  if (limit < 0n || parts.length <= limit) return new ArrayList(parts)
  const head = parts.slice(0, Number(limit) - 1)
  return new ArrayList([...head, parts.slice(Number(limit) - 1).join(separator)])
}

function substring(text: string, from: bigint, to?: bigint): string {
  const all = points(text)
  const end = to ?? BigInt(all.length)
  if (from < 0n || from > all.length) throw outOfRange(from)
  if (end < 0n || end > all.length) throw outOfRange(end)
  if (from > end) throw new EvaluationError(`invalid substring range. start: ${from}, end: ${end}`)
  return all.slice(Number(from), Number(end)).join('')
}

const join = (list: ListValue, separator = ''): string =>
  Array.from(list.values(), part => String(part)).join(separator)

const escapes: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
}

const quote = (text: string): string => `"${Array.from(text.toWellFormed(), each => escapes[each] ?? each).join('')}"`

/** White space as Unicode and Go's unicode.IsSpace see it. */
const trim = (text: string): string => text.replace(/^[\s\u0085]+|[\s\u0085]+$/gu, '')
const lower = (text: string): string => text.replace(/[A-Z]+/g, upper => upper.toLowerCase())
const upper = (text: string): string => text.replace(/[a-z]+/g, small => small.toUpperCase())

export const strings: readonly Overload[] = [
  method('string', 'contains(string) bool', (text: string, part: string) => text.includes(part), searching),
  method('string', 'startsWith(string) bool', (text: string, part: string) => text.startsWith(part), traversalOf(1)),
  method('string', 'endsWith(string) bool', (text: string, part: string) => text.endsWith(part), traversalOf(1)),
  method('string', 'charAt(int) string', charAt),
  method('string', 'indexOf(string) int', indexOf, traversalOf(0)),
  method('string', 'indexOf(string, int) int', indexOf, traversalOf(0)),
  method('string', 'lastIndexOf(string) int', lastIndexOf, traversalOf(0)),
  method('string', 'lastIndexOf(string, int) int', lastIndexOf, traversalOf(0)),
  method('string', 'lowerAscii() string', lower, traversalOf(0)),
  method('string', 'upperAscii() string', upper, traversalOf(0)),
  method('string', 'replace(string, string) string', replace, rewriting),
  method('string', 'replace(string, string, int) string', replace, rewriting),
  method('string', 'split(string) list(string)', split, traversalOf(0, 2)),
  method('string', 'split(string, int) list(string)', split, traversalOf(0, 2)),
  method('string', 'substring(int) string', substring, traversalOf(0)),
  method('string', 'substring(int, int) string', substring, traversalOf(0)),
  method('string', 'trim() string', trim, traversalOf(0)),
  method('string', 'format(list(dyn)) string', formatString, writing),
  method('list(string)', 'join() string', join, writing),
  method('list(string)', 'join(string) string', join, writing),
  func('strings.quote(string) string', quote, traversalOf(0)),
]
