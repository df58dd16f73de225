/** The syntax tree of a CEL expression (cel-spec, "Syntax"); macros are already expanded into folds. */
import type { Value } from '../values.ts'

/** `at` is the offset in the source, counted in UTF-16 units. A node is its own identity: tables of types use it as key. */
export type Expression =
  | { readonly is: 'literal'; readonly at: number; readonly value: Value }
  | { readonly is: 'identifier'; readonly at: number; readonly name: string }
  | Select
  | Call
  | { readonly is: 'list'; readonly at: number; readonly elements: readonly Element[] }
  | { readonly is: 'map'; readonly at: number; readonly entries: readonly Entry[] }
  | { readonly is: 'struct'; readonly at: number; readonly type: string; readonly fields: readonly FieldValue[] }
  | Fold

export interface Select {
  readonly is: 'select'
  readonly at: number
  readonly operand: Expression
  readonly field: string
  /** `has(operand.field)`. */
  readonly test: boolean
}

export interface Call {
  readonly is: 'call'
  readonly at: number
  readonly name: string
  readonly target?: Expression
  readonly args: readonly Expression[]
}

/** An element of a list; an optional one (`[?x]`) is left out where it has no value. */
export interface Element {
  readonly value: Expression
  readonly optional: boolean
}

export interface Entry {
  readonly at: number
  readonly key: Expression
  readonly value: Expression
  readonly optional: boolean
}

export interface FieldValue {
  readonly at: number
  readonly name: string
  readonly value: Expression
  readonly optional: boolean
}

/** A loop over a list or the keys of a map, which every comprehension macro becomes. */
export interface Fold {
  readonly is: 'fold'
  readonly at: number
  readonly range: Expression
  readonly variable: string
  /** The second variable of `all(i, v, …)`: then the first holds the index or key, this one the value. */
  readonly second?: string
  readonly accumulator: string
  readonly start: Expression
  readonly condition: Expression
  readonly step: Expression
  readonly result: Expression
}

/** The names of operators as functions, as in cel-spec; messages of errors name them. */
export const operators = {
  '||': '_||_',
  '&&': '_&&_',
  '==': '_==_',
  '!=': '_!=_',
  '<': '_<_',
  '<=': '_<=_',
  '>': '_>_',
  '>=': '_>=_',
  in: '@in',
  '+': '_+_',
  '-': '_-_',
  '*': '_*_',
  '/': '_/_',
  '%': '_%_',
} as const

export const call = (at: number, name: string, ...args: Expression[]): Call => ({ is: 'call', at, name, args })
export const identifier = (at: number, name: string): Expression => ({ is: 'identifier', at, name })
export const literal = (at: number, value: Value): Expression => ({ is: 'literal', at, value })
