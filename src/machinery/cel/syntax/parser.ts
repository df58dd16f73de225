/** Parses CEL (cel-spec, "Syntax") by recursive descent, expanding macros on the way. */
import { Uint } from '../values.ts'
import {
  call,
  type Element,
  type Entry,
  type Expression,
  type FieldValue,
  identifier,
  literal,
  operators,
} from './expression.ts'
import { expandMacro } from './macros.ts'
import { bytesOf, stringOf } from './quoted-text.ts'
import { CelSyntaxError, type Problem } from './syntax-error.ts'
import { type Token, tokensOf } from './tokens.ts'

/** UTF-16 units of an expression, and how deep it may nest: cel-go's limits. */
const maxLength = 100_000
const maxDepth = 250

const reserved = new Set(
  'as break const continue else for function if import in let loop package namespace return var void while'.split(' '),
)
const relations = new Set(['==', '!=', '<', '<=', '>', '>=', 'in'])
const maxInt = 2n ** 63n - 1n

/** Throws CelSyntaxError. */
export function parse(source: string): Expression {
  if (source.length > maxLength)
    throw new CelSyntaxError(`expression code point size exceeds limit: size: ${source.length}, limit ${maxLength}`, 0)
  const problems: Problem[] = []
  const tokens = tokensOf(source, problems)
  const expression = parsedAfter(tokens, problems)
  const last = problems.pop()
  if (last) throw new CelSyntaxError(last.message, last.at, problems)
  return expression
}

function parsedAfter(tokens: readonly Token[], problems: readonly Problem[]): Expression {
  try {
    return new Parser(tokens).parse()
  } catch (error) {
    throw error instanceof CelSyntaxError ? new CelSyntaxError(error.message, error.at, problems) : error
  }
}

class Parser {
  readonly #tokens: readonly Token[]
  #next = 0
  #depth = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  parse(): Expression {
    const expression = this.#expression()
    if (this.#peek().is !== 'end') throw this.#unexpected()
    return expression
  }

  #peek(): Token {
    return this.#tokens[this.#next] as Token
  }

  #take(): Token {
    const token = this.#peek()
    if (token.is !== 'end') this.#next += 1
    return token
  }

  #sees(text: string): boolean {
    const { is, text: seen } = this.#peek()
    return seen === text && (is === 'symbol' || is === 'identifier')
  }

  #accept(text: string): boolean {
    if (!this.#sees(text)) return false
    this.#next += 1
    return true
  }

  #expect(text: string): Token {
    if (!this.#sees(text)) throw this.#unexpected(`expecting '${text}'`)
    return this.#take()
  }

  #unexpected(hint = ''): CelSyntaxError {
    const { text, at } = this.#peek()
    // One token too many at the end is what the end was expected behind.
    const isLast = this.#tokens[this.#next + 1]?.is === 'end'
    const what = hint === '' && isLast ? 'extraneous' : 'mismatched'
    return new CelSyntaxError(`Syntax error: ${what} input '${text}' ${hint || 'expecting <EOF>'}`, at)
  }

  #expression(): Expression {
    this.#depth += 1
    if (this.#depth > maxDepth)
      throw new CelSyntaxError(`expression recursion limit exceeded: ${maxDepth}`, this.#peek().at)
    const condition = this.#or()
    let result = condition
    const { at } = this.#peek()
    if (this.#accept('?')) {
      const yes = this.#or()
      this.#expect(':')
      result = call(at, '_?_:_', condition, yes, this.#expression())
    }
    this.#depth -= 1
    return result
  }

  #or(): Expression {
    return this.#balanced('||', () => this.#balanced('&&', () => this.#relation()))
  }

  /** Both sides of as many operands as can be, as cel-go has it: long chains make no deep trees. */
  #balanced(sign: '||' | '&&', operand: () => Expression): Expression {
    const operands = [operand()]
    const places: number[] = []
    while (this.#sees(sign)) {
      places.push(this.#take().at)
      operands.push(operand())
    }
    const over = (from: number, to: number): Expression => {
      if (from === to) return operands[from] as Expression
      const middle = (from + to) >> 1
      return call(places[middle] as number, operators[sign], over(from, middle), over(middle + 1, to))
    }
    return over(0, operands.length - 1)
  }

  /** Throws where a chain has so many links that the tree is too deep. */
  #link(links: number): void {
    if (this.#depth + links > maxDepth)
      throw new CelSyntaxError(`expression recursion limit exceeded: ${maxDepth}`, this.#peek().at)
  }

  #leftToRight(signs: readonly string[], operand: () => Expression): Expression {
    let left = operand()
    for (let links = 1; ; links++) {
      const { at, text } = this.#peek()
      if (!signs.some(sign => this.#sees(sign))) return left
      this.#link(links)
      this.#take()
      left = call(at, operators[text as keyof typeof operators], left, operand())
    }
  }

  #relation(): Expression {
    let left = this.#sum()
    for (let links = 1; ; links++) {
      const { at, text } = this.#peek()
      if (!relations.has(text) || !this.#accept(text)) return left
      this.#link(links)
      left = call(at, operators[text as keyof typeof operators], left, this.#sum())
    }
  }

  #sum(): Expression {
    return this.#leftToRight(['+', '-'], () => this.#leftToRight(['*', '/', '%'], () => this.#unary()))
  }

  #unary(): Expression {
    const first = this.#peek()
    for (const [sign, name] of [
      ['!', '!_'],
      ['-', '-_'],
    ] as const) {
      if (!this.#sees(sign)) continue
      let count = 0
      while (this.#accept(sign)) count += 1
      const { is } = this.#peek()
      if (sign === '-' && count % 2 === 1 && (is === 'int' || is === 'double')) return this.#member(true)
      const operand = this.#member(false)
      return count % 2 === 0 ? operand : call(first.at, name, operand)
    }
    return this.#member(false)
  }

  #member(negative: boolean): Expression {
    let operand = this.#primary(negative)
    for (let links = 1; ; links++) {
      this.#link(links)
      const { at } = this.#peek()
      if (this.#accept('.?')) {
        operand = call(at, '_?._', operand, literal(at, this.#fieldName()))
      } else if (this.#accept('.')) {
        operand = this.#memberNamed(at, operand)
      } else if (this.#accept('[')) {
        const name = this.#accept('?') ? '_[?_]' : '_[_]'
        operand = call(at, name, operand, this.#expression())
        this.#expect(']')
      } else return operand
    }
  }

  #memberNamed(at: number, operand: Expression): Expression {
    const isQuoted = this.#peek().is === 'quoted'
    const name = this.#fieldName()
    if (!isQuoted && this.#sees('(')) {
      const { at: callAt } = this.#take()
      const args = this.#arguments(')')
      return expandMacro(callAt, name, operand, args) ?? { is: 'call', at: callAt, name, target: operand, args }
    }
    const type = this.#sees('{') && !isQuoted ? qualifiedName(operand) : undefined
    if (type !== undefined) return this.#struct(`${type}.${name}`)
    return { is: 'select', at, operand, field: name, test: false }
  }

  #fieldName(): string {
    const { is, text } = this.#peek()
    if (is !== 'identifier' && is !== 'quoted') throw this.#unexpected('expecting IDENTIFIER')
    this.#take()
    return text
  }

  #arguments(closing: string): Expression[] {
    const args: Expression[] = []
    while (!this.#accept(closing)) {
      args.push(this.#expression())
      if (!this.#sees(closing)) this.#expect(',')
    }
    return args
  }

  #primary(negative: boolean): Expression {
    const token = this.#take()
    const { is, at, text } = token
    if (is === 'int' || is === 'uint' || is === 'double') return literal(at, this.#number(token, negative))
    if (is === 'string') return literal(at, stringOf(token))
    if (is === 'bytes') return literal(at, bytesOf(token))
    if (is === 'identifier') return this.#named(at, text)
    if (is === 'symbol') {
      if (text === '(') {
        const inner = this.#expression()
        this.#expect(')')
        return inner
      }
      if (text === '[') return this.#list(at)
      if (text === '{') return { is: 'map', at, entries: this.#entries() }
      if (text === '.' && this.#peek().is === 'identifier') return this.#named(at, `.${this.#take().text}`)
    }
    if (is === 'symbol' && text === '.') {
      const behind = this.#peek()
      throw new CelSyntaxError(`Syntax error: no viable alternative at input '.${behind.text}'`, behind.at)
    }
    this.#next -= is === 'end' ? 0 : 1
    throw this.#unexpected(
      "expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}",
    )
  }

  #number({ is, text, at }: Token, negative: boolean) {
    if (is === 'double') return negative ? -Number(text) : Number(text)
    const value = BigInt(text)
    if (is === 'uint') {
      if (value >= 2n ** 64n) throw new CelSyntaxError('Syntax error: invalid uint literal', at)
      return new Uint(value)
    }
    if (value > maxInt + (negative ? 1n : 0n)) throw new CelSyntaxError('Syntax error: invalid int literal', at)
    return negative ? -value : value
  }

  #named(at: number, name: string): Expression {
    if (name === 'true' || name === 'false') return literal(at, name === 'true')
    if (name === 'null') return literal(at, null)
    if (reserved.has(name)) throw new CelSyntaxError(`Syntax error: reserved identifier: ${name}`, at)
    if (this.#sees('(')) {
      const { at: callAt } = this.#take()
      const args = this.#arguments(')')
      return expandMacro(callAt, name, undefined, args) ?? call(callAt, name, ...args)
    }
    if (this.#sees('{')) return this.#struct(name)
    return identifier(at, name)
  }

  #list(at: number): Expression {
    const elements: Element[] = []
    while (!this.#accept(']')) {
      const optional = this.#accept('?')
      elements.push({ value: this.#expression(), optional })
      if (!this.#sees(']')) this.#expect(',')
    }
    return { is: 'list', at, elements }
  }

  /** The entries of a map, behind its `{`. */
  #entries(): Entry[] {
    const entries: Entry[] = []
    while (!this.#accept('}')) {
      const optional = this.#accept('?')
      const key = this.#expression()
      const { at } = this.#expect(':')
      entries.push({ at, key, value: this.#expression(), optional })
      if (!this.#sees('}')) this.#expect(',')
    }
    return entries
  }

  #struct(type: string): Expression {
    const { at } = this.#expect('{')
    const fields: FieldValue[] = []
    while (!this.#accept('}')) {
      const optional = this.#accept('?')
      const name = this.#fieldName()
      const { at: fieldAt } = this.#expect(':')
      fields.push({ at: fieldAt, name, value: this.#expression(), optional })
      if (!this.#sees('}')) this.#expect(',')
    }
    return { is: 'struct', at, type, fields }
  }
}

/** `a.b.c` of nested selections of plain names; undefined for anything else. */
export function qualifiedName(expression: Expression): string | undefined {
  if (expression.is === 'identifier') return expression.name
  if (expression.is !== 'select' || expression.test) return undefined
  const head = qualifiedName(expression.operand)
  return head === undefined ? undefined : `${head}.${expression.field}`
}
