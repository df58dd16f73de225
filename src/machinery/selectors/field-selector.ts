/** Selectors on fields, as `metadata.name=web,status.phase!=Running` (upstream: `fields.ParseSelector`). */
import { badRequestError } from '../api-error.ts'

export interface FieldRequirement {
  /** The label of the field, as `spec.nodeName`; the registry says which ones a resource knows. */
  readonly field: string
  readonly operator: '=' | '!='
  readonly value: string
}

export interface FieldSelector {
  /** `fieldValue` gives the value of a field; an absent one counts as ''. */
  matches(fieldValue: (field: string) => string | undefined): boolean
  /** All must hold; sorted. */
  readonly requirements: readonly FieldRequirement[]
  toString(): string
}

const escapeValue = (value: string): string => value.replace(/[\\,=]/g, char => `\\${char}`)

export function fieldSelectorOf(requirements: readonly FieldRequirement[]): FieldSelector {
  return {
    requirements,
    matches: fieldValue =>
      requirements.every(({ field, operator, value }) => ((fieldValue(field) ?? '') === value) === (operator === '=')),
    toString: () =>
      requirements.map(({ field, operator, value }) => `${field}${operator}${escapeValue(value)}`).join(','),
  }
}

/** Selects every object. */
export const allFields: FieldSelector = fieldSelectorOf([])

/** Splits at commas that no backslash precedes. */
function splitTerms(text: string): string[] {
  const terms: string[] = []
  let start = 0
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === ',') {
      terms.push(text.slice(start, at))
      start = at + 1
    }
  }
  terms.push(text.slice(start))
  return terms
}

function unescapeValue(value: string): string {
  let plain = ''
  for (let at = 0; at < value.length; at++) {
    const char = value[at]!
    if (char === '\\') {
      const next = value[++at]
      if (next !== '\\' && next !== ',' && next !== '=') {
        throw badRequestError(`invalid field selector: invalid escape sequence: \\${next ?? ''}`)
      }
      plain += next
    } else if (char === ',' || char === '=') {
      // Go prints the rune as its number.
      throw badRequestError(`invalid field selector: unescaped character in value: ${char.charCodeAt(0)}`)
    } else {
      plain += char
    }
  }
  return plain
}

/** The first operator of a term: at each place the longest wins. */
function splitTerm(term: string): [field: string, operator: '=' | '!=', value: string] | undefined {
  const at = term.search(/!=|=/)
  if (at < 0) return undefined
  const field = term.slice(0, at)
  if (term.startsWith('!=', at)) return [field, '!=', term.slice(at + 2)]
  return [field, '=', term.slice(at + (term.startsWith('==', at) ? 2 : 1))]
}

/** Parses a field selector. Throws ApiError 400 with upstream's message. */
export function parseFieldSelector(text: string): FieldSelector {
  const requirements: FieldRequirement[] = []
  for (const term of splitTerms(text).sort()) {
    if (term === '') continue
    const parts = splitTerm(term)
    if (parts === undefined) throw badRequestError(`invalid selector: '${text}'; can't understand '${term}'`)
    const [field, operator, value] = parts
    if (field === '' && value === '') continue
    requirements.push({ field, operator, value: unescapeValue(value) })
  }
  return requirements.length === 0 ? allFields : fieldSelectorOf(requirements)
}
