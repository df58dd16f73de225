/** Turns a checked expression into a function over its variables, counting what it costs as cel-go does. */
import type { Meaning } from './checker.ts'
import { listCost, mapCost, perCharacter, structCost } from './cost/factors.ts'
import { CostExceededError, EvaluationError } from './evaluation-error.ts'
import type { Overload } from './functions.ts'
import { equals, matches, noSuchOverload, sizeOf } from './operations.ts'
import type { Call, Element, Entry, Expression, FieldValue, Fold, Select } from './syntax/expression.ts'
import type { ObjectType } from './types.ts'
import { ArrayList, EntryMap, isList, isMap, keyOf, Optional, type Value } from './values.ts'

/** One evaluation: its variables and what it has cost so far. */
export interface Evaluation {
  /** The value of a declared variable. Throws EvaluationError. */
  variable(name: string): Value
  cost: number
  readonly costLimit: number
}

/** Variables of the loops around a part, innermost first. */
interface Frame {
  readonly name: string
  value: Value | EvaluationError
  readonly outer: Frame | undefined
}

export type Program = (evaluation: Evaluation) => Value
type Step = (evaluation: Evaluation, frame: Frame | undefined) => Value

export function compile(expression: Expression, meanings: ReadonlyMap<Expression, Meaning>): Program {
  const step = new Compiler(meanings).step(expression)
  return evaluation => step(evaluation, undefined)
}

function spend(evaluation: Evaluation, cost: number): void {
  evaluation.cost += cost
  if (evaluation.cost > evaluation.costLimit) throw new CostExceededError()
}

class Compiler {
  readonly #meanings: ReadonlyMap<Expression, Meaning>

  constructor(meanings: ReadonlyMap<Expression, Meaning>) {
    this.#meanings = meanings
  }

  step(expression: Expression): Step {
    const meaning = this.#meanings.get(expression)
    if (meaning?.is === 'constant') return () => meaning.value
    if (meaning?.is === 'variable') return variableStep(meaning.name)
    switch (expression.is) {
      case 'literal':
        return () => expression.value
      case 'select':
        return this.#select(expression)
      case 'call':
        return this.#call(expression, meaning)
      case 'list':
        return this.#list(expression.elements)
      case 'map':
        return this.#map(expression.entries)
      case 'struct':
        return this.#struct(expression.fields, (meaning as { type: ObjectType }).type)
      case 'fold':
        return this.#fold(expression)
      case 'identifier':
        throw new Error(`${expression.name} has not been checked`)
    }
  }

  #select({ operand, field, test }: Select): Step {
    const object = this.step(operand)
    return (evaluation, frame) => {
      const value = object(evaluation, frame)
      if (value instanceof Optional) {
        if (test) return value.value !== undefined && fieldOf(value.value, field) !== undefined
        return value.value === undefined ? Optional.none : new Optional(fieldOf(value.value, field))
      }
      // has() costs nothing by itself: Kubernetes keeps the cost of cel-go 0.17.
      if (test) return fieldOf(value, field) !== undefined
      spend(evaluation, 1)
      const member = fieldOf(value, field)
      if (member === undefined) throw new EvaluationError(`no such key: ${field}`)
      return member
    }
  }

  #call(expression: Call, meaning: Meaning | undefined): Step {
    const { name, target, args } = expression
    const [a, b, c] = args as [Expression, Expression, Expression]
    if (name === '_&&_') return logical(this.step(a), this.step(b), false)
    if (name === '_||_') return logical(this.step(a), this.step(b), true)
    if (name === '_?_:_') return ternary(this.step(a), this.step(b), this.step(c))
    if (name === '_?._') return optionalSelect(this.step(a), b.is === 'literal' ? String(b.value) : '')
    if (name === '@not_strictly_false') return notStrictlyFalse(this.step(a))
    if (meaning?.is !== 'call') throw new Error(`${name} has not been checked`)
    const all = meaning.target && target ? [target, ...args] : args
    const steps = all.map(part => this.step(part))
    if (name === '_==_' || name === '_!=_') return equality(steps[0] as Step, steps[1] as Step, name === '_==_')
    return callStep(meaning.overloads, steps)
  }

  #list(elements: readonly Element[]): Step {
    const steps = elements.map(({ value, optional }) => ({ step: this.step(value), optional }))
    return (evaluation, frame) => {
      const values: Value[] = []
      for (const { step, optional } of steps) {
        const value = optional ? held(step(evaluation, frame)) : step(evaluation, frame)
        if (value !== undefined) values.push(value)
      }
      spend(evaluation, listCost)
      return new ArrayList(values)
    }
  }

  #map(entries: readonly Entry[]): Step {
    const steps = entries.map(({ key, value, optional }) => ({
      key: this.step(key),
      value: this.step(value),
      optional,
    }))
    return (evaluation, frame) => {
      const made = new Map<string, readonly [Value, Value]>()
      for (const entry of steps) {
        const key = entry.key(evaluation, frame)
        const id = keyOf(key)
        if (id === undefined) throw new EvaluationError('unsupported key type')
        if (made.has(id)) throw new EvaluationError(`Failed with repeated key`)
        const value = entry.optional ? held(entry.value(evaluation, frame)) : entry.value(evaluation, frame)
        if (value !== undefined) made.set(id, [key, value])
      }
      spend(evaluation, mapCost)
      return new EntryMap(made)
    }
  }

  #struct(fields: readonly FieldValue[], type: ObjectType): Step {
    const steps = fields.map(({ name, value, optional }) => ({ name, step: this.step(value), optional }))
    return (evaluation, frame) => {
      const pairs: [Value, Value][] = []
      for (const { name, step, optional } of steps) {
        const value = optional ? held(step(evaluation, frame)) : step(evaluation, frame)
        if (value !== undefined) pairs.push([type.memberName?.(name) ?? name, value])
      }
      spend(evaluation, structCost)
      return EntryMap.of(pairs, type.name)
    }
  }

  #fold(fold: Fold): Step {
    const range = this.step(fold.range)
    const start = this.step(fold.start)
    const condition = this.step(fold.condition)
    const step = this.step(fold.step)
    const result = this.step(fold.result)
    return (evaluation, frame) => {
      const over = range(evaluation, frame)
      const accumulated: Frame = { name: fold.accumulator, value: start(evaluation, frame), outer: frame }
      for (const [first, second] of rounds(over, fold.second !== undefined)) {
        let inner: Frame = { name: fold.variable, value: first, outer: accumulated }
        if (fold.second !== undefined) inner = { name: fold.second, value: second, outer: inner }
        if (condition(evaluation, inner) === false) break
        accumulated.value = attempt(step, evaluation, inner)
      }
      return result(evaluation, accumulated)
    }
  }
}

function* rounds(over: Value, pairs: boolean): Generator<[Value, Value]> {
  if (typeof over !== 'object' || over === null) throw noSuchOverload()
  if (isList(over)) {
    let index = 0n
    for (const value of over.values()) {
      yield pairs ? [index, value] : [value, null]
      index += 1n
    }
  } else if (isMap(over)) {
    for (const key of over.keys()) yield [key, pairs ? (over.get(key) as Value) : null]
  } else throw noSuchOverload()
}

/** A failure kept as a value, so that `exists` may still find what makes it true. */
function attempt(step: Step, evaluation: Evaluation, frame: Frame | undefined): Value | EvaluationError {
  try {
    return step(evaluation, frame)
  } catch (error) {
    if (error instanceof EvaluationError) return error
    throw error
  }
}

function variableStep(name: string): Step {
  return (evaluation, frame) => {
    for (let each = frame; each; each = each.outer)
      if (each.name === name) {
        spend(evaluation, 1)
        if (each.value instanceof EvaluationError) throw each.value
        return each.value
      }
    spend(evaluation, 1)
    return evaluation.variable(name)
  }
}

/** `&&` decides on false, `||` on true, whichever side says so; a failure counts only where neither does. */
function logical(left: Step, right: Step, decisive: boolean): Step {
  return (evaluation, frame) => {
    const a = attempt(left, evaluation, frame)
    if (a === decisive) return decisive
    const b = attempt(right, evaluation, frame)
    if (b === decisive) return decisive
    for (const side of [a, b]) {
      if (side instanceof EvaluationError) throw side
      if (typeof side !== 'boolean') throw noSuchOverload()
    }
    return !decisive
  }
}

function ternary(condition: Step, yes: Step, no: Step): Step {
  return (evaluation, frame) => {
    const chosen = condition(evaluation, frame)
    if (typeof chosen !== 'boolean') throw noSuchOverload()
    return chosen ? yes(evaluation, frame) : no(evaluation, frame)
  }
}

function notStrictlyFalse(operand: Step): Step {
  return (evaluation, frame) => attempt(operand, evaluation, frame) !== false
}

function equality(left: Step, right: Step, wanted: boolean): Step {
  return (evaluation, frame) => {
    const a = left(evaluation, frame)
    const b = right(evaluation, frame)
    spend(evaluation, Math.ceil(Math.min(sizeOf(a), sizeOf(b)) * perCharacter))
    return equals(a, b) === wanted
  }
}

function optionalSelect(operand: Step, field: string): Step {
  return (evaluation, frame) => {
    let object: Value | undefined = operand(evaluation, frame)
    spend(evaluation, 1)
    if (object instanceof Optional) object = object.value
    const value = object === undefined ? undefined : fieldOf(object, field)
    return value === undefined ? Optional.none : new Optional(value)
  }
}

function fieldOf(object: Value, field: string): Value | undefined {
  if (typeof object === 'object' && object !== null && isMap(object)) return object.get(field)
  throw noSuchOverload()
}

function held(value: Value): Value | undefined {
  if (!(value instanceof Optional)) throw noSuchOverload()
  return value.value
}

function callStep(overloads: readonly Overload[], steps: readonly Step[]): Step {
  return (evaluation, frame) => {
    const args = steps.map(step => step(evaluation, frame))
    const overload = overloads.find(({ params }) => params.every((type, i) => matches(args[i] as Value, type)))
    if (!overload) throw noSuchOverload()
    const result = overload.run(...args)
    spend(evaluation, overload.cost?.(args, result) ?? 1)
    return result
  }
}
