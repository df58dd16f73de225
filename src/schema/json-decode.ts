/**
 * JSON to objects, directed by their declaration: unknown fields are dropped and reported, wrong types refused in the
 * words of Go's decoder, times normalised, zero values of fields without explicit presence dropped.
 */
import { DecodeError } from './decode-error.ts'
import { ShapeContext } from './json-context.ts'
import { parseExactJson, plainNumbers } from './json-exact.ts'
import { maxJsonDepth, scanJson } from './json-scan.ts'
import { shaperOf } from './json-shape.ts'
import type { Kind } from './kind.ts'
import type { Message } from './type.ts'

export { DecodeError } from './decode-error.ts'

/** Longer documents are refused unless the caller names another bound. The API server bounds bodies far below. */
export const maxJsonBytes = 64 * 1024 * 1024

export interface Decoded<T> {
  readonly object: T
  /** Paths as `spec.containers[0].bar`; at most 100. */
  readonly unknownFields: string[]
  readonly duplicateFields: string[]
}

/** Decodes an object; kind and apiVersion are filled in where absent, and not compared with the kind's. Throws DecodeError. */
export function decodeObject<T>(kind: Kind<T>, bytes: Uint8Array | string, maxBytes = maxJsonBytes): Decoded<T> {
  const decoded = decodeJsonMessage(kind, bytes, maxBytes)
  return { ...decoded, object: withTypeMeta(kind, decoded.object) }
}

/** Decodes a message that is no kind, such as a part of an object. Throws DecodeError. */
export function decodeJsonMessage<T>(
  message: Message<T>,
  bytes: Uint8Array | string,
  maxBytes = maxJsonBytes,
): Decoded<T> {
  const text = textOf(bytes, maxBytes)
  const scan = scanJson(text)
  if (scan.tooDeep) throw new DecodeError('exceeded max depth')
  const exact = scan.exactNumbers ? parseExactJson(text) : undefined
  const parsed = exact === undefined ? parseFast(text) : exact.value
  const context = new ShapeContext()
  const object = shape(message, parsed, context)
  const duplicates =
    exact !== undefined ? exact.duplicates : scan.keys === context.keys ? [] : parseExactJson(text).duplicates
  return {
    object: object as T,
    unknownFields: context.unknownFields,
    duplicateFields: duplicates.filter(path => !isWithin(path, context.unknownFields)),
  }
}

/** The same for a value that is parsed already. It is not changed; parts that are right as they are get shared. */
export function decodeValue<T>(kind: Kind<T>, value: unknown): Decoded<T> {
  const { object, unknownFields } = decodeMember(kind, value)
  return { object: withTypeMeta(kind, object), unknownFields, duplicateFields: [] }
}

/** The same for a message that is no kind. */
export function decodeMember<T>(message: Message<T>, value: unknown): Pick<Decoded<T>, 'object' | 'unknownFields'> {
  const context = new ShapeContext()
  return { object: shape(message, value, context) as T, unknownFields: context.unknownFields }
}

/** Any JSON value: integers beyond 2^53 are bigints, a duplicate key's last value counts. Throws DecodeError. */
export function readJson(bytes: Uint8Array | string, maxBytes = maxJsonBytes): unknown {
  const text = textOf(bytes, maxBytes)
  const scan = scanJson(text)
  if (scan.tooDeep) throw new DecodeError(`exceeded max depth of ${maxJsonDepth}`)
  return scan.exactNumbers ? plainNumbers(parseExactJson(text).value) : parseFast(text)
}

/** The same, with the paths of members that an object has twice. */
export function readJsonParts(bytes: Uint8Array | string): { value: unknown; duplicates: readonly string[] } {
  const text = textOf(bytes, maxJsonBytes)
  const scan = scanJson(text)
  if (scan.tooDeep) throw new DecodeError(`exceeded max depth of ${maxJsonDepth}`)
  const value = scan.exactNumbers ? undefined : parseFast(text)
  if (!scan.exactNumbers && countKeys(value) === scan.keys) return { value, duplicates: [] }
  const exact = parseExactJson(text)
  return { value: plainNumbers(exact.value), duplicates: exact.duplicates }
}

function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + countKeys(item), 0)
  let keys = 0
  for (const key in value) keys += 1 + countKeys((value as Record<string, unknown>)[key])
  return keys
}

const shape = (message: Message, value: unknown, context: ShapeContext): unknown =>
  value === null ? {} : shaperOf(message)(value, context)

function withTypeMeta<T>(kind: Kind<T>, object: T): T {
  if (kind.options.typeless) return object
  const given = object as { kind?: string; apiVersion?: string }
  if (given.kind && given.apiVersion) return object
  return { ...object, kind: given.kind || kind.gvk.kind, apiVersion: given.apiVersion || kind.apiVersion }
}

function textOf(bytes: Uint8Array | string, maxBytes: number): string {
  if (bytes.length > maxBytes)
    throw new DecodeError(`document of ${bytes.length} bytes exceeds the limit of ${maxBytes}`)
  if (typeof bytes === 'string') return bytes
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}

function parseFast(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Throws in the words that clients know.
    return plainNumbers(parseExactJson(text).value)
  }
}

/** One of the parents, or below it. */
const isWithin = (path: string, parents: readonly string[]): boolean =>
  parents.some(parent => path.startsWith(parent) && [undefined, '.', '['].includes(path[parent.length]))
