/** The tokens of CEL (cel-spec, "Lexis"). */
import { CelSyntaxError, type Problem } from './syntax-error.ts'

export type TokenKind = 'identifier' | 'quoted' | 'int' | 'uint' | 'double' | 'string' | 'bytes' | 'symbol' | 'end'

export interface Token {
  readonly is: TokenKind
  readonly at: number
  /** Identifiers and symbols: themselves. Numbers: their digits. Strings and bytes: the text between the quotes, escapes kept. */
  readonly text: string
  /** A string whose escapes stand for themselves. */
  readonly raw?: boolean
}

const whitespace = /(?:[ \t\r\n\f]|\/\/[^\n]*)+/y
const identifier = /[A-Za-z_][A-Za-z0-9_]*/y
const quoted = /`[A-Za-z0-9_.\-/ ]+`/y
const number = /0[xX][0-9a-fA-F]+[uU]?|(?:\d+\.\d+|\.\d+)(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\d+[uU]?/y
const stringStart = /([rR]?[bB]|[bB][rR]|[rR])?("""|'''|"|')/y
const symbol = /==|!=|<=|>=|&&|\|\||\.\?|[-+*/%!?:.,()[\]{}<>]/y

function match(pattern: RegExp, source: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(source)
}

function numberToken(text: string, at: number): Token {
  if (/[uU]$/.test(text)) return { is: 'uint', at, text: text.slice(0, -1) }
  const isDouble = !/^0[xX]/.test(text) && /[.eE]/.test(text)
  return { is: isDouble ? 'double' : 'int', at, text }
}

/** The end of a string that starts with `quote`; `from` is behind the quote. */
function endOfString(source: string, from: number, quote: string, raw: boolean): number {
  for (let i = from; i < source.length; i += 1) {
    if (source.startsWith(quote, i)) return i
    if (quote.length === 1 && (source[i] === '\n' || source[i] === '\r')) break
    if (source[i] === '\\' && !raw) i += 1
  }
  throw new CelSyntaxError(`Syntax error: token recognition error at: '${source.slice(from - quote.length)}'`, from - 1)
}

function tokenAt(source: string, at: number): { token: Token; end: number } | undefined {
  const string = match(stringStart, source, at)
  if (string) {
    const [opening, prefix = '', quote = ''] = string
    const raw = /r/i.test(prefix)
    const from = at + opening.length
    const end = endOfString(source, from, quote, raw)
    const is = /b/i.test(prefix) ? 'bytes' : 'string'
    return { token: { is, at, text: source.slice(from, end), raw }, end: end + quote.length }
  }
  const digits = match(number, source, at)
  if (digits) return { token: numberToken(digits[0], at), end: at + digits[0].length }
  const name = match(identifier, source, at)
  if (name) return { token: { is: 'identifier', at, text: name[0] }, end: at + name[0].length }
  const escaped = match(quoted, source, at)
  if (escaped) return { token: { is: 'quoted', at, text: escaped[0].slice(1, -1) }, end: at + escaped[0].length }
  const sign = match(symbol, source, at)
  if (sign) return { token: { is: 'symbol', at, text: sign[0] }, end: at + sign[0].length }
  return undefined
}

/** All tokens, ending with one `end`. Characters of which none can be made are skipped and told. Throws CelSyntaxError. */
export function tokensOf(source: string, problems: Problem[]): Token[] {
  const tokens: Token[] = []
  let at = 0
  for (;;) {
    at += match(whitespace, source, at)?.[0].length ?? 0
    if (at >= source.length) break
    const found = tokenAt(source, at)
    if (found) {
      tokens.push(found.token)
      at = found.end
    } else {
      const character = String.fromCodePoint(source.codePointAt(at)!)
      problems.push({ at, message: `Syntax error: token recognition error at: '${character}'` })
      at += character.length
    }
  }
  tokens.push({ is: 'end', at: source.length, text: '<EOF>' })
  return tokens
}
