/** How the fields of a message lie in protobuf: ascending tags, with fields embedded inline gathered in a part of their own. */
import type { FieldFacts } from './field.ts'
import { zeroIsUnset } from './json-shape.ts'
import type { Message, ScalarName } from './type.ts'

/**
 * `upstream`: as Kubernetes' own generated code writes it, where every field without explicit presence is on the wire, set
 * or not, and a zero read stands for unset. `plain`: proto3, where absent fields are not written and what is read is kept.
 */
export type Dialect = 'upstream' | 'plain'

export interface LaidField {
  readonly tag: number
  readonly name: string
  readonly facts: FieldFacts
}

/** Fields that lie inside a part, but flat in the object. */
export interface LaidGroup {
  readonly tag: number
  readonly inline: readonly (LaidField | LaidGroup)[]
}

export function layoutOf(message: Message): (LaidField | LaidGroup)[] {
  const fields = Object.entries(message.fields).map(([name, { facts }]) => ({ tag: facts.tag, name, facts }))
  return laid(fields, 0)
}

/** `depth`: how many parts these fields lie in already. */
function laid(fields: readonly LaidField[], depth: number): (LaidField | LaidGroup)[] {
  const flat: LaidField[] = []
  const groups = new Map<number, LaidField[]>()
  for (const field of fields) {
    const inlineTag = field.facts.inlineTags?.[depth]
    if (inlineTag === undefined) flat.push(field)
    else {
      const group = groups.get(inlineTag)
      if (group) group.push(field)
      else groups.set(inlineTag, [field])
    }
  }
  const inline = [...groups].map(([tag, inner]) => ({ tag, inline: laid(inner, depth + 1) }))
  return [...flat, ...inline].sort(byTag)
}

const byTag = (a: { tag: number }, b: { tag: number }): number => a.tag - b.tag

const withoutZero: ReadonlySet<ScalarName> = new Set<ScalarName>(['bytes', 'binary', 'byteString', 'json'])

/** Whether upstream writes the field even where it is unset: Go's fields that are no pointer, list or map. */
export function writtenWhenUnset({ explicit, always, type }: FieldFacts): boolean {
  if (explicit || type.is === 'list' || type.is === 'map') return false
  if (type.is === 'message' || type.is === 'reference') return always
  return type.is === 'enum' || !withoutZero.has(type.name)
}

/** Whether a zero on upstream's wire means that the field is unset. */
export const dropsZero = (facts: FieldFacts): boolean => zeroIsUnset(facts)
