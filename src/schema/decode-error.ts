/** Input that is no valid encoding of what it should be. The message is what Kubernetes' clients know from upstream. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError'
}

/** What Go's encoding/json calls the type of a JSON value that is not null. */
export function jsonTypeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'boolean') return 'bool'
  return typeof value === 'bigint' ? 'number' : typeof value
}

/** What Go's reflection makes of a type: `own` has a decoder of its own. */
export type GoTarget = 'string' | 'bool' | 'int' | 'float' | 'slice' | 'map' | 'struct' | 'own'

/** A value of another type than its place. */
export class WrongTypeError extends DecodeError {
  /** The same in the words of upstream's conversion, which reads what a strategic merge or an apply has made. */
  readonly converted: string
  constructor(message: string, found: string, goType: string, target: GoTarget, value: unknown) {
    super(message)
    this.converted = convertedMessage(found, goType, target, goKindOf(value))
  }
}

function goKindOf(value: unknown): string {
  if (Array.isArray(value)) return 'slice'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'bigint' || Number.isInteger(value)) return 'int64'
  if (typeof value === 'number') return 'float64'
  return typeof value === 'string' ? 'string' : 'map'
}

function convertedMessage(found: string, goType: string, target: GoTarget, kind: string): string {
  switch (target) {
    case 'own':
      return `json: cannot unmarshal ${found} into Go value of type ${goType}`
    case 'string':
      // Go makes strings of integers, and JSON does not.
      return kind === 'int64' ? `cannot convert int64 to ${goType}` : 'unrecognized type: string'
    case 'int':
      return kind === 'float64' ? `cannot convert float64 to ${goType}` : `unrecognized type: ${goType}`
    case 'bool':
    case 'float':
      return `unrecognized type: ${goType}`
    case 'struct':
      return `cannot restore struct from: ${kind}`
    default:
      return `cannot restore ${target} from ${kind}`
  }
}
