/** What the protobuf forms of OpenAPI v2 and v3 have in common: values of messages made of their JSON form. */
import { stringifyJson } from '../../schema/json-encode.ts'
import type { Message } from '../../schema/type.ts'
import { toYaml } from '../../schema/yaml.ts'

export type Json = Readonly<Record<string, unknown>>
type Convert = (value: never) => unknown

export class GnosticConversion {
  readonly #extensions: string
  /** Most of the values recur: their YAML by their JSON, while the conversion lasts. */
  readonly #yaml = new Map<string, string>()

  /** `extensions`: the field of messages that holds members beginning with `x-`. */
  constructor(extensions: string) {
    this.#extensions = extensions
  }

  /** The members of a value by the fields of its message; extensions gathered in their own. Throws on one that is not declared. */
  members(message: Message, value: Json, conversions: Readonly<Record<string, Convert>> = {}): Json {
    const members: Record<string, unknown> = {}
    const extended: Json[] = []
    for (const [name, member] of Object.entries(value)) {
      if (name.startsWith('x-')) extended.push({ name, value: this.any(member) })
      else if (Object.hasOwn(message.fields, name)) {
        const convert = Object.hasOwn(conversions, name)
          ? (conversions[name] as (member: unknown) => unknown)
          : undefined
        members[name] = convert ? convert(member) : member
      } else throw new Error(`${message.name} is declared without "${name}"`)
    }
    if (extended.length === 0) return members
    if (!(this.#extensions in message.fields)) throw new Error(`${message.name} is declared without extensions`)
    return { ...members, [this.#extensions]: extended }
  }

  any(value: unknown): Json {
    const key = stringifyJson(value)
    let yaml = this.#yaml.get(key)
    if (yaml === undefined) {
      yaml = toYaml(value)
      this.#yaml.set(key, yaml)
    }
    return { yaml }
  }
}

export const namedValues = (values: Json, convert: (value: Json) => Json): Json[] =>
  Object.entries(values).map(([name, value]) => ({ name, value: convert(value as Json) }))
