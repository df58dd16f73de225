/**
 * YAML to JSON values and back, reading plain scalars as sigs.k8s.io/yaml does: YAML 1.1 booleans (`yes`, `on`, `y`), octal
 * with a leading zero, but no base-60 numbers, and timestamps stay strings.
 */
import {
  type DocumentOptions,
  isCollection,
  isScalar,
  type Pair,
  parseAllDocuments,
  stringify,
  type Tags,
  visit,
  type Document as YamlDocument,
} from 'yaml'
import { DecodeError } from './decode-error.ts'
import { isInt64, setMember } from './json-exact.ts'
import { maxJsonDepth } from './json-scan.ts'

/** Longer texts are refused unless the caller names another bound. */
export const maxYamlBytes = 16 * 1024 * 1024
/** How often aliases may multiply the document. */
const maxAliasCount = 100

const dropped: ReadonlySet<string> = new Set(['tag:yaml.org,2002:timestamp', 'TIME'])

/** A point alone, as managed fields have it for a key, is no number: neither to Go. */
const floatWithDigits = /^[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)$/

const withGoFloats = (tags: Tags): Tags =>
  tags.map(tag =>
    typeof tag !== 'string' && 'test' in tag && tag.test?.test('.') && tag.tag === 'tag:yaml.org,2002:float'
      ? { ...tag, test: floatWithDigits }
      : tag,
  )

function tagsOf(tags: Tags): Tags {
  return withGoFloats(tags).filter(tag => {
    if (typeof tag === 'string') return true
    return !dropped.has(tag.tag) && !('format' in tag && tag.format !== undefined && dropped.has(tag.format))
  })
}

const options: DocumentOptions & { customTags: typeof tagsOf; intAsBigInt: boolean; merge: boolean } = {
  version: '1.1',
  customTags: tagsOf,
  intAsBigInt: true,
  merge: true,
}

/** All documents of a text; empty ones are left out. Throws DecodeError with the line of the fault. */
export function parseYaml(text: string, maxBytes = maxYamlBytes): unknown[] {
  checkSize(text, maxBytes)
  return inYaml(() => {
    const values: unknown[] = []
    for (const document of documentsOf(text)) {
      const error = document.errors[0]
      if (error) {
        const fault = error.code === 'DUPLICATE_KEY' ? duplicateKey(text, error.pos[0]) : error.message
        throw new DecodeError(`yaml: line ${lineAt(text, error.pos[0])}: ${fault}`)
      }
      const value = jsonOf(document)
      if (value !== null) values.push(value)
    }
    return values
  })
}

export interface YamlBody {
  readonly value: unknown
  /** Keys that a map has twice, of which the last counts: `line 5: key "a" already set in map`. */
  readonly duplicates: readonly string[]
}

/** The first document of a text, as upstream reads bodies; null where it is empty. Throws DecodeError. */
export function readYamlBody(text: string, maxBytes = maxYamlBytes): YamlBody {
  checkSize(text, maxBytes)
  return inYaml(() => {
    const [document] = documentsOf(text)
    if (!document) return { value: null, duplicates: [] }
    const duplicates: string[] = []
    for (const error of document.errors) {
      const line = `line ${lineAt(text, error.pos[0])}`
      if (error.code !== 'DUPLICATE_KEY') throw new DecodeError(`yaml: ${line}: ${faultOf(error.code, error.message)}`)
      duplicates.push(`${line}: ${duplicateKey(text, error.pos[0])}`)
    }
    return { value: jsonOf(document), duplicates }
  })
}

function checkSize(text: string, maxBytes: number): void {
  if (text.length > maxBytes) throw new DecodeError(`document of ${text.length} bytes exceeds the limit of ${maxBytes}`)
}

const documentsOf = (text: string): readonly YamlDocument[] =>
  parseAllDocuments(text, { ...options, uniqueKeys: sameKey, prettyErrors: false })

function jsonOf(document: YamlDocument): unknown {
  visit(document, { Pair: refuseSpecialKeys })
  return jsonValue(document.toJS({ maxAliasCount, mapAsMap: true }), 0)
}

/** What Go's parser says of the same. */
const goFaults: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'found character that cannot start any token',
}

const faultOf = (code: string, message: string): string => goFaults[code] ?? message

/** The only document of a text; null where it is empty. Throws DecodeError. */
export function parseYamlDocument(text: string, maxBytes = maxYamlBytes): unknown {
  const documents = parseYaml(text, maxBytes)
  if (documents.length > 1) throw new DecodeError(`yaml: expected one document, found ${documents.length}`)
  return documents[0] ?? null
}

/** A JSON value as YAML: keys sorted, block style, strings quoted where YAML 1.1 would read something else. */
export function toYaml(value: unknown): string {
  return stringify(value, {
    version: '1.1',
    customTags: withGoFloats,
    sortMapEntries: true,
    lineWidth: 0,
    aliasDuplicateObjects: false,
    indentSeq: false,
    keepUndefined: false,
  })
}

const sameKey = (a: unknown, b: unknown): boolean =>
  a === b || (isScalar(a) && isScalar(b) && a.value === b.value && a.value !== '<<')

function refuseSpecialKeys(_: unknown, pair: Pair): void {
  if (isCollection(pair.key)) throw new DecodeError('yaml: a map or list cannot be a key')
}

const duplicateKey = (text: string, position: number): string =>
  `key ${JSON.stringify(/^[^:\n]*/.exec(text.slice(position, position + 200))?.[0] ?? '')} already set in map`

function lineAt(text: string, position: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at !== -1 && at < position; at = text.indexOf('\n', at + 1)) line++
  return line
}

function inYaml<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof DecodeError) throw error
    // The parser recurses without a bound of its own.
    if (error instanceof RangeError) throw new DecodeError('yaml: exceeded max depth')
    throw new DecodeError(`yaml: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Maps become objects with string keys, safe integers numbers, bytes base64. */
function jsonValue(value: unknown, depth: number): unknown {
  if (depth > maxJsonDepth) throw new DecodeError('yaml: exceeded max depth')
  if (typeof value === 'bigint') {
    const number = Number(value)
    return Number.isSafeInteger(number) || !isInt64(value) ? number : value
  }
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new DecodeError(`yaml: json: unsupported value: ${value}`)
  }
  if (value === undefined) return null
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(element => jsonValue(element, depth + 1))
  // Go keeps the decoded bytes of !!binary as a string.
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8')
  if (value instanceof Map) return objectOf(value, depth)
  if (value instanceof Set) return objectOf(new Map([...value].map(key => [key, null])), depth)
  return objectOf(new Map(Object.entries(value)), depth)
}

function objectOf(map: Map<unknown, unknown>, depth: number): Record<string, unknown> {
  const object: Record<string, unknown> = {}
  for (const [key, member] of map) setMember(object, String(key), jsonValue(member, depth + 1))
  return object
}
