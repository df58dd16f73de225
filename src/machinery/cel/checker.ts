/** Finds the type of every part of an expression and the overloads that its calls may mean (cel-spec, "Type Checking"). */
import type { FunctionTable, Overload } from './functions.ts'
import type { Call, Expression, Fold, Select } from './syntax/expression.ts'
import { qualifiedName } from './syntax/parser.ts'
import type { Problem } from './syntax/syntax-error.ts'
import {
  type Bindings,
  boolType,
  bytesType,
  type CelType,
  doubleType,
  dyn,
  errorType,
  formatArguments,
  formatType,
  intType,
  isAssignable,
  join,
  listOf,
  mapOf,
  namedTypes,
  nullType,
  type ObjectType,
  optionalOf,
  stringType,
  substitute,
  typeOf,
  uintType,
} from './types.ts'
import { TypeValue, Uint, type Value } from './values.ts'

/** What a part of an expression turned out to mean. */
export type Meaning =
  | { readonly is: 'variable'; readonly name: string }
  | { readonly is: 'constant'; readonly value: Value }
  /** `target` tells whether the call's target is an argument, not a part of the function's name. */
  | { readonly is: 'call'; readonly overloads: readonly Overload[]; readonly target: boolean }
  | { readonly is: 'object'; readonly type: ObjectType }

export interface Declarations {
  readonly variables: ReadonlyMap<string, CelType>
  readonly functions: FunctionTable
  /** Object types that expressions may construct, by name. */
  readonly objectType: (name: string) => ObjectType | undefined
}

export interface Checked {
  readonly type: CelType
  readonly meanings: ReadonlyMap<Expression, Meaning>
  /** Of every part. */
  readonly types: ReadonlyMap<Expression, CelType>
  readonly problems: readonly Problem[]
}

export function check(expression: Expression, declarations: Declarations): Checked {
  const checker = new Checker(declarations)
  const type = checker.typeOf(expression, undefined)
  if (checker.problems.length === 0) checker.checkLiterals()
  const { meanings, types, problems } = checker
  return { type: substitute(type, new Map()), meanings, types, problems }
}

/** Variables of the loops around a part. */
interface Scope {
  readonly name: string
  readonly type: CelType
  readonly outer: Scope | undefined
}

/** Their first argument, where it is a literal, must be one that they can work with (cel-go's validators of literals). */
const checkedLiterals: ReadonlySet<string> = new Set(['duration', 'timestamp', 'matches'])

class Checker {
  readonly meanings = new Map<Expression, Meaning>()
  readonly types = new Map<Expression, CelType>()
  readonly problems: Problem[] = []
  readonly #declarations: Declarations
  readonly #literalCalls: Call[] = []
  #unknowns = 0

  constructor(declarations: Declarations) {
    this.#declarations = declarations
  }

  typeOf(expression: Expression, scope: Scope | undefined): CelType {
    const type = this.#infer(expression, scope)
    this.types.set(expression, type)
    return type
  }

  #infer(expression: Expression, scope: Scope | undefined): CelType {
    switch (expression.is) {
      case 'literal':
        return typeOfLiteral(expression.value)
      case 'identifier':
        return this.#named(expression, expression.name, scope) ?? this.#undeclared(expression.at, expression.name)
      case 'select':
        return this.#select(expression, scope)
      case 'call':
        return this.#call(expression, scope)
      case 'list':
        return this.#list(expression.elements, scope)
      case 'map':
        return this.#map(expression.entries, scope)
      case 'struct':
        return this.#struct(expression, scope)
      case 'fold':
        return this.#fold(expression, scope)
    }
  }

  /** The type of the elements of an empty literal: whatever they are put together with. */
  #unknown(): CelType {
    this.#unknowns += 1
    return { is: 'parameter', name: `@${this.#unknowns}` }
  }

  #problem(at: number, message: string): CelType {
    this.problems.push({ at, message })
    return errorType
  }

  #undeclared(at: number, name: string): CelType {
    return this.#problem(at, `undeclared reference to '${name}' (in container '')`)
  }

  /** A variable or a type, by its whole name. */
  #named(expression: Expression, name: string, scope: Scope | undefined): CelType | undefined {
    for (let each = scope; each; each = each.outer)
      if (each.name === name) {
        this.meanings.set(expression, { is: 'variable', name })
        return each.type
      }
    const absolute = name.startsWith('.') ? name.slice(1) : name
    const variable = this.#declarations.variables.get(absolute)
    if (variable) {
      this.meanings.set(expression, { is: 'variable', name: absolute })
      return variable
    }
    const type = namedTypes.get(absolute) ?? this.#declarations.objectType(absolute)
    if (!type) return undefined
    this.meanings.set(expression, { is: 'constant', value: new TypeValue(type) })
    return typeOf(type)
  }

  #select(expression: Select, scope: Scope | undefined): CelType {
    const { operand, field, test, at } = expression
    const name = test ? undefined : qualifiedName(expression)
    const head = name?.split('.')[0] as string
    if (name !== undefined && !isInScope(head, scope)) {
      const whole = this.#named(expression, name, undefined)
      if (whole) return whole
    }
    const type = this.#fieldType(this.typeOf(operand, scope), field, at)
    return test ? boolType : type
  }

  #fieldType(operand: CelType, field: string, at: number): CelType {
    switch (operand.is) {
      case 'dyn':
      case 'error':
      case 'parameter':
        return dyn
      case 'map':
        return operand.of
      case 'optional':
        return optionalOf(unwrapped(this.#fieldType(operand.of, field, at)))
      case 'object':
        return operand.field(field) ?? this.#problem(at, `undefined field '${field}'`)
      default:
        return this.#problem(at, `type '${formatType(operand)}' does not support field selection`)
    }
  }

  #call(expression: Call, scope: Scope | undefined): CelType {
    const { name, target, args, at } = expression
    if (name === '_?._') return this.#optionalSelect(expression, scope)
    if (!target) return this.#function(expression, name, args, scope)
    const qualifier = qualifiedName(target)
    const head = qualifier?.split('.')[0] as string
    if (qualifier !== undefined && !isInScope(head, scope)) {
      const whole = `${qualifier}.${name}`.replace(/^\./, '')
      if (this.#declarations.functions.find(whole, false)) return this.#function(expression, whole, args, scope)
    }
    const types = [this.typeOf(target, scope), ...args.map(arg => this.#argument(name, arg, scope))]
    const overloads = this.#declarations.functions.find(name, true)
    if (!overloads) return types.some(isError) ? errorType : this.#undeclared(at, name)
    return this.#resolve(expression, name, overloads, types, true)
  }

  /** What a text is formatted with may be of any types. */
  #argument(name: string, arg: Expression, scope: Scope | undefined): CelType {
    if (name !== 'format' || arg.is !== 'list') return this.typeOf(arg, scope)
    for (const { value, optional } of arg.elements) this.#element(value, optional, scope)
    this.types.set(arg, listOf(dyn))
    return listOf(dyn)
  }

  #function(expression: Call, name: string, args: readonly Expression[], scope: Scope | undefined): CelType {
    const types = args.map(arg => this.typeOf(arg, scope))
    const plain = name.replace(/^\./, '')
    const overloads = this.#declarations.functions.find(plain, false)
    if (!overloads) return this.#undeclared(expression.at, plain)
    return this.#resolve(expression, plain, overloads, types, false)
  }

  #resolve(call: Call, name: string, all: readonly Overload[], types: CelType[], isMember: boolean): CelType {
    const fitting: Overload[] = []
    let result: CelType | undefined
    for (const overload of all) {
      if (overload.params.length !== types.length) continue
      const bindings: Bindings = new Map()
      if (!overload.params.every((param, i) => isAssignable(param, types[i] as CelType, bindings))) continue
      fitting.push(overload)
      const own = substitute(overload.result, bindings)
      result = result === undefined || formatType(result) === formatType(own) ? own : dyn
    }
    if (result === undefined) {
      if (types.some(isError)) return errorType
      const applied = formatArguments(types, isMember)
      return this.#problem(call.at, `found no matching overload for '${name}' applied to '${applied}'`)
    }
    this.meanings.set(call, { is: 'call', overloads: fitting, target: isMember })
    if (checkedLiterals.has(name) && call.args[0]?.is === 'literal') this.#literalCalls.push(call)
    return result
  }

  checkLiterals(): void {
    for (const call of this.#literalCalls) {
      const [argument] = call.args
      const meaning = this.meanings.get(call)
      if (argument?.is !== 'literal' || meaning?.is !== 'call') continue
      try {
        meaning.overloads[0]?.run(...(call.name === 'matches' ? ['', argument.value] : [argument.value]))
      } catch {
        this.#problem(argument.at, `invalid ${call.name} argument`)
      }
    }
  }

  #optionalSelect({ args, at }: Call, scope: Scope | undefined): CelType {
    const [operand, field] = args as [Expression, Expression]
    const type = this.typeOf(operand, scope)
    const name = field.is === 'literal' ? String(field.value) : ''
    return optionalOf(unwrapped(this.#fieldType(type, name, at)))
  }

  /** The type of an element; an optional one gives what it holds. */
  #element(value: Expression, optional: boolean, scope: Scope | undefined): CelType {
    const type = this.typeOf(value, scope)
    if (!optional) return type
    if (type.is === 'optional') return type.of
    if (type.is !== 'dyn' && type.is !== 'error')
      this.#problem(value.at, `expected type 'optional_type(${formatType(type)})' but found '${formatType(type)}'`)
    return dyn
  }

  /** Literals hold one type (Kubernetes turns homogeneous aggregate literals on); `dyn()` opens them. */
  #together(known: CelType | undefined, type: CelType, at: number): CelType {
    if (known === undefined) return type
    const joined = join(known, type)
    if (joined.is !== 'dyn' || known.is === 'dyn' || type.is === 'dyn') return joined
    return this.#problem(at, `expected type '${formatType(known)}' but found '${formatType(type)}'`)
  }

  #list(elements: readonly { value: Expression; optional: boolean }[], scope: Scope | undefined): CelType {
    let of: CelType | undefined
    for (const { value, optional } of elements) of = this.#together(of, this.#element(value, optional, scope), value.at)
    return listOf(of ?? this.#unknown())
  }

  #map(
    entries: readonly { key: Expression; value: Expression; optional: boolean }[],
    scope: Scope | undefined,
  ): CelType {
    let keys: CelType | undefined
    let values: CelType | undefined
    for (const { key, value, optional } of entries) {
      keys = this.#together(keys, this.typeOf(key, scope), key.at)
      values = this.#together(values, this.#element(value, optional, scope), value.at)
    }
    return mapOf(keys ?? this.#unknown(), values ?? this.#unknown())
  }

  #struct(expression: Extract<Expression, { is: 'struct' }>, scope: Scope | undefined): CelType {
    const name = expression.type.replace(/^\./, '')
    const type = this.#declarations.objectType(name)
    if (!type) return this.#undeclared(expression.at, name)
    this.meanings.set(expression, { is: 'object', type })
    for (const { name: field, value, optional, at } of expression.fields) {
      const given = this.#element(value, optional, scope)
      const declared = type.field(field)
      if (!declared) this.#problem(at, `undefined field '${field}'`)
      else if (!isAssignable(declared, given, new Map()))
        this.#problem(
          at,
          `expected type of field '${field}' is '${formatType(declared)}' but provided type is '${formatType(given)}'`,
        )
    }
    return type
  }

  #fold(fold: Fold, scope: Scope | undefined): CelType {
    const range = this.typeOf(fold.range, scope)
    const accumulated = this.typeOf(fold.start, scope)
    const [first, second] = this.#loopTypes(range, fold)
    const outer: Scope = { name: fold.accumulator, type: accumulated, outer: scope }
    const variable: Scope = { name: fold.variable, type: first, outer }
    const inner: Scope = fold.second === undefined ? variable : { name: fold.second, type: second, outer: variable }
    this.#expectBool(fold.condition, this.typeOf(fold.condition, inner))
    const step = this.typeOf(fold.step, inner)
    if (!isAssignable(accumulated, step, new Map()))
      this.#problem(fold.step.at, `expected type '${formatType(accumulated)}' but found '${formatType(step)}'`)
    // The list or map that a macro collects starts empty and takes the type of what is put in.
    const collected = accumulated.is === 'list' || accumulated.is === 'map' ? step : accumulated
    return this.typeOf(fold.result, { ...outer, type: isError(step) ? accumulated : collected })
  }

  #loopTypes(range: CelType, { range: { at }, second }: Fold): [CelType, CelType] {
    switch (range.is) {
      case 'list':
        return second === undefined ? [range.of, dyn] : [intType, range.of]
      case 'map':
        return [range.key, range.of]
      case 'dyn':
      case 'error':
      case 'parameter':
        return [dyn, dyn]
      default:
        this.#problem(
          at,
          `expression of type '${formatType(range)}' cannot be range of a comprehension (must be list, map, or dynamic)`,
        )
        return [errorType, errorType]
    }
  }

  #expectBool({ at }: Expression, type: CelType): void {
    if (!isAssignable(boolType, type, new Map()))
      this.#problem(at, `expected type 'bool' but found '${formatType(type)}'`)
  }
}

const isError = (type: CelType): boolean => type.is === 'error'
const unwrapped = (type: CelType): CelType => (type.is === 'optional' ? type.of : type)

function isInScope(name: string, scope: Scope | undefined): boolean {
  for (let each = scope; each; each = each.outer) if (each.name === name) return true
  return false
}

function typeOfLiteral(value: Value): CelType {
  if (value === null) return nullType
  if (value instanceof Uint) return uintType
  switch (typeof value) {
    case 'boolean':
      return boolType
    case 'bigint':
      return intType
    case 'number':
      return doubleType
    case 'string':
      return stringType
    default:
      return bytesType
  }
}
