/**
 * A JSON parser that keeps what `JSON.parse` loses: every digit of a number, duplicate keys with their path, and error
 * messages in the words of Go's encoding/json. Slower; used only where one of them is needed.
 */
import { DecodeError } from './decode-error.ts'
import { maxJsonDepth } from './json-scan.ts'

/** A number that is no integer literal, or beyond int64, by its text. */
export class NumberLiteral {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

export interface ExactJson {
  /** Integers are numbers while safe, else bigints within int64; other numbers are NumberLiterals. */
  readonly value: unknown
  /** Paths of keys given more than once, as `spec.containers[0].name`; at most 100. */
  readonly duplicates: readonly string[]
}

const maxDuplicates = 100
/** With its sign. */
const maxInt64Digits = 20
const numberSyntax = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y

export function parseExactJson(text: string): ExactJson {
  return new ExactParser(text).document()
}

/** Within int64: what is beyond is a float to Go. */
export const isInt64 = (value: bigint): boolean => BigInt.asIntN(64, value) === value

/** The value with every NumberLiteral as a plain number. Throws DecodeError for one beyond all floats. */
export function plainNumbers(value: unknown): unknown {
  if (value instanceof NumberLiteral) {
    const number = Number(value.text)
    if (Number.isFinite(number)) return number
    throw new DecodeError(`json: cannot unmarshal number ${value.text} into Go value of type float64`)
  }
  if (Array.isArray(value)) return value.map(plainNumbers)
  if (typeof value !== 'object' || value === null) return value
  for (const key in value) {
    const member = (value as Record<string, unknown>)[key]
    if (typeof member === 'object') setMember(value as Record<string, unknown>, key, plainNumbers(member))
  }
  return value
}

/** Sets a member whatever its name, `__proto__` too. */
export function setMember(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true })
  } else target[key] = value
}

/** A member of its own: names come from clients, and `constructor` is one of every object. */
export const ownMember = <T>(source: Readonly<Record<string, T>> | undefined, key: string): T | undefined =>
  source !== undefined && Object.hasOwn(source, key) ? source[key] : undefined

class ExactParser {
  readonly #text: string
  readonly #path: (string | number)[] = []
  readonly #duplicates = new Set<string>()
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  document(): ExactJson {
    const value = this.#value()
    this.#space()
    if (this.#at < this.#text.length) throw this.#unexpected('after top-level value')
    return { value, duplicates: [...this.#duplicates] }
  }

  #value(): unknown {
    this.#space()
    if (this.#path.length > maxJsonDepth) throw new DecodeError('exceeded max depth')
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object()
      case '[':
        return this.#array()
      case '"':
        return this.#string()
      case 't':
        return this.#literal('true', true)
      case 'f':
        return this.#literal('false', false)
      case 'n':
        return this.#literal('null', null)
      default:
        return this.#number()
    }
  }

  #object(): unknown {
    const object: Record<string, unknown> = {}
    this.#at++
    this.#space()
    if (this.#take('}')) return object
    for (;;) {
      this.#space()
      if (this.#text[this.#at] !== '"') throw this.#unexpected('looking for beginning of object key string')
      const key = this.#string()
      this.#space()
      if (!this.#take(':')) throw this.#unexpected('after object key')
      this.#path.push(key)
      if (Object.hasOwn(object, key) && this.#duplicates.size < maxDuplicates)
        this.#duplicates.add(showPath(this.#path))
      setMember(object, key, this.#value())
      this.#path.pop()
      this.#space()
      if (this.#take('}')) return object
      if (!this.#take(',')) throw this.#unexpected('after object key:value pair')
    }
  }

  #array(): unknown[] {
    const array: unknown[] = []
    this.#at++
    this.#space()
    if (this.#take(']')) return array
    for (;;) {
      this.#path.push(array.length)
      array.push(this.#value())
      this.#path.pop()
      this.#space()
      if (this.#take(']')) return array
      if (!this.#take(',')) throw this.#unexpected('after array element')
    }
  }

  #string(): string {
    const start = this.#at
    for (this.#at++; this.#at < this.#text.length; this.#at++) {
      const c = this.#text.charCodeAt(this.#at)
      if (c === 34) {
        this.#at++
        return JSON.parse(this.#text.slice(start, this.#at)) as string
      }
      if (c < 32) throw this.#unexpected('in string literal')
      if (c === 92) this.#escape()
    }
    throw this.#unexpected('')
  }

  #escape(): void {
    this.#at++
    const c = this.#text[this.#at]
    if (c === undefined) throw this.#unexpected('')
    if (c === 'u') {
      for (let digit = 0; digit < 4; digit++) {
        this.#at++
        if (!/[0-9a-fA-F]/.test(this.#text[this.#at] ?? ''))
          throw this.#unexpected('in \\u hexadecimal character escape')
      }
    } else if (!'"\\/bfnrt'.includes(c)) throw this.#unexpected('in string escape code')
  }

  #literal<T>(word: string, value: T): T {
    for (const letter of word) {
      if (this.#text[this.#at] !== letter) throw this.#unexpected(`in literal ${word} (expecting '${letter}')`)
      this.#at++
    }
    return value
  }

  #number(): unknown {
    numberSyntax.lastIndex = this.#at
    const text = numberSyntax.exec(this.#text)?.[0]
    if (text === undefined) {
      if (this.#text[this.#at] !== '-') throw this.#unexpected('looking for beginning of value')
      this.#at++
      throw this.#unexpected('in numeric literal')
    }
    this.#at += text.length
    const next = this.#text[this.#at]
    if (next === '.') {
      this.#at++
      throw this.#unexpected('after decimal point in numeric literal')
    }
    if (next === 'e' || next === 'E') {
      this.#at++
      throw this.#unexpected('in exponent of numeric literal')
    }
    if (/[.eE]/.test(text)) return new NumberLiteral(text)
    const number = Number(text)
    if (Number.isSafeInteger(number)) return Object.is(number, -0) ? 0 : number
    if (text.length > maxInt64Digits) return new NumberLiteral(text)
    const integer = BigInt(text)
    return isInt64(integer) ? integer : new NumberLiteral(text)
  }

  #space(): void {
    for (;;) {
      const c = this.#text.charCodeAt(this.#at)
      if (c !== 32 && c !== 10 && c !== 13 && c !== 9) return
      this.#at++
    }
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false
    this.#at++
    return true
  }

  #unexpected(where: string): DecodeError {
    const code = this.#text.codePointAt(this.#at)
    if (code === undefined) return new DecodeError('unexpected end of JSON input')
    return new DecodeError(`invalid character ${showCharacter(String.fromCodePoint(code))} ${where}`)
  }
}

function showCharacter(character: string): string {
  if (character === "'") return `'\\''`
  if (character === '"') return `'"'`
  // As Go quotes control characters.
  return `'${JSON.stringify(character)
    .slice(1, -1)
    .replace(/^\\u00/, '\\x')}'`
}

/** A path as upstream's strict decoder shows it. */
export function showPath(path: readonly (string | number)[]): string {
  let shown = ''
  for (const step of path) shown += typeof step === 'number' ? `[${step}]` : shown === '' ? step : `.${step}`
  return shown
}
