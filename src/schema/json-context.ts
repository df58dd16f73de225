import { type DecodeError, type GoTarget, WrongTypeError } from './decode-error.ts'
import { NumberLiteral, showPath } from './json-exact.ts'

const maxUnknownFields = 100

/** What one decoding collects on its way. */
export class ShapeContext {
  /** Keys seen, to be compared with the keys in the text: fewer means duplicates. */
  keys = 0
  readonly unknownFields: string[] = []
  /** Where the walk stands; keys of maps are not part of Go's field paths. */
  readonly path: PathStep[] = []
  /** Name of the innermost message. */
  owner = ''

  unknown(key: string): void {
    if (this.unknownFields.length < maxUnknownFields) this.unknownFields.push(this.showPath([...this.path, key]))
  }

  /** The same by the path of what is unknown, below the object. */
  unknownAt(path: string): void {
    const outer = this.showPath()
    if (this.unknownFields.length < maxUnknownFields) this.unknownFields.push(outer === '' ? path : `${outer}.${path}`)
  }

  showPath(path: readonly PathStep[] = this.path): string {
    return showPath(path.map(step => (typeof step === 'object' ? step.key : step)))
  }

  /** Go's UnmarshalTypeError. */
  wrongType(value: unknown, found: string, type: string, target: GoTarget): DecodeError {
    const fields = this.path
      .filter(step => typeof step === 'string' || step instanceof EmbeddedKey)
      .map(step => (typeof step === 'string' ? step : `${step.struct}.${step.key}`))
      .join('.')
    const place = fields === '' ? 'Go value' : `Go struct field ${this.owner}.${fields}`
    return new WrongTypeError(
      `json: cannot unmarshal ${found} into ${place} of type ${type}`,
      found,
      type,
      target,
      value,
    )
  }
}

type PathStep = string | number | MapKey | EmbeddedKey

/** A field of a struct that is embedded in the one around it. */
export class EmbeddedKey {
  readonly struct: string
  readonly key: string
  constructor(struct: string, key: string) {
    this.struct = struct
    this.key = key
  }
}

export class MapKey {
  readonly key: string
  constructor(key: string) {
    this.key = key
  }
}

/** Gives the value to keep: itself where it is right, or another; undefined where it stands for an absent one. */
export type Shaper = (value: unknown, context: ShapeContext) => unknown

/** The kind of a JSON value as Go's errors name it. */
export function kindOfValue(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (value instanceof NumberLiteral) return `number ${value.text}`
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'bigint') return 'number'
  return typeof value
}
