/**
 * Field sets of managedFields (FieldsV1). Most objects of a kind have the same few, so that equal ones are one frozen
 * object, whose text is known: they are hardly ever parsed or written, and take no memory of their own.
 */

/** A generation of sets is forgotten when it grows larger, and the one before it goes. */
const maxSets = 1_024
const maxCharacters = 1_048_576

let young = new Map<string, object>()
let old = new Map<string, object>()
let characters = 0
const texts = new WeakMap<object, string>()

function keep(text: string, set: object): void {
  if (young.size >= maxSets || characters >= maxCharacters) {
    old = young
    young = new Map()
    characters = 0
  }
  young.set(text, set)
  characters += text.length
}

function known(text: string): object | undefined {
  const recent = young.get(text)
  if (recent !== undefined) return recent
  const found = old.get(text)
  if (found !== undefined) keep(text, found)
  return found
}

function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  Object.freeze(value)
  for (const key in value) freeze((value as Record<string, unknown>)[key])
}

/** The shared set of a text; `parse` makes it where it is new. A value that is no object is passed on. */
export function sharedFields(text: string, parse: (text: string) => unknown): unknown {
  const found = known(text)
  if (found !== undefined) return found
  const set = parse(text)
  if (typeof set !== 'object' || set === null) return set
  freeze(set)
  keep(text, set)
  texts.set(set, text)
  return set
}

/** The shared set that equals a given one, which is the caller's own and becomes the shared one where it is new. */
export function shared<T extends object>(set: T): T {
  if (texts.has(set)) return set
  const text = JSON.stringify(set)
  return sharedFields(text, () => set) as T
}

/** Whether it is one of the shared sets, which nobody ever changes. */
export const isShared = (value: object): boolean => texts.has(value)

/** The JSON of a set, or of anything else that stands in its place. */
export function fieldsText(value: unknown, stringify: (value: unknown) => string): string {
  const text = typeof value === 'object' && value !== null ? texts.get(value) : undefined
  return text ?? stringify(value)
}
