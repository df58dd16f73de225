/** All cases of a run. A seed gives the same corpus again. */
import type { Random } from '../../src/schema/testing/random-object.ts'
import type { Case } from './case.ts'
import { generatedCases, type Shares } from './generated.ts'
import { scenarios } from './scenarios.ts'

export type Length = 'short' | 'long'

const shares: Readonly<Record<Length, Shares>> = {
  short: { first: 0.12, again: 0.01, patches: 0.3 },
  long: { first: 1, again: 0.15, patches: 0.5 },
}

export function* corpus(random: Random, length: Length, only: RegExp): Generator<Case> {
  for (const one of scenarios()) if (only.test(one.name)) yield one
  for (const one of generatedCases(random, shares[length])) if (only.test(one.name)) yield one
}

/** The cases with those of their steps alone whose label fits, and the steps that make and unmake their object. */
export function* withSteps(cases: Iterable<Case>, label: RegExp): Generator<Case> {
  for (const { name, steps } of cases) {
    const isFrame = (step: Case['steps'][number]): boolean => step.label === 'make' || step.label === 'unmake'
    const some = steps.filter(step => isFrame(step) || label.test(step.label))
    if (!some.every(isFrame)) yield { name, steps: some }
  }
}
