/** Functions that expressions call: overloads declared by their signature in text, and the tables they are found in. */
import {
  bytesType,
  type CelType,
  durationType,
  listOf,
  mapOf,
  namedTypes,
  optionalOf,
  timestampType,
  typeOf,
} from './types.ts'
import type { Value } from './values.ts'

export interface Overload {
  readonly name: string
  readonly isMember: boolean
  /** The receiver of a member comes first. */
  readonly params: readonly CelType[]
  readonly result: CelType
  /** Throws EvaluationError. */
  readonly run: (...args: Value[]) => Value
  /** What a call costs in units of cel-go's cost; 1 where absent. */
  readonly cost?: Cost
}

export type Cost = (args: readonly Value[], result: Value) => number

type Implementation = (...args: never[]) => Value

/** `func('size(list(A)) int', …)`. Upper-case letters are type parameters, unknown names are opaque types. */
export const func = (signature: string, run: Implementation, cost?: Cost): Overload => declare(signature, [], run, cost)

/** `method('string', 'contains(string) bool', …)`: called as `'x'.contains('y')`. */
export const method = (receiver: string, signature: string, run: Implementation, cost?: Cost): Overload =>
  declare(signature, [typeNamed(receiver)], run, cost)

function declare(signature: string, receiver: readonly CelType[], run: Implementation, cost?: Cost): Overload {
  const open = signature.indexOf('(')
  const close = signature.lastIndexOf(') ')
  return {
    name: signature.slice(0, open),
    isMember: receiver.length > 0,
    params: [...receiver, ...splitTypes(signature.slice(open + 1, close)).map(typeNamed)],
    result: typeNamed(signature.slice(close + 2)),
    run: run as Overload['run'],
    ...(cost === undefined ? {} : { cost }),
  }
}

/** Splits at the commas that are in no parentheses. */
function splitTypes(text: string): string[] {
  const parts: string[] = []
  let depth = 0
  let start = 0
  for (let i = 0; i <= text.length; i += 1) {
    if (text[i] === '(') depth += 1
    else if (text[i] === ')') depth -= 1
    else if (depth === 0 && (text[i] === ',' || i === text.length)) {
      parts.push(text.slice(start, i).trim())
      start = i + 1
    }
  }
  return parts.filter(part => part !== '')
}

const shortNames: ReadonlyMap<string, CelType> = new Map<string, CelType>([
  ['timestamp', timestampType],
  ['duration', durationType],
  ['bytes', bytesType],
])

function typeNamed(text: string): CelType {
  const [, name = text, inner] = /^(\w+)\((.*)\)$/s.exec(text) ?? []
  if (inner !== undefined) {
    const [first, second] = splitTypes(inner).map(typeNamed) as [CelType, CelType?]
    if (name === 'list') return listOf(first)
    if (name === 'optional') return optionalOf(first)
    return name === 'type' ? typeOf(first) : mapOf(first, second as CelType)
  }
  if (/^[A-Z]$/.test(text)) return { is: 'parameter', name: text }
  return shortNames.get(text) ?? namedTypes.get(text) ?? { is: 'opaque', name: text }
}

/** Overloads by name, those of members apart. */
export class FunctionTable {
  readonly #functions = new Map<string, Overload[]>()
  readonly #members = new Map<string, Overload[]>()

  constructor(libraries: readonly (readonly Overload[])[]) {
    for (const overload of libraries.flat()) {
      const table = overload.isMember ? this.#members : this.#functions
      const known = table.get(overload.name)
      if (known) known.push(overload)
      else table.set(overload.name, [overload])
    }
  }

  find(name: string, isMember: boolean): readonly Overload[] | undefined {
    return (isMember ? this.#members : this.#functions).get(name)
  }

  has(name: string): boolean {
    return this.#functions.has(name) || this.#members.has(name)
  }
}
