/** CEL values as JSON, for the objects and patches that expressions make. */
import { EvaluationError } from './evaluation-error.ts'
import { runtimeType } from './operations.ts'
import { formatDuration, formatTimestamp } from './time.ts'
import { formatType } from './types.ts'
import { Duration, isList, isMap, type MapValue, Optional, Timestamp, Uint, type Value } from './values.ts'

/** An object of `Object` types stands where its type's name does not say: `Object{spec: Object.status{}}`. */
export class MutationTypeError extends Error {}

/** `typePath` is the type that an object here must have, as `Object.spec`; undefined where nothing is known of it. */
export function jsonOfValue(value: Value, typePath?: string): unknown {
  if (value === null || typeof value === 'boolean' || typeof value === 'string' || typeof value === 'number')
    return value
  if (typeof value === 'bigint') return numberOf(value)
  if (value instanceof Uint) return numberOf(value.value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (value instanceof Timestamp) return formatTimestamp(value.nanos)
  if (value instanceof Duration) return formatDuration(value.nanos)
  if (value instanceof Optional) return value.value === undefined ? null : jsonOfValue(value.value, typePath)
  if (isList(value)) return Array.from(value.values(), item => jsonOfValue(item, typePath))
  if (isMap(value)) return jsonOfMap(value, typePath)
  throw new EvaluationError(`${formatType(runtimeType(value))} has no JSON form`)
}

/** Integers beyond 2^53 stay bigints, as everywhere in decoded objects. */
const numberOf = (value: bigint): number | bigint => (Number.isSafeInteger(Number(value)) ? Number(value) : value)

function jsonOfMap(map: MapValue, typePath: string | undefined): Record<string, unknown> {
  const { typeName } = map
  const isObject = typeName === 'Object' || typeName?.startsWith('Object.')
  if (isObject && typePath !== undefined && typeName !== typePath)
    throw new MutationTypeError(
      `type mismatch: unexpected type name "${typeName}", expected "${typePath}", which matches field name path from root Object type`,
    )
  const json: Record<string, unknown> = Object.create(null)
  for (const key of map.keys()) {
    if (typeof key !== 'string') throw new EvaluationError('keys of objects must be strings')
    json[key] = jsonOfValue(map.get(key) as Value, isObject ? `${typeName}.${key}` : undefined)
  }
  return { ...json }
}
