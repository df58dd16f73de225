/** The JSON paths of printer columns, scales and selectable fields: members, indices, `[*]`, and `[?(@.a=="b")]`. */
type Step = (values: readonly unknown[]) => unknown[]

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

const member =
  (name: string): Step =>
  values =>
    values.flatMap(value => (isObject(value) && !Array.isArray(value) && name in value ? [value[name]] : []))

const item =
  (index: number): Step =>
  values =>
    values.flatMap(value => (Array.isArray(value) && value.at(index) !== undefined ? [value.at(index)] : []))

const every: Step = values => values.flatMap(value => (isObject(value) ? Object.values(value) : []))

function filter(path: string, operator: string, literal: string): Step {
  const left = compilePath(path)
  const wanted = /^(['"]).*\1$/.test(literal) ? literal.slice(1, -1) : literal
  return values =>
    values
      .flatMap(value => (Array.isArray(value) ? value : []))
      .filter(one => {
        const [found] = left(one)
        const equal = found !== undefined && String(found) === wanted
        return operator === '==' ? equal : !equal
      })
}

const token =
  /^(?:\.([^.[\]'"]+)|\[\*\]|\.\*|\['([^']*)'\]|\["([^"]*)"\]|\[(-?\d+)\]|\[\?\(@([^=!<>\s]*)\s*(==|!=)\s*("[^"]*"|'[^']*'|[^)]+?)\s*\)\])/

/** All values that a path leads to. A path that cannot be read leads to none. */
export function compilePath(path: string): (value: unknown) => unknown[] {
  const steps: Step[] = []
  let rest = path.replace(/^\{|\}$/g, '').replaceAll('\\.', '\u0000')
  while (rest !== '' && rest !== '.') {
    const match = token.exec(rest)
    if (!match) return () => []
    const [whole, dotted, single, double, index, filterPath, operator, literal] = match
    const name = dotted ?? single ?? double
    if (name !== undefined) steps.push(name === '*' ? every : member(name.replaceAll('\u0000', '.')))
    else if (index !== undefined) steps.push(item(Number(index)))
    else if (operator !== undefined) steps.push(filter(filterPath ?? '', operator, literal ?? ''))
    else steps.push(every)
    rest = rest.slice(whole.length)
  }
  return value => steps.reduce<readonly unknown[]>((values, step) => step(values), [value]) as unknown[]
}

/** The members that a simple path of names leads through, as `.spec.replicas`. */
export const namesOf = (path: string): string[] => path.split('.').filter(name => name !== '')
