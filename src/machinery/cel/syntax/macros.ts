/**
 * CEL's macros (cel-spec, "Macros"; its extensions for optional values, bindings and two-variable comprehensions), each
 * a rewriting of a call into a simpler expression.
 */
import { call, type Expression, type Fold, identifier, literal } from './expression.ts'
import { CelSyntaxError } from './syntax-error.ts'

/** What macros collect their result in. */
export const accumulator = '@result'

type Expander = (at: number, target: Expression, args: readonly Expression[]) => Expression

function variable(expression: Expression | undefined): string {
  if (expression?.is === 'identifier' && !expression.name.startsWith('.')) return expression.name
  throw new CelSyntaxError('argument must be a simple name', expression?.at ?? 0)
}

const result = (at: number) => identifier(at, accumulator)
const always = (at: number) => literal(at, true)
const list = (at: number, ...values: Expression[]): Expression => ({
  is: 'list',
  at,
  elements: values.map(value => ({ value, optional: false })),
})
const listWith = (at: number, value: Expression) => call(at, '_+_', result(at), list(at, value))
const when = (at: number, condition: Expression, step: Expression) => call(at, '_?_:_', condition, step, result(at))

function fold(
  at: number,
  range: Expression,
  [first, second]: readonly [string, string?],
  parts: { start: Expression; condition?: Expression; step: Expression; result?: Expression },
): Fold {
  return {
    is: 'fold',
    at,
    range,
    variable: first,
    ...(second === undefined ? {} : { second }),
    accumulator,
    start: parts.start,
    condition: parts.condition ?? always(at),
    step: parts.step,
    result: parts.result ?? result(at),
  }
}

/** The variables at the head of the arguments, and what follows them. */
function split(
  args: readonly Expression[],
  variables: 1 | 2,
): { names: readonly [string, string?]; rest: Expression[] } {
  const names: readonly [string, string?] =
    variables === 1 ? [variable(args[0])] : [variable(args[0]), variable(args[1])]
  if (names[0] === names[1]) throw new CelSyntaxError(`duplicate variable name: ${names[0]}`, args[1]?.at ?? 0)
  return { names, rest: args.slice(variables) }
}

const quantifiers = (variables: 1 | 2): Record<string, Expander> => ({
  all(at, target, args) {
    const { names, rest } = split(args, variables)
    return fold(at, target, names, {
      start: literal(at, true),
      condition: call(at, '@not_strictly_false', result(at)),
      step: call(at, '_&&_', result(at), rest[0] as Expression),
    })
  },
  exists(at, target, args) {
    const { names, rest } = split(args, variables)
    return fold(at, target, names, {
      start: literal(at, false),
      condition: call(at, '@not_strictly_false', call(at, '!_', result(at))),
      step: call(at, '_||_', result(at), rest[0] as Expression),
    })
  },
  exists_one(at, target, args) {
    const { names, rest } = split(args, variables)
    return fold(at, target, names, {
      start: literal(at, 0n),
      step: when(at, rest[0] as Expression, call(at, '_+_', result(at), literal(at, 1n))),
      result: call(at, '_==_', result(at), literal(at, 1n)),
    })
  },
})

function toList(variables: 1 | 2): Expander {
  return (at, target, args) => {
    const { names, rest } = split(args, variables)
    const [condition, value] = rest.length === 2 ? rest : [undefined, rest[0]]
    const step = listWith(at, value as Expression)
    return fold(at, target, names, { start: list(at), step: condition ? when(at, condition, step) : step })
  }
}

function toMap(insertion: (at: number, key: string, value: Expression) => Expression): Expander {
  return (at, target, args) => {
    const { names, rest } = split(args, 2)
    const [condition, value] = rest.length === 2 ? rest : [undefined, rest[0]]
    const step = insertion(at, names[0], value as Expression)
    return fold(at, target, names, {
      start: { is: 'map', at, entries: [] },
      step: condition ? when(at, condition, step) : step,
    })
  }
}

const filter: Expander = (at, target, args) => {
  const { names, rest } = split(args, 1)
  const step = when(at, rest[0] as Expression, listWith(at, identifier(at, names[0])))
  return fold(at, target, names, { start: list(at), step })
}

const transformMap = toMap((at, key, value) => call(at, 'cel.@mapInsert', result(at), identifier(at, key), value))
const transformMapEntry = toMap((at, _key, value) => call(at, 'cel.@mapInsert', result(at), value))

/** `body` with the variable `name` for `value`: a loop that never runs, whose accumulator is the variable. */
const bind = (at: number, name: string, value: Expression, body: Expression): Fold => ({
  ...fold(at, list(at), ['#unused'], { start: value, step: identifier(at, name) }),
  accumulator: name,
  condition: literal(at, false),
  result: body,
})

/** `x.optMap(v, e)`: `e` with the value of `x` as `v`, where it has one. */
const optional =
  (wrap: boolean): Expander =>
  (at, target, args) => {
    const bound = bind(at, variable(args[0]), call(at, 'optional.@value', target), args[1] as Expression)
    const none = call(at, 'optional.none')
    const has: Expression = { is: 'call', at, name: 'hasValue', target, args: [] }
    return call(at, '_?_:_', has, wrap ? call(at, 'optional.of', bound) : bound, none)
  }

/** `list.sortBy(v, e)`: sorted by what `e` is for each element, computed once. */
const sortBy: Expander = (at, target, args) => {
  const input = '@__sortBy_input__'
  const keys = toList(1)(at, identifier(at, input), args)
  const sorted = call(at, '@sortByAssociatedKeys', keys)
  return bind(at, input, target, { ...sorted, target: identifier(at, input) })
}

const one = quantifiers(1)
const two = quantifiers(2)

/** By name and number of arguments. */
const members: Readonly<Record<string, Expander | undefined>> = {
  'all/2': one.all,
  'exists/2': one.exists,
  'exists_one/2': one.exists_one,
  'existsOne/2': one.exists_one,
  'all/3': two.all,
  'exists/3': two.exists,
  'existsOne/3': two.exists_one,
  'map/2': toList(1),
  'map/3': toList(1),
  'filter/2': filter,
  'transformList/3': toList(2),
  'transformList/4': toList(2),
  'transformMap/3': transformMap,
  'transformMap/4': transformMap,
  'transformMapEntry/3': transformMapEntry,
  'transformMapEntry/4': transformMapEntry,
  'sortBy/2': sortBy,
  'optMap/2': optional(true),
  'optFlatMap/2': optional(false),
}

/** What the call stands for, or undefined where it is no macro. */
export function expandMacro(
  at: number,
  name: string,
  target: Expression | undefined,
  args: readonly Expression[],
): Expression | undefined {
  if (target === undefined) {
    if (name !== 'has' || args.length !== 1) return undefined
    const [operand] = args
    if (operand?.is !== 'select') throw new CelSyntaxError('invalid argument to has() macro', operand?.at ?? at)
    return { ...operand, test: true }
  }
  return members[`${name}/${args.length}`]?.(at, target, args)
}
