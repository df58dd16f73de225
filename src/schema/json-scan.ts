/** Deeper documents are refused; no API type nests a tenth of it. It also bounds the recursion of everything that walks. */
export const maxJsonDepth = 1000

export interface JsonScan {
  /** Member names in the document, duplicates counted. */
  readonly keys: number
  /** Whether a number needs its text: a fraction, an exponent, or more digits than a double holds surely. */
  readonly exactNumbers: boolean
  readonly tooDeep: boolean
}

const safeDigits = 15

/** One pass over the text for what `JSON.parse` does not tell. Right for valid JSON only, but ends on any text. */
export function scanJson(text: string): JsonScan {
  const length = text.length
  let keys = 0
  let depth = 0
  let exactNumbers = false
  for (let i = 0; i < length; i++) {
    const c = text.charCodeAt(i)
    if (c === 34) {
      i = stringEnd(text, i)
    } else if (c === 58) {
      keys++
    } else if (c === 123 || c === 91) {
      if (++depth > maxJsonDepth) return { keys, exactNumbers, tooDeep: true }
    } else if (c === 125 || c === 93) {
      depth--
    } else if ((c >= 48 && c <= 57) || c === 45) {
      const start = i
      while (i + 1 < length && isNumberCode(text.charCodeAt(i + 1))) {
        const next = text.charCodeAt(++i)
        if (next === 46 || next === 101 || next === 69) exactNumbers = true
      }
      if (i - start + 1 > safeDigits) exactNumbers = true
    }
  }
  return { keys, exactNumbers, tooDeep: false }
}

/** Position of the quote that ends the string starting at `start`, or the end of the text. */
function stringEnd(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0
    while (text.charCodeAt(end - 1 - backslashes) === 92) backslashes++
    if (backslashes % 2 === 0) return end
  }
  return text.length
}

const isNumberCode = (c: number): boolean =>
  (c >= 48 && c <= 57) || c === 46 || c === 101 || c === 69 || c === 43 || c === 45
