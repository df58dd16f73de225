/** Path elements: how FieldsV1 and messages name a member or an item (KEP-555). */
import { readJson } from '../../schema/json-decode.ts'
import { stringifyJson } from '../../schema/json-encode.ts'
import { ownMember } from '../../schema/json-exact.ts'
import { isObject } from '../patch/json-value.ts'
import type { KeyedListShape } from './shape.ts'

const fieldElements = new Map<string, string>()
/** Names of declared fields, and of the labels and annotations that most objects have. */
const maxFieldElements = 8_192

export function fieldElement(name: string): string {
  let element = fieldElements.get(name)
  if (element === undefined) {
    element = `f:${name}`
    if (fieldElements.size < maxFieldElements) fieldElements.set(name, element)
  }
  return element
}

export const valueElement = (value: unknown): string => `v:${stringifyJson(value)}`

/** `k:{"name":"x"}`, keys sorted, defaults filled in; undefined if the item has none of its keys. A null is a value. */
export function keyElement(shape: KeyedListShape, item: unknown): string | undefined {
  if (!isObject(item)) return undefined
  let text = ''
  for (const key of shape.keys) {
    const own = ownMember(item, key.name)
    const value = own === undefined ? key.default : own
    if (value === undefined) continue
    text += `${text === '' ? '' : ','}${JSON.stringify(key.name)}:${stringifyJson(value)}`
  }
  return text === '' ? undefined : `k:{${text}}`
}

const showKey = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(showKey).join(',')}]`
  if (!isObject(value)) return stringifyJson(value)
  return Object.entries(value)
    .map(([name, member]) => `${name}=${showKey(member)}`)
    .join('')
}

/** One element as messages show it: `.spec`, `[name="x"]`, `[="a"]`, `[0]`. */
export function showElement(element: string): string {
  const rest = element.slice(2)
  switch (element[0]) {
    case 'f':
      return `.${rest}`
    case 'k': {
      const keys = Object.entries(readJson(rest) as Record<string, unknown>)
      return `[${keys.map(([name, value]) => `${name}=${showKey(value)}`).join(',')}]`
    }
    case 'v':
      return `[=${rest}]`
    default:
      return `[${rest}]`
  }
}

export const showPath = (path: readonly string[]): string => path.map(showElement).join('')
