/** Selectors on labels: from the text of a query and from `metav1.LabelSelector`. */
import type { LabelSelector } from '../../api/meta/v1/label-selector.ts'
import type { Draft } from '../../schema/message.ts'
import { badRequestError } from '../api-error.ts'
import { parseRequirements, SelectorSyntaxError } from './label-selector-parser.ts'
import {
  type Labels,
  newRequirement,
  type Requirement,
  type RequirementOperator,
  requirementErrors,
  requirementMatches,
  showRequirement,
} from './requirement.ts'

export interface Selector {
  /** True if every requirement holds. */
  matches(labels: Labels | undefined): boolean
  /** All must hold; sorted by key. Empty on a selector of everything. */
  readonly requirements: readonly Requirement[]
  /** True if no set of labels can match, as the selector of an absent LabelSelector. */
  readonly matchesNothing: boolean
  toString(): string
}

const noLabels: Labels = Object.freeze({})

/** A selector of objects that fulfil every requirement. */
export function selectorOf(requirements: readonly Requirement[]): Selector {
  const sorted = requirements.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  return {
    requirements: sorted,
    matchesNothing: false,
    matches: labels => sorted.every(requirement => requirementMatches(requirement, labels ?? noLabels)),
    toString: () => sorted.map(showRequirement).join(','),
  }
}

/** Matches every object. */
export const everything: Selector = selectorOf([])

/** Matches no object. */
export const nothing: Selector = {
  requirements: [],
  matchesNothing: true,
  matches: () => false,
  toString: () => '',
}

/** The selector of a query as `app=web,tier in (a,b),!old`. Throws ApiError 400 with upstream's message. */
export function parseLabelSelector(text: string): Selector {
  if (text === '') return everything
  try {
    return selectorOf(parseRequirements(text))
  } catch (error) {
    throw error instanceof SelectorSyntaxError ? badRequestError(error.message) : error
  }
}

/** A selector that asks for each of these labels, as the `selector` of Services and ReplicationControllers. */
export const selectorOfLabels = (labels: Labels | undefined): Selector =>
  selectorOf(Object.entries(labels ?? {}).map(([key, value]) => newRequirement(key, '=', [value])))

const operators: Readonly<Record<string, RequirementOperator>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
}

/**
 * The selector of a LabelSelector message: nothing if it is absent, everything if it is empty. Throws ApiError 400 on an
 * operator or values that are not allowed (validated objects have none).
 */
export function labelSelectorOf(selector: Draft<LabelSelector> | null | undefined): Selector {
  if (selector === null || selector === undefined) return nothing
  const requirements = Object.entries(selector.matchLabels ?? {}).map(([key, value]) =>
    newRequirement(key, '=', [value ?? '']),
  )
  for (const { key, operator, values } of selector.matchExpressions ?? []) {
    const known = operators[operator ?? '']
    if (known === undefined) {
      throw badRequestError(`${JSON.stringify(operator ?? '')} is not a valid label selector operator`)
    }
    requirements.push(newRequirement(key ?? '', known, values ?? []))
  }
  const faults = requirements.flatMap(requirementErrors).map(error => `${error.field}: ${error.message}`)
  if (faults.length > 0) throw badRequestError(faults.length === 1 ? faults[0]! : `[${faults.join(', ')}]`)
  return requirements.length === 0 ? everything : selectorOf(requirements)
}
