/** The fields that a configuration sets (structured-merge-diff's `ToFieldSet`). */
import { isObject, type JsonObject } from '../patch/json-value.ts'
import { type FieldSet, leafNode, nodeOf } from './field-set.ts'
import { fieldElement, keyElement, showElement, valueElement } from './path-element.ts'
import { deduced, type KeyedListShape, type SetShape, type Shape } from './shape.ts'

/** A fault of a configuration; the message begins with the path, as `.spec.foo: field not declared in schema`. */
export class ConfigurationError extends Error {
  readonly path: string
  readonly fault: string
  constructor(path: string, fault: string) {
    super(`${path}: ${fault}`)
    this.path = path
    this.fault = fault
  }
}

type Nodes = { [element: string]: FieldSet }

interface Walk {
  /** Whether undeclared members, items without a key and duplicates are faults; stored objects may have them. */
  readonly strict: boolean
}

function within<T>(element: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (error instanceof ConfigurationError) {
      throw new ConfigurationError(showElement(element) + error.path, error.fault)
    }
    throw error
  }
}

/** What belongs to the set below a value's path, and whether the path itself does; undefined if neither. */
function nodeOfValue(shape: Shape, value: unknown, walk: Walk): FieldSet | undefined {
  if (value === null || shape.is === 'leaf') return leafNode
  if (shape.is === 'list' || shape.is === 'set') {
    if (!Array.isArray(value)) throw new ConfigurationError('', `expected list, got ${kindOf(value)}`)
    return nodeOf(false, itemsBelow(shape, value, walk))
  }
  if (!isObject(value)) {
    if (shape.is === 'deduced') return leafNode
    throw new ConfigurationError('', `expected map, got ${kindOf(value)}`)
  }
  return nodeOf(Object.keys(value).length === 0, membersBelow(shape, value, walk))
}

const kindOf = (value: unknown): string => (Array.isArray(value) ? 'list' : typeof value)

function membersBelow(shape: Shape, value: JsonObject, walk: Walk): Nodes {
  const below: Nodes = {}
  const members = shape.is === 'struct' ? shape.members() : undefined
  for (const [name, child] of Object.entries(value)) {
    if (child === undefined) continue
    const declared = members?.get(name)
    if (shape.is === 'struct' && !declared && !shape.isOpen && walk.strict)
      throw new ConfigurationError(`.${name}`, 'field not declared in schema')
    const childShape = declared?.shape ?? (shape.is === 'map' ? shape.of : deduced)
    const element = fieldElement(name)
    const node = within(element, () => nodeOfValue(childShape, child, walk))
    // A key of a map belongs to the set itself; a declared member only with what is in it.
    const own = declared ? node : asMember(node)
    if (own) below[element] = own
  }
  return below
}

const asMember = (node: FieldSet | undefined): FieldSet => nodeOf(true, node) ?? leafNode

function itemsBelow(shape: KeyedListShape | SetShape, items: readonly unknown[], walk: Walk): Nodes {
  const below: Nodes = {}
  for (const [i, item] of items.entries()) {
    let element = shape.is === 'set' ? valueElement(item) : keyElement(shape, item)
    if (element === undefined) {
      if (walk.strict && item === null)
        throw new ConfigurationError('', `element ${i}: associative list with keys may not have a null element`)
      if (walk.strict) {
        const keys = (shape as KeyedListShape).keys.map(key => JSON.stringify(key.name)).join(' ')
        throw new ConfigurationError(
          '',
          `element ${i}: associative list with keys has an element that omits all key fields [${keys}] (and doesn't have default values for any key fields)`,
        )
      }
      element = `i:${i}`
    }
    if (walk.strict && below[element] !== undefined) {
      throw new ConfigurationError('', `duplicate entries for key ${showElement(element)}`)
    }
    const node =
      shape.is === 'set' ? leafNode : within(element, () => nodeOfValue((shape as KeyedListShape).of, item, walk))
    below[element] = asMember(node)
  }
  return below
}

/** The fields of a value. With `strict`, throws ConfigurationError where it does not fit its declaration. */
export const fieldSetOf = (shape: Shape, value: unknown, strict = false): FieldSet =>
  nodeOfValue(shape, value, { strict }) ?? leafNode
