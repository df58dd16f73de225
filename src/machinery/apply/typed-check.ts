/**
 * Whether an applied configuration fits its declaration (structured-merge-diff's validation of typed values): every
 * fault with its path, in upstream's words.
 */
import { messageOf } from '../../schema/field.ts'
import { ownMember } from '../../schema/json-exact.ts'
import type { Message, ScalarName, Type } from '../../schema/type.ts'
import { customFactsOf } from '../custom/custom-kind.ts'
import { isObject, type JsonObject, showGoValue } from '../patch/json-value.ts'
import { checkCustomTypes } from './custom-check.ts'
import { fieldElement, keyElement, showElement, valueElement } from './path-element.ts'
import { type KeyedListShape, type Shape, structShapeOf } from './shape.ts'

interface TypedFault {
  /** As `.spec.containers[name="a"].image`. */
  readonly path: string
  readonly fault: string
}

/** More faults than these are not looked for. */
const maxFaults = 100

/** Kinds of custom resources are open here: their schema is checked where the fields are gathered. */
export function typedFaults(message: Message, value: JsonObject): readonly TypedFault[] {
  const faults: TypedFault[] = []
  checkMembers(message, value, '', faults)
  return faults
}

export const showFaults = (faults: readonly TypedFault[]): string => {
  const texts = faults.map(({ path, fault }) => (path === '' ? fault : `${path}: ${fault}`))
  return texts.length === 1 ? (texts[0] as string) : ['errors:', ...texts.map(text => `  ${text}`)].join('\n')
}

function checkMembers(message: Message, value: JsonObject, path: string, faults: TypedFault[]): void {
  const custom = customFactsOf(message)
  const shapes = structShapeOf(message).members()
  for (const name of Object.keys(value)) {
    if (faults.length >= maxFaults) return
    const facts = message.fields[name]?.facts
    const at = path + showElement(fieldElement(name))
    if (facts) {
      const property = custom?.schema.properties?.[name]
      if (!custom || name === 'metadata')
        checkValue(facts.type, shapes.get(name)?.shape, ownMember(value, name), at, faults)
      else if (property) {
        const add = (path: string, fault: string) => void faults.push({ path, fault })
        checkCustomTypes(property, ownMember(value, name), at, { scalarFault, showGo: showGoAddress, add })
      }
      continue
    }
    const isType = message.gvk && (name === 'apiVersion' || name === 'kind')
    if (!isType && !custom && !message.options.keepsUnknown)
      faults.push({ path: at, fault: 'field not declared in schema' })
  }
}

function checkValue(type: Type, shape: Shape | undefined, value: unknown, path: string, faults: TypedFault[]): void {
  if (value === null || value === undefined) return
  if (type.is === 'scalar' || type.is === 'enum') {
    const fault = scalarFault(type.is === 'enum' ? 'string' : type.name, value)
    if (fault !== undefined) faults.push({ path, fault })
    return
  }
  const message = messageOf(type)
  if (message?.options.choice) return
  if (type.is === 'list' || message?.options.listForm) {
    if (!Array.isArray(value)) faults.push({ path, fault: `expected list, got ${showGoAddress(value)}` })
    else if (type.is === 'list') checkItems(type.of, shape, value, path, faults)
    return
  }
  if (!isObject(value)) faults.push({ path, fault: `expected map, got ${showGoAddress(value)}` })
  else if (message) checkMembers(message, value, path, faults)
  else if (type.is === 'map') {
    for (const [key, member] of Object.entries(value)) {
      checkValue(type.of, undefined, member, path + showElement(fieldElement(key)), faults)
    }
  }
}

/** An item without a path element ends the list: nothing below it could be named. */
function checkItems(
  of: Type,
  shape: Shape | undefined,
  items: readonly unknown[],
  path: string,
  faults: TypedFault[],
): void {
  const keyed = shape?.is === 'list' ? shape : undefined
  const seen = new Set<string>()
  for (const [i, item] of items.entries()) {
    if (faults.length >= maxFaults) return
    let shown = `[${i}]`
    if (keyed || shape?.is === 'set') {
      const fault = keyed ? keyedItemFault(keyed, item) : setItemFault(item)
      if (fault !== undefined) {
        faults.push({ path, fault: `element ${i}: ${fault}` })
        return
      }
      const element = keyed ? (keyElement(keyed, item) as string) : valueElement(item)
      shown = showElement(element)
      if (seen.has(element)) faults.push({ path, fault: `duplicate entries for key ${shown}` })
      seen.add(element)
    }
    checkValue(of, undefined, item, path + shown, faults)
  }
}

function keyedItemFault(shape: KeyedListShape, item: unknown): string | undefined {
  if (item === null) return 'associative list with keys may not have a null element'
  if (!isObject(item)) return 'associative list with keys may not have non-map elements'
  if (keyElement(shape, item) !== undefined) return undefined
  const names = shape.keys.map(({ name }) => JSON.stringify(name)).join(' ')
  return `associative list with keys has an element that omits all key fields [${names}] (and doesn't have default values for any key fields)`
}

function setItemFault(item: unknown): string | undefined {
  if (item === null) return "associative list without keys has an element that's an explicit null"
  if (Array.isArray(item)) return 'not supported: associative list with lists as elements'
  return isObject(item) ? "associative list without keys has an element that's a map type" : undefined
}

const isNumber = (value: unknown): boolean => typeof value === 'number' || typeof value === 'bigint'

function scalarFault(name: ScalarName, value: unknown): string | undefined {
  switch (name) {
    case 'fieldsV1':
      return isObject(value) ? undefined : `expected map, got ${showGoAddress(value)}`
    case 'raw':
    case 'json':
      return undefined
    case 'quantity':
    case 'intOrString':
    case 'time':
    case 'microTime':
      return typeof value === 'object' ? `expected any scalar, got ${showGoAddress(value)}` : undefined
    case 'bool':
      return typeof value === 'boolean' ? undefined : `expected boolean, got ${showGoAddress(value)}`
    case 'int32':
    case 'int64':
    case 'uint32':
    case 'uint64':
    case 'double':
      return isNumber(value) ? undefined : `expected numeric (int or float), got ${goTypeOf(value)}`
    default:
      return typeof value === 'string'
        ? undefined
        : `expected string, got &value.valueUnstructured{Value:${showGoSyntax(value)}}`
  }
}

/** A pointer to a struct with the value, as Go's `%v` prints it. */
const showGoAddress = (value: unknown): string => `&{${showGoValue(value)}}`

function goTypeOf(value: unknown): string {
  if (Array.isArray(value)) return '[]interface {}'
  if (isObject(value)) return 'map[string]interface {}'
  return typeof value === 'boolean' ? 'bool' : 'string'
}

/** A value as Go's `%#v` prints it. */
function showGoSyntax(value: unknown): string {
  if (value === null || value === undefined) return 'interface {}(nil)'
  if (Array.isArray(value)) return `[]interface {}{${value.map(showGoSyntax).join(', ')}}`
  if (isObject(value)) {
    const members = Object.keys(value)
      .sort()
      .map(key => `${JSON.stringify(key)}:${showGoSyntax(value[key])}`)
    return `map[string]interface {}{${members.join(', ')}}`
  }
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}
