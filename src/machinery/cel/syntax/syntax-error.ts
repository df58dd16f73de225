/** Thrown for an expression that does not parse. `at` is the offset in the source. */
export class CelSyntaxError extends Error {
  readonly at: number
  /** What no token could be made of before. */
  readonly earlier: readonly Problem[]

  constructor(message: string, at: number, earlier: readonly Problem[] = []) {
    super(message)
    this.name = 'CelSyntaxError'
    this.at = at
    this.earlier = earlier
  }
}

export interface Problem {
  readonly at: number
  readonly message: string
}

const isWide = (character: string): boolean => (character.codePointAt(0) ?? 0) > 0x7f

/** Problems with their place in the source, as cel-go prints them: clients look for these lines. */
export function describeProblems(source: string, problems: readonly Problem[]): string {
  const lines = source.split('\n')
  return problems
    .map(({ at, message }) => {
      if (source === '') return `ERROR: <input>:1:0: ${message}`
      const before = source.slice(0, at).split('\n')
      const passed = [...(before.at(-1) ?? '')]
      const line = lines[before.length - 1] ?? ''
      const dots = passed.map(character => (isWide(character) ? '．' : '.')).join('')
      const mark = isWide([...line][passed.length] ?? '') ? '＾' : '^'
      return `ERROR: <input>:${before.length}:${passed.length + 1}: ${message}\n | ${line}\n | ${dots}${mark}`
    })
    .join('\n')
}
