/** Thrown for an expression that does not parse. `at` is the offset in the source. */
export class CelSyntaxError extends Error {
  readonly at: number

  constructor(message: string, at: number) {
    super(message)
    this.name = 'CelSyntaxError'
    this.at = at
  }
}

export interface Problem {
  readonly at: number
  readonly message: string
}

/** Problems with their place in the source, as cel-go prints them: clients look for these lines. */
export function describeProblems(source: string, problems: readonly Problem[]): string {
  const lines = source.split('\n')
  return problems
    .map(({ at, message }) => {
      const before = source.slice(0, at).split('\n')
      const column = before.at(-1)?.length ?? 0
      const line = lines[before.length - 1] ?? ''
      return `ERROR: <input>:${before.length}:${column + 1}: ${message}\n | ${line}\n | ${'.'.repeat(column)}^`
    })
    .join('\n')
}
