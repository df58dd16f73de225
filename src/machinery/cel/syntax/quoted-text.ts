/** What the escapes in CEL's strings and bytes stand for (cel-spec, "String and Bytes Values"). */
import { CelSyntaxError } from './syntax-error.ts'
import type { Token } from './tokens.ts'

const sequence =
  /\\(?:([abfnrtv\\'"`?])|x([0-9a-fA-F]{2})|X([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2}))|\\/g
const short: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}

/** `wide` makes the character of a code point, `narrow` that of an octal or `\x` escape: a byte in bytes. */
function unescaped({ text, at }: Token, wide: (codePoint: number) => string, narrow: (code: number) => string): string {
  return text.replace(sequence, (whole, letter, x, X, u, U, octal) => {
    if (letter !== undefined) return short[letter as string] ?? (letter as string)
    const byte = (x ?? X) as string | undefined
    if (byte !== undefined) return narrow(Number.parseInt(byte, 16))
    if (octal !== undefined) return narrow(Number.parseInt(octal as string, 8))
    const point = Number.parseInt((u ?? U ?? '') as string, 16)
    const isSurrogate = point >= 0xd800 && point <= 0xdfff
    if (whole === '\\' || Number.isNaN(point) || point > 0x10ffff || isSurrogate)
      throw new CelSyntaxError(`Syntax error: invalid escape sequence in '${text}'`, at)
    return wide(point)
  })
}

export function stringOf(token: Token): string {
  if (token.raw) return token.text
  return unescaped(token, String.fromCodePoint, String.fromCodePoint)
}

/** Escaped bytes stand for themselves, other characters for their UTF-8 form. */
export function bytesOf(token: Token): Uint8Array {
  if (token.raw) return Buffer.from(token.text, 'utf8')
  const binary = (text: string) => Buffer.from(text, 'utf8').toString('latin1')
  const latin = Array.from(token.text, character => (character < '\x80' ? character : binary(character))).join('')
  const bytes = unescaped({ ...token, text: latin }, point => binary(String.fromCodePoint(point)), String.fromCharCode)
  return Buffer.from(bytes, 'latin1')
}
