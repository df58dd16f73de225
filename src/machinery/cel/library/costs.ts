/** What calls cost, after cel-go and Kubernetes' estimator for its own libraries. */
import { perCharacter, perRegexCharacter } from '../cost/factors.ts'
import type { Cost } from '../functions.ts'
import { sizeOf } from '../operations.ts'
import type { Value } from '../values.ts'

const size = (value: Value | undefined): number => sizeOf(value as Value)

/** One reading of an argument. */
export const traversalOf =
  (index: number, times = 1): Cost =>
  args =>
    Math.ceil(size(args[index]) * times * perCharacter)

/** One visit of every element of the receiver. */
export const elements: Cost = ([list]) => size(list)

/** Reading the receiver and writing the result. */
export const rewriting: Cost = ([text], result) => Math.ceil((size(text) + size(result)) * perCharacter)

export const writing: Cost = (_args, result) => Math.ceil(size(result) * 2 * perCharacter)

export const matching: Cost = ([text, pattern]) =>
  Math.ceil((1 + size(text)) * perCharacter) * Math.ceil(size(pattern) * perRegexCharacter)

export const searching: Cost = ([text, part]) =>
  Math.ceil(size(text) * perCharacter) * Math.ceil(size(part) * perCharacter)

/** Every element of one list against every one of the other. */
export const pairs: Cost = ([a, b]) => size(a) * size(b)
