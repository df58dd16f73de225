/** Tests that cannot pass on the machine that runs them, and why; they run all the same (see `outcomeOf`). */
interface Limit {
  readonly tests: RegExp
  readonly reason: string
}

const limits: readonly Limit[] = []

export const environmentReason = (name: string): string | undefined =>
  limits.find(({ tests }) => tests.test(name))?.reason
