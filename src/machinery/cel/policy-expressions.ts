/** The expressions of an admission policy, compiled: for its validation, and for the plugins that evaluate it. */
import {
  type AdmissionVariables,
  admissionVariables,
  appliedObjectType,
  jsonPatchType,
  mutationObjectType,
} from './admission-environment.ts'
import { CompilationError, type CompiledExpression, compileExpression, type Environment } from './environment.ts'
import { boolType, type CelType, dyn, formatType, listOf, nullType, stringType } from './types.ts'

export type Compiled = { readonly expression: CompiledExpression } | { readonly error: string }

/** What an expression is for, which says what it must give. */
export type Purpose = 'condition' | 'validation' | 'message' | 'audit' | 'variable' | 'apply' | 'jsonPatch'

const results: Readonly<Record<Purpose, readonly CelType[]>> = {
  condition: [boolType],
  validation: [boolType],
  message: [stringType],
  audit: [stringType, nullType],
  variable: [],
  apply: [appliedObjectType],
  jsonPatch: [listOf(jsonPatchType)],
}

const isExactly = (a: CelType, b: CelType): boolean => formatType(a) === formatType(b)

/** Compiles one expression; `error` is what upstream says of one that does not compile or gives something else. */
export function compileFor(purpose: Purpose, source: string, environment: Environment): Compiled {
  try {
    const expression = compileExpression(source, environment)
    const allowed = results[purpose]
    if (allowed.length === 0 || allowed.some(type => isExactly(type, expression.type))) return { expression }
    const names = allowed.map(type => (type === nullType ? 'null_type' : formatType(type)))
    const wanted = names.length === 1 ? names[0] : `one of [${names.join(' ')}]`
    return { error: `must evaluate to ${wanted} but got ${formatType(expression.type)}` }
  } catch (error) {
    if (error instanceof CompilationError) return { error: `compilation failed: ${error.message}` }
    throw error
  }
}

export interface NamedExpression {
  readonly name: string
  readonly expression: string
}

/** The compiled variables of a policy, and the environment of what may use all of them. */
export interface PolicyScope {
  readonly variables: readonly { readonly name: string; readonly compiled: Compiled }[]
  readonly environment: Environment
}

/** Each variable sees those before it; one that does not compile is of any type for those after it. */
export function policyScope(
  variables: readonly NamedExpression[],
  given: Omit<AdmissionVariables, 'variables'>,
  mutating: boolean,
): PolicyScope {
  const known = new Map<string, CelType>()
  const objectTypes = mutating ? { objectType: mutationObjectType } : {}
  const environment: Environment = { variables: admissionVariables({ ...given, variables: known }), ...objectTypes }
  const compiled = variables.map(({ name, expression }) => {
    const made = compileFor('variable', expression, environment)
    known.set(name, 'expression' in made ? made.expression.type : dyn)
    return { name, compiled: made }
  })
  return { variables: compiled, environment }
}
