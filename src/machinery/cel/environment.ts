/** Where expressions compile: the functions that Kubernetes gives them (KEP-2876, KEP-3488) and their variables. */
import { check, type Declarations } from './checker.ts'
import { type DeclaredSize, estimateCost } from './cost/estimate.ts'
import { EvaluationError } from './evaluation-error.ts'
import { compile } from './evaluator.ts'
import { FunctionTable } from './functions.ts'
import { addresses, urls } from './library/addresses.ts'
import { authorizers } from './library/authorizers.ts'
import { conversions } from './library/conversions.ts'
import { namedFormats } from './library/formats.ts'
import { lists } from './library/lists.ts'
import { quantities } from './library/quantities.ts'
import { regularExpressions } from './library/regular-expressions.ts'
import { standard } from './library/standard.ts'
import { strings } from './library/strings.ts'
import { times } from './library/times.ts'
import type { Expression } from './syntax/expression.ts'
import { parse } from './syntax/parser.ts'
import { CelSyntaxError, describeProblems, type Problem } from './syntax/syntax-error.ts'
import type { CelType, ObjectType } from './types.ts'
import type { Value } from './values.ts'

/** What one expression may cost: upstream's PerCallLimit. */
export const perCallCostLimit = 1_000_000

const functions = new FunctionTable([
  standard,
  conversions,
  strings,
  regularExpressions,
  times,
  lists,
  quantities,
  addresses,
  urls,
  namedFormats,
  authorizers,
])

export interface Environment {
  readonly variables: ReadonlyMap<string, CelType>
  readonly objectType?: (name: string) => ObjectType | undefined
  /** What is declared about the sizes of values; with it, expressions are estimated. */
  readonly declaredSize?: DeclaredSize
}

export type Variables = Readonly<Record<string, Value | (() => Value) | undefined>>

export interface Outcome {
  readonly value: Value
  readonly cost: number
}

export interface CompiledExpression {
  readonly type: CelType
  /** The most that an evaluation can cost; where sizes are declared. */
  readonly maxCost?: number
  /** Throws EvaluationError, CostExceededError or PendingCheck. */
  evaluate(variables: Variables, costLimit?: number): Outcome
}

/** An expression that does not compile: `message` is cel-go's, with the place of every problem. */
export class CompilationError extends Error {
  readonly problems: readonly Problem[]

  constructor(source: string, problems: readonly Problem[]) {
    super(describeProblems(source, problems))
    this.name = 'CompilationError'
    this.problems = problems
  }
}

function parsed(source: string): Expression {
  try {
    return parse(source)
  } catch (error) {
    if (error instanceof CelSyntaxError)
      throw new CompilationError(source, [...error.earlier, { at: error.at, message: error.message }])
    throw error
  }
}

/** Throws CompilationError. */
export function compileExpression(source: string, environment: Environment): CompiledExpression {
  const expression = parsed(source)
  const declarations: Declarations = {
    variables: environment.variables,
    functions,
    objectType: environment.objectType ?? (() => undefined),
  }
  const checked = check(expression, declarations)
  if (checked.problems.length > 0) throw new CompilationError(source, checked.problems)
  const program = compile(expression, checked.meanings)
  const { declaredSize } = environment
  return {
    type: checked.type,
    ...(declaredSize ? { maxCost: estimateCost(expression, checked, declaredSize).max } : {}),
    evaluate(variables, costLimit = perCallCostLimit) {
      const evaluation = { cost: 0, costLimit, variable: (name: string) => variableOf(variables, name) }
      const value = program(evaluation)
      return { value, cost: evaluation.cost }
    },
  }
}

function variableOf(variables: Variables, name: string): Value {
  const value = Object.hasOwn(variables, name) ? variables[name] : undefined
  if (value === undefined) throw new EvaluationError(`no such attribute(s): ${name}`)
  return typeof value === 'function' ? value() : value
}
