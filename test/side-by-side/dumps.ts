/** Takes out of messages what upstream prints of its internal structs. */

/** Upstream prints hunks of indented JSON, Clipper a line for each field. */
const start = /\n(?:@@ |[-+]\t)/

/** Without the differences between two structs: lines that begin with a sign, up to the end of the last of them. */
function withoutDifferences(text: string): string {
  const from = text.search(start)
  if (from < 0) return text.replace(/\n(?=\]|,|$)/g, '')
  const lines = text.slice(from + 1).split('\n')
  const end = lines.findIndex(line => !/^(?:@@|[-+ ])/.test(line))
  return withoutDifferences(text.slice(0, from) + (end < 0 ? '' : lines.slice(end).join('\n')))
}

/** Without the values of fields that are shown as objects or lists. */
function withoutValues(text: string): string {
  const match = /value: (?=[[{])/.exec(text)
  if (!match) return text
  const start = match.index + match[0].length
  return `${text.slice(0, start)}…${withoutValues(text.slice(endOfValue(text, start)))}`
}

/** Behind the bracket that closes what opens at `start`. */
function endOfValue(text: string, start: number): number {
  let depth = 0
  let inText = false
  for (let i = start; i < text.length; i++) {
    const char = text[i]
    if (inText) {
      if (char === '\\') i++
      else if (char === '"') inText = false
    } else if (char === '"') inText = true
    else if (char === '{' || char === '[') depth++
    else if ((char === '}' || char === ']') && --depth === 0) return i + 1
  }
  return text.length
}

export const withoutDumps = (text: string): string => withoutValues(withoutDifferences(text))
