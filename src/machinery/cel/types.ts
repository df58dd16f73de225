/** The types of CEL expressions, and how messages name them. */
export type CelType =
  | { readonly is: 'dyn' | 'null' | 'bool' | 'int' | 'uint' | 'double' | 'string' | 'bytes' | 'timestamp' | 'duration' }
  /** The type of what did not check; agrees with everything, so that one mistake is told once. */
  | { readonly is: 'error' }
  | { readonly is: 'list'; readonly of: CelType }
  | { readonly is: 'map'; readonly key: CelType; readonly of: CelType }
  | { readonly is: 'optional'; readonly of: CelType }
  | { readonly is: 'type'; readonly of: CelType }
  /** A parameter of a function's signature. */
  | { readonly is: 'parameter'; readonly name: string }
  | { readonly is: 'opaque'; readonly name: string }
  | ObjectType

export interface ObjectType {
  readonly is: 'object'
  readonly name: string
  /** The type of a field, undefined where the type has none of that name. */
  field(name: string): CelType | undefined
  /** The member of the JSON object behind an escaped field name. */
  memberName?(field: string): string | undefined
}

export const dyn: CelType = { is: 'dyn' }
export const errorType: CelType = { is: 'error' }
export const nullType: CelType = { is: 'null' }
export const boolType: CelType = { is: 'bool' }
export const intType: CelType = { is: 'int' }
export const uintType: CelType = { is: 'uint' }
export const doubleType: CelType = { is: 'double' }
export const stringType: CelType = { is: 'string' }
export const bytesType: CelType = { is: 'bytes' }
export const timestampType: CelType = { is: 'timestamp' }
export const durationType: CelType = { is: 'duration' }
export const listOf = (of: CelType): CelType => ({ is: 'list', of })
export const mapOf = (key: CelType, of: CelType): CelType => ({ is: 'map', key, of })
export const optionalOf = (of: CelType): CelType => ({ is: 'optional', of })
export const typeOf = (of: CelType): CelType => ({ is: 'type', of })

/** Names of types in expressions: `type(x) == string`. */
export const namedTypes: ReadonlyMap<string, CelType> = new Map<string, CelType>([
  ['bool', boolType],
  ['bytes', bytesType],
  ['double', doubleType],
  ['dyn', dyn],
  ['google.protobuf.Duration', durationType],
  ['google.protobuf.Timestamp', timestampType],
  ['int', intType],
  ['list', listOf(dyn)],
  ['map', mapOf(dyn, dyn)],
  ['null_type', nullType],
  ['optional_type', optionalOf(dyn)],
  ['string', stringType],
  ['type', typeOf(dyn)],
  ['uint', uintType],
])

/** As cel-go prints types in its errors. */
export function formatType(type: CelType): string {
  switch (type.is) {
    case 'list':
      return `list(${formatType(type.of)})`
    case 'map':
      return `map(${formatType(type.key)}, ${formatType(type.of)})`
    case 'optional':
      return `optional_type(${formatType(type.of)})`
    case 'type':
      return type.of.is === 'dyn' ? 'type' : `type(${formatType(type.of)})`
    case 'timestamp':
      return 'google.protobuf.Timestamp'
    case 'duration':
      return 'google.protobuf.Duration'
    case 'error':
      return '!error!'
    case 'object':
    case 'opaque':
    case 'parameter':
      return type.name
    default:
      return type.is
  }
}

/** `(int, string)`, or `string.(int)` where the first is the receiver. */
export function formatArguments(types: readonly CelType[], isMember: boolean): string {
  const [receiver, ...rest] = types
  if (isMember && receiver) return `${formatType(receiver)}.(${rest.map(formatType).join(', ')})`
  return `(${types.map(formatType).join(', ')})`
}

/** What type parameters stand for, by name. */
export type Bindings = Map<string, CelType>

export function substitute(type: CelType, bindings: Bindings): CelType {
  switch (type.is) {
    case 'parameter': {
      const bound = bindings.get(type.name)
      return bound === undefined ? dyn : substitute(bound, bindings)
    }
    case 'list':
      return listOf(substitute(type.of, bindings))
    case 'optional':
      return optionalOf(substitute(type.of, bindings))
    case 'type':
      return typeOf(substitute(type.of, bindings))
    case 'map':
      return mapOf(substitute(type.key, bindings), substitute(type.of, bindings))
    default:
      return type
  }
}

const mayBeNull = new Set(['null', 'timestamp', 'duration', 'object', 'opaque', 'optional'])

/**
 * Whether a value of the type `from` may stand where `to` is expected; binds parameters of `to` on the way.
 * `dyn` goes both ways, as the run time decides then.
 */
export function isAssignable(to: CelType, from: CelType, bindings: Bindings): boolean {
  if (to.is === 'parameter') {
    if (from.is === 'parameter' && from.name === to.name) return true
    const bound = bindings.get(to.name)
    if (bound === undefined) {
      bindings.set(to.name, from)
      return true
    }
    if (isAssignable(bound, from, bindings)) return true
    if (!isAssignable(from, bound, bindings)) return false
    bindings.set(to.name, from)
    return true
  }
  if (to.is === 'dyn' || from.is === 'dyn' || to.is === 'error' || from.is === 'error') return true
  if (from.is === 'parameter') return true
  if (from.is === 'null') return mayBeNull.has(to.is)
  if (to.is !== from.is) return false
  if (to.is === 'map' && from.is === 'map')
    return isAssignable(to.key, from.key, bindings) && isAssignable(to.of, from.of, bindings)
  if ((to.is === 'list' || to.is === 'optional') && 'of' in from) return isAssignable(to.of, from.of, bindings)
  if ((to.is === 'object' || to.is === 'opaque') && 'name' in from) return to.name === from.name
  return true
}

/** The common type of two, `dyn` where they have none. */
export function join(a: CelType, b: CelType): CelType {
  if (a.is === 'parameter') return b
  if (isAssignable(a, b, new Map())) return a
  return isAssignable(b, a, new Map()) ? b : dyn
}
