/** JSON Patch (RFC 6902), with what upstream's library adds: negative indices and `-` count from the end. */
import { jsonTypeOf } from '../../schema/decode-error.ts'
import { ownMember, setMember } from '../../schema/json-exact.ts'
import { ApiError, badRequestError, entityTooLargeError } from '../api-error.ts'
import { equalJson, isObject, type JsonObject } from './json-value.ts'

/** More operations in one patch are refused with 413. */
export const maxJsonPatchOperations = 10_000
/** What the `copy` operations of one patch may add in all, in characters of JSON. */
export const maxCopiedLength = 3 * 1024 * 1024

interface Operation {
  readonly op: unknown
  readonly path: string
  readonly from: string
  readonly value: unknown
}

/** Why an operation cannot be applied. Upstream keeps it to itself: the client sees `rejected()` alone. */
class DoesNotApply extends Error {}
class TestFailed extends DoesNotApply {}

/** What `applyJsonPatch` throws where a `test` did not hold, for callers to whom that is no error. */
export class JsonPatchTestError extends ApiError {}

const rejectedMessage = 'the server rejected our request due to an error in our request'
const rejected = (): ApiError => new ApiError(422, 'Invalid', rejectedMessage, {})

const undecodable = (value: unknown, place: string): ApiError =>
  badRequestError(`error decoding patch: json: cannot unmarshal ${jsonTypeOf(value)} into Go ${place}`)

function operationsOf(patch: unknown): Operation[] {
  if (patch === null) return []
  if (!Array.isArray(patch)) throw undecodable(patch, 'value of type []handlers.jsonPatchOp')
  if (patch.length > maxJsonPatchOperations) {
    throw entityTooLargeError(
      `The allowed maximum operations in a JSON patch is ${maxJsonPatchOperations}, got ${patch.length}`,
    )
  }
  return patch.map((operation: unknown) => {
    if (operation === null) throw rejected()
    if (!isObject(operation)) throw undecodable(operation, 'value of type handlers.jsonPatchOp')
    for (const name of ['op', 'path', 'from']) {
      const value = ownMember(operation, name)
      if (value !== undefined && value !== null && typeof value !== 'string')
        throw undecodable(value, `struct field jsonPatchOp.${name} of type string`)
    }
    const text = (name: string): string => {
      const value = ownMember(operation, name)
      return typeof value === 'string' ? value : '\0'
    }
    return {
      op: ownMember(operation, 'op'),
      path: text('path'),
      from: text('from'),
      value: ownMember(operation, 'value') ?? null,
    }
  })
}

/** The tokens of a JSON pointer (RFC 6901). */
function tokensOf(pointer: string): string[] {
  if (pointer === '') return []
  // Upstream's library does not look at what stands before the first slash.
  if (!pointer.includes('/')) throw new DoesNotApply('not a pointer')
  return pointer
    .split('/')
    .slice(1)
    .map(token => token.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** The index that a token names in a list of `length` places; negative ones count from the end. */
function indexOf(token: string, length: number): number {
  if (!/^[-+]?\d+$/.test(token)) throw new DoesNotApply('not an index')
  const index = Number(token)
  const place = index < 0 || Object.is(index, -0) ? index + length : index
  if (place < 0 || place >= length) throw new DoesNotApply('index out of bounds')
  return place
}

/** Counts what `copy` adds while it copies deeply. */
function copied(value: unknown, budget: { left: number }): unknown {
  budget.left -= typeof value === 'string' ? value.length + 2 : 4
  if (budget.left < 0) throw new DoesNotApply('copied too much')
  if (Array.isArray(value)) return value.map(one => copied(one, budget))
  if (!isObject(value)) return value
  const copy: JsonObject = {}
  for (const key of Object.keys(value)) {
    budget.left -= key.length + 3
    setMember(copy, key, copied(value[key], budget))
  }
  return copy
}

/**
 * A document being patched. What was not made by this patch is shared with the original and copied before its first
 * change; `#own` holds what may be changed in place.
 */
class Patched {
  root: unknown
  readonly #own = new WeakSet<object>()
  readonly #budget = { left: maxCopiedLength }

  constructor(root: unknown) {
    this.root = root
  }

  #owned<T extends object>(node: T): T {
    if (this.#own.has(node)) return node
    const copy = (Array.isArray(node) ? [...node] : { ...node }) as T
    this.#own.add(copy)
    return copy
  }

  /** The changeable container of the last token. */
  #container(tokens: readonly string[]): { parent: JsonObject | unknown[]; token: string } {
    if (typeof this.root !== 'object' || this.root === null) throw new DoesNotApply('no container')
    let node = this.#owned(this.root) as JsonObject | unknown[]
    this.root = node
    for (const token of tokens.slice(0, -1)) {
      const place = Array.isArray(node) ? indexOf(token, node.length) : token
      const child = Array.isArray(node) ? node[place as number] : ownMember(node, token)
      if (typeof child !== 'object' || child === null) throw new DoesNotApply('missing path')
      const owned = this.#owned(child) as JsonObject | unknown[]
      if (Array.isArray(node)) node[place as number] = owned
      else setMember(node, token, owned)
      node = owned
    }
    return { parent: node, token: tokens.at(-1)! }
  }

  get(pointer: string): unknown {
    let node = this.root
    for (const token of tokensOf(pointer)) {
      if (Array.isArray(node)) node = node[indexOf(token, node.length)]
      else if (isObject(node) && Object.hasOwn(node, token)) node = node[token]
      else throw new DoesNotApply('missing path')
    }
    return node
  }

  add(pointer: string, value: unknown): void {
    const tokens = tokensOf(pointer)
    if (tokens.length === 0) throw new DoesNotApply('the whole document')
    const { parent, token } = this.#container(tokens)
    if (!Array.isArray(parent)) setMember(parent, token, value)
    else if (token === '-') parent.push(value)
    else parent.splice(indexOf(token, parent.length + 1), 0, value)
  }

  remove(pointer: string): void {
    const tokens = tokensOf(pointer)
    if (tokens.length === 0) throw new DoesNotApply('the whole document')
    this.get(pointer)
    const { parent, token } = this.#container(tokens)
    if (Array.isArray(parent)) parent.splice(indexOf(token, parent.length), 1)
    else delete parent[token]
  }

  /** A member that is not there is set all the same, as upstream has it. */
  replace(pointer: string, value: unknown): void {
    const tokens = tokensOf(pointer)
    if (tokens.length === 0) {
      this.root = value
      return
    }
    const { parent, token } = this.#container(tokens)
    if (Array.isArray(parent)) parent[indexOf(token, parent.length)] = value
    else setMember(parent, token, value)
  }

  move(from: string, pointer: string): void {
    if (pointer.startsWith(`${from}/`)) throw new DoesNotApply('into itself')
    const value = this.get(from)
    this.remove(from)
    this.add(pointer, value)
  }

  copy(from: string, pointer: string): void {
    this.add(pointer, copied(this.#member(from), this.#budget))
  }

  /** The value of a pointer; null for an absent member, as upstream has it. */
  #member(pointer: string): unknown {
    const tokens = tokensOf(pointer)
    const parent = tokens.length === 0 ? undefined : this.get(pointer.slice(0, pointer.lastIndexOf('/')))
    return (isObject(parent) ? ownMember(parent, tokens.at(-1)!) : this.get(pointer)) ?? null
  }

  test(pointer: string, value: unknown): void {
    if (!equalJson(this.#member(pointer), value)) throw new TestFailed('test failed')
  }
}

function applyOperation(document: Patched, { op, path, from, value }: Operation): void {
  switch (op) {
    case 'add':
      document.add(path, value)
      break
    case 'remove':
      document.remove(path)
      break
    case 'replace':
      document.replace(path, value)
      break
    case 'move':
      document.move(from, path)
      break
    case 'copy':
      document.copy(from, path)
      break
    case 'test':
      document.test(path, value)
      break
    default:
      throw new DoesNotApply('unknown operation')
  }
}

/**
 * The object after all operations; the given one stays as it is. Throws ApiError 400 (not a list of operations), 413 (too
 * many), 422 (an operation, `test` among them, does not apply).
 */
export function applyJsonPatch(object: unknown, operations: unknown): unknown {
  const document = new Patched(object)
  try {
    for (const operation of operationsOf(operations)) applyOperation(document, operation)
  } catch (error) {
    if (error instanceof TestFailed) throw new JsonPatchTestError(422, 'Invalid', rejectedMessage, {})
    throw error instanceof DoesNotApply ? rejected() : error
  }
  return document.root
}
