/** A failed evaluation: `false && x` and `true || x` do not fail with `x`. */
export class EvaluationError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'EvaluationError'
  }
}

/** The evaluation cost more than it may; no logical operator hides it. */
export class CostExceededError extends Error {
  constructor() {
    super('operation cancelled: actual cost limit exceeded')
    this.name = 'CostExceededError'
  }
}
