/** A failure that the person at the terminal can act on: what is wrong, and what to do next. Exit code 1. */
export class CliError extends Error {
  readonly next: string | undefined
  constructor(message: string, next?: string) {
    super(message)
    this.next = next
  }
}
