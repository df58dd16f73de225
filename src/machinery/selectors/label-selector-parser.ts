/** The grammar of label selectors in queries (upstream: `labels.Parse`): lexer and parser, with upstream's messages. */

import { showValue } from '../../schema/field-error.ts'
import { labelKeyErrors } from './label-syntax.ts'
import { newRequirement, type Requirement, type RequirementOperator, requirementErrors } from './requirement.ts'

type Token = 'identifier' | 'end' | 'error' | ')' | '(' | ',' | '!' | '=' | '==' | '!=' | '>' | '<' | 'in' | 'notin'
interface Lexeme {
  readonly token: Token
  readonly text: string
}

const symbols: ReadonlySet<string> = new Set([')', '(', ',', '!', '=', '==', '!=', '>', '<'])
const isSymbol = (char: string): boolean => '=!(),><'.includes(char)
const isSpace = (char: string): boolean => char === ' ' || char === '\t' || char === '\r' || char === '\n'

/** The longest known symbol at `at`. Every single character is one, so that there is always a match. */
function symbolAt(text: string, at: number): string {
  const two = text.slice(at, at + 2)
  return symbols.has(two) ? two : text[at]!
}

function lex(text: string): Lexeme[] {
  const lexemes: Lexeme[] = []
  let at = 0
  while (at < text.length) {
    const char = text[at]!
    if (isSpace(char)) {
      at++
    } else if (isSymbol(char)) {
      const symbol = symbolAt(text, at)
      lexemes.push({ token: symbol as Token, text: symbol })
      at += symbol.length
    } else {
      const start = at
      while (at < text.length && !isSymbol(text[at]!) && !isSpace(text[at]!)) at++
      const word = text.slice(start, at)
      lexemes.push({ token: word === 'in' || word === 'notin' ? word : 'identifier', text: word })
    }
  }
  lexemes.push({ token: 'end', text: '' })
  return lexemes
}

const operators: Partial<Record<Token, RequirementOperator>> = {
  in: 'in',
  notin: 'notin',
  '=': '=',
  '==': '==',
  '!=': '!=',
  '>': 'gt',
  '<': 'lt',
}

/** A fault of the text; its message is complete. */
export class SelectorSyntaxError extends Error {}
const fail = (message: string): never => {
  throw new SelectorSyntaxError(message)
}

class Parser {
  readonly #lexemes: readonly Lexeme[]
  #at = 0

  constructor(text: string) {
    this.#lexemes = lex(text)
  }

  /** `in` and `notin` are names where no operator can stand. */
  peek(): Lexeme {
    const next = this.#lexemes[Math.min(this.#at, this.#lexemes.length - 1)]!
    return next.token === 'in' || next.token === 'notin' ? { token: 'identifier', text: next.text } : next
  }

  next(): Lexeme {
    const next = this.peek()
    this.#at++
    return next
  }

  operator(): RequirementOperator {
    const next = this.#lexemes[Math.min(this.#at++, this.#lexemes.length - 1)]!
    return operators[next.token] ?? fail(`found '${next.text}', expected: in, notin, =, ==, !=, gt, lt`)
  }

  requirements(): Requirement[] {
    const found: Requirement[] = []
    for (;;) {
      const { token, text } = this.peek()
      if (token === 'end') return found
      if (token !== 'identifier' && token !== '!') {
        fail(`found '${text}', expected: !, identifier, or 'end of string'`)
      }
      found.push(this.#checkedRequirement())
      const after = this.next()
      if (after.token === 'end') return found
      if (after.token !== ',') fail(`found '${after.text}', expected: ',' or 'end of string'`)
      const following = this.peek()
      if (following.token !== 'identifier' && following.token !== '!') {
        fail(`found '${following.text}', expected: identifier after ','`)
      }
    }
  }

  #checkedRequirement(): Requirement {
    try {
      const requirement = this.#requirement()
      const errors = requirementErrors(requirement).map(error => `${error.field}: ${error.message}`)
      if (errors.length > 0) fail(errors.length === 1 ? errors[0]! : `[${errors.join(', ')}]`)
      return requirement
    } catch (error) {
      if (error instanceof SelectorSyntaxError) fail(`unable to parse requirement: ${error.message}`)
      throw error
    }
  }

  #requirement(): Requirement {
    let lexeme = this.next()
    const negated = lexeme.token === '!'
    if (negated) lexeme = this.next()
    if (lexeme.token !== 'identifier') fail(`found '${lexeme.text}', expected: identifier`)
    const key = lexeme.text
    const keyErrors = labelKeyErrors(key)
    // Upstream prints its absent path so.
    if (keyErrors.length > 0) fail(`<nil>: Invalid value: ${showValue(key)}: ${keyErrors.join('; ')}`)
    if (negated) return newRequirement(key, '!', [])
    const { token } = this.peek()
    if (token === 'end' || token === ',') return newRequirement(key, 'exists', [])
    const operator = this.operator()
    const values = operator === 'in' || operator === 'notin' ? this.#values() : [this.#exactValue()]
    return newRequirement(key, operator, values)
  }

  #exactValue(): string {
    const { token } = this.peek()
    if (token === 'end' || token === ',') return ''
    const lexeme = this.next()
    return lexeme.token === 'identifier' ? lexeme.text : fail(`found '${lexeme.text}', expected: identifier`)
  }

  #values(): string[] {
    const open = this.next()
    if (open.token !== '(') fail(`found '${open.text}' expected: '('`)
    const first = this.peek()
    if (first.token === ')') {
      this.next()
      return ['']
    }
    if (first.token !== 'identifier' && first.token !== ',') {
      fail(`found '${first.text}', expected: ',', ')' or identifier`)
    }
    const values = this.#valueList()
    if (this.next().token !== ')') fail(`found '${first.text}', expected: ')'`)
    return values
  }

  /** Stops before the closing parenthesis. A missing value between commas is the empty string. */
  #valueList(): string[] {
    const values: string[] = []
    for (;;) {
      const lexeme = this.next()
      if (lexeme.token === 'identifier') {
        values.push(lexeme.text)
        const after = this.peek()
        if (after.token === ')') return values
        if (after.token !== ',') fail(`found '${after.text}', expected: ',' or ')'`)
      } else if (lexeme.token === ',') {
        if (values.length === 0) values.push('')
        const after = this.peek()
        if (after.token === ')') return [...values, '']
        if (after.token === ',') {
          this.next()
          values.push('')
        }
      } else {
        fail(`found '${lexeme.text}', expected: ',', or identifier`)
      }
    }
  }
}

/** Parses the text of a label selector. Throws SelectorSyntaxError. */
export const parseRequirements = (text: string): Requirement[] => new Parser(text).requirements()
