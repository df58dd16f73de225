/**
 * What an expression can cost, before it ever runs (cel-go's checker.Cost): a walk over its parts that multiplies loops
 * by the sizes of what they run over.
 */
import type { Checked } from '../checker.ts'
import type { Call, Expression, Fold, Select } from '../syntax/expression.ts'
import { accumulator } from '../syntax/macros.ts'
import { type CelType, dyn, substitute } from '../types.ts'
import { type CallEstimate, estimateCall, type Part } from './call-estimates.ts'
import { listCost, mapCost, structCost } from './factors.ts'
import { fixed, plus, type Range, sum, times, union, unknownRange, zeroRange } from './range.ts'

/**
 * The way from a variable to a part of its value: names of fields, `@items`, `@indices`, `@keys`, `@values`.
 * Empty where the part is none of a variable's.
 */
export type Path = readonly string[]

/** The size that declarations give the value at a path, or undefined where they say nothing. */
export type DeclaredSize = (path: Path) => Range | undefined

const nowhere: Path = []

/** Sizes of what a list or map holds. */
interface Entries {
  readonly of: 'list' | 'map'
  readonly key: Range
  readonly value: Range
}

interface Local {
  readonly path: Path
  readonly size: Range | undefined
  readonly entries: Entries | undefined
}

export const estimateCost = (expression: Expression, checked: Checked, declaredSize: DeclaredSize): Range =>
  new Estimator(checked, declaredSize).cost(expression)

class Estimator {
  readonly #checked: Checked
  readonly #declaredSize: DeclaredSize
  readonly #paths = new Map<Expression, Path>()
  readonly #sizes = new Map<Expression, Range>()
  readonly #entries = new Map<Expression, Entries>()
  /** Variables of loops and bindings, innermost last. */
  readonly #locals = new Map<string, Local[]>()

  constructor(checked: Checked, declaredSize: DeclaredSize) {
    this.#checked = checked
    this.#declaredSize = declaredSize
  }

  cost(expression: Expression): Range {
    switch (expression.is) {
      case 'literal':
        return zeroRange
      case 'identifier':
        return this.#named(expression, expression.name)
      case 'select':
        return this.#select(expression)
      case 'call':
        return this.#call(expression)
      case 'list':
        return this.#list(expression)
      case 'map':
        return this.#map(expression)
      case 'struct':
        return sum([fixed(structCost), ...expression.fields.map(({ value }) => this.cost(value))])
      case 'fold':
        return isBinding(expression) ? this.#binding(expression) : this.#fold(expression)
    }
  }

  #named(expression: Expression, name: string): Range {
    this.#paths.set(expression, this.#local(name)?.path ?? [name])
    return fixed(1)
  }

  #select(select: Select): Range {
    const { operand, field, test } = select
    const meaning = this.#checked.meanings.get(select)
    if (meaning) return this.#named(select, meaning.is === 'variable' ? meaning.name : field)
    // has() costs nothing by itself: Kubernetes keeps the cost of cel-go 0.17.
    if (test) return this.cost(operand)
    const cost = this.cost(operand)
    this.#paths.set(select, [...this.#path(operand), field])
    const { is } = this.#type(operand)
    return is === 'map' || is === 'object' ? plus(cost, fixed(1)) : cost
  }

  #call(call: Call): Range {
    const { name, target, args } = call
    if (name === 'dyn' && !target && args[0]) return this.#dyn(call, args[0])
    const meaning = this.#checked.meanings.get(call)
    const all = meaning?.is === 'call' && meaning.target && target ? [target, ...args] : args
    const costs = all.map(one => this.cost(one))
    if (meaning?.is !== 'call') return plus(sum(costs), fixed(1))
    const parts = all.map(one => this.#part(one))
    const [first, second, third] = costs as [Range, Range, Range]
    if (name === '_&&_' || name === '_||_') return { min: first.min, max: plus(first, second).max }
    if (name === '_?_:_') {
      this.#unite(call, args[1] as Expression, args[2] as Expression)
      return plus(first, union(second, third))
    }
    const estimates = meaning.overloads.map(overload => estimateCall(overload, parts))
    this.#result(call, all, estimates)
    return plus(sum(costs), estimates.map(({ cost }) => cost).reduce(union))
  }

  /** Only turns type checks off. */
  #dyn(call: Call, arg: Expression): Range {
    const cost = this.cost(arg)
    this.#copySizes(call, arg)
    return plus(cost, fixed(1))
  }

  /** Either of two values. */
  #unite(call: Call, a: Expression, b: Expression): void {
    this.#keepEntries(call, a, b)
    this.#sizes.set(call, union(this.#size(a) ?? unknownRange, this.#size(b) ?? unknownRange))
  }

  #keepEntries(call: Call, a: Expression, b: Expression): void {
    const [one, other] = [this.#entriesOf(a), this.#entriesOf(b)]
    if (one && other)
      this.#entries.set(call, { of: one.of, key: union(one.key, other.key), value: union(one.value, other.value) })
  }

  #result(call: Call, all: readonly Expression[], estimates: readonly CallEstimate[]): void {
    const [first, second] = all
    let size: Range | undefined
    for (const { resultSize } of estimates) if (resultSize) size = size ? union(size, resultSize) : resultSize
    if (call.name === '_+_' && first && second && size) this.#keepEntries(call, first, second)
    const container = call.name === '_[_]' && first ? this.#type(first).is : undefined
    if (first && (container === 'list' || container === 'map')) {
      size = this.#entriesOf(first)?.value
      this.#paths.set(call, [...this.#path(first), container === 'list' ? '@items' : '@values'])
    }
    size ??= this.#size(call)
    if (size) this.#sizes.set(call, size)
  }

  #list(list: Extract<Expression, { is: 'list' }>): Range {
    const costs = list.elements.map(({ value }) => this.cost(value))
    const sizes = list.elements.map(({ value }) => this.#size(value) ?? unknownRange)
    this.#entries.set(list, { of: 'list', key: fixed(1), value: sizes.length === 0 ? zeroRange : sizes.reduce(union) })
    return sum([fixed(listCost), ...costs])
  }

  #map(map: Extract<Expression, { is: 'map' }>): Range {
    const costs = map.entries.flatMap(({ key, value }) => [this.cost(key), this.cost(value)])
    const range = (pick: 'key' | 'value'): Range => {
      const sizes = map.entries.map(entry => this.#size(entry[pick]) ?? unknownRange)
      return sizes.length === 0 ? zeroRange : sizes.reduce(union)
    }
    this.#entries.set(map, { of: 'map', key: range('key'), value: range('value') })
    return sum([fixed(mapCost), ...costs])
  }

  #fold(fold: Fold): Range {
    const before = plus(this.cost(fold.range), this.cost(fold.start))
    this.#push(fold.accumulator, this.#localOf(fold.start))
    this.#push(fold.variable, this.#loopVariable(fold.range, fold.second === undefined ? 'single' : 'key'))
    if (fold.second !== undefined) this.#push(fold.second, this.#loopVariable(fold.range, 'value'))
    const once = plus(this.cost(fold.condition), this.cost(fold.step))
    this.#pop(fold.variable)
    if (fold.second !== undefined) this.#pop(fold.second)
    const result = this.cost(fold.result)
    this.#pop(fold.accumulator)
    const count = this.#size(fold.range) ?? unknownRange
    this.#keepResult(fold, count)
    return sum([before, result, times(count, once)])
  }

  #keepResult(fold: Fold, count: Range): void {
    const { start, step } = fold
    if (start.is === 'literal') {
      const size = this.#size(start)
      if (size) this.#sizes.set(fold, size)
    } else if (start.is === 'list' || start.is === 'map') {
      this.#sizes.set(fold, count)
      const entries = this.#entriesOf(step)
      if (entries) this.#entries.set(fold, entries)
    }
  }

  #binding(fold: Fold): Range {
    const before = plus(this.cost(fold.range), this.cost(fold.start))
    this.#push(fold.accumulator, this.#localOf(fold.start))
    const result = this.cost(fold.result)
    this.#pop(fold.accumulator)
    this.#copySizes(fold, fold.result)
    return plus(before, result)
  }

  #localOf(expression: Expression): Local {
    return {
      path: this.#path(expression),
      entries: this.#entriesOf(expression),
      size: this.#size(expression),
    }
  }

  /** What a loop hands on: of a list its elements, of a map its keys, or key and value. */
  #loopVariable(range: Expression, what: 'single' | 'key' | 'value'): Local {
    const entries = this.#entriesOf(range)
    const isList = (entries?.of ?? this.#type(range).is) === 'list'
    const isValue = what === 'value' || (what === 'single' && isList)
    const step = isValue ? (isList ? '@items' : '@values') : isList ? '@indices' : '@keys'
    return {
      path: [...this.#path(range), step],
      size: isValue ? entries?.value : entries?.key,
      entries: undefined,
    }
  }

  #part(expression: Expression): Part {
    const path = this.#path(expression)
    const type = this.#type(expression)
    const computedSize = this.#size(expression)
    const own = path[0] === accumulator ? nowhere : path
    const declared = (at: Path): Range | undefined => (at.length === 0 ? undefined : this.#declaredSize(at))
    return {
      type,
      expression,
      computedSize,
      size: computedSize ?? declared(own) ?? unknownRange,
      elementSize: () => (own.length === 0 ? undefined : declared([...own, '@items'])) ?? unknownRange,
    }
  }

  #size(expression: Expression): Range | undefined {
    const computed = this.#sizes.get(expression) ?? sizeOfLiteral(expression)
    if (computed) return computed
    const path = this.#path(expression)
    const declared = path.length === 0 ? undefined : this.#declaredSize(path)
    if (declared) {
      this.#sizes.set(expression, declared)
      return declared
    }
    if (isScalar(this.#type(expression))) return fixed(1)
    return expression.is === 'identifier' ? this.#local(expression.name)?.size : undefined
  }

  #entriesOf(expression: Expression): Entries | undefined {
    const known = this.#entries.get(expression)
    if (known || expression.is !== 'identifier') return known
    return this.#local(expression.name)?.entries
  }

  #copySizes(to: Expression, from: Expression): void {
    const size = this.#size(from)
    if (size) this.#sizes.set(to, size)
    const entries = this.#entriesOf(from)
    if (entries) this.#entries.set(to, entries)
  }

  #type(expression: Expression): CelType {
    const type = this.#checked.types.get(expression)
    return type === undefined ? dyn : substitute(type, new Map())
  }

  #path(expression: Expression): Path {
    const local = expression.is === 'identifier' ? this.#local(expression.name) : undefined
    return local?.path ?? this.#paths.get(expression) ?? nowhere
  }

  #local(name: string): Local | undefined {
    return this.#locals.get(name)?.at(-1)
  }

  #push(name: string, local: Local): void {
    const known = this.#locals.get(name)
    if (known) known.push(local)
    else this.#locals.set(name, [local])
  }

  #pop(name: string): void {
    this.#locals.get(name)?.pop()
  }
}

/** As macros bind a variable: a loop that never runs, whose accumulator is the variable. */
const isBinding = ({ range, condition, accumulator: name }: Fold): boolean =>
  range.is === 'list' &&
  range.elements.length === 0 &&
  condition.is === 'literal' &&
  condition.value === false &&
  name !== accumulator

function sizeOfLiteral(expression: Expression): Range | undefined {
  if (expression.is === 'list') return fixed(expression.elements.length)
  if (expression.is === 'map') return fixed(expression.entries.length)
  if (expression.is !== 'literal') return undefined
  const { value } = expression
  if (typeof value === 'string') return fixed([...value].length)
  return fixed(value instanceof Uint8Array ? value.length : 1)
}

const scalars = new Set(['bool', 'double', 'duration', 'int', 'timestamp', 'uint'])

/** Of a size that is known from the type. */
function isScalar(type: CelType): boolean {
  return type.is === 'optional' ? isScalar(type.of) : scalars.has(type.is)
}
