import type { FieldError } from './field-error.ts'
import type { Fields, Message, Type } from './type.ts'

export type ListKind = 'atomic' | 'set' | 'map'
export type PatchStrategy = 'merge' | 'replace' | 'retainKeys' | 'merge,retainKeys'

/** What a validator may know. `old` is undefined on create. */
export interface ValidationContext {
  /** The whole object, and the one it replaces. */
  readonly object: unknown
  readonly oldObject: unknown
  /** The subresource of the request ('' for the object itself). */
  readonly subresource: string
}

/** Returns the errors of one value; `path` is its field path, as `spec.containers[0].name`. */
export type Validator<T> = (value: T, old: T | undefined, path: string, context: ValidationContext) => FieldError[]

/** Everything known about one field. Built by `f(tag, type)` and its methods; immutable. */
export interface FieldFacts {
  readonly tag: number
  readonly type: Type
  /** Must be given by the client (OpenAPI `required`). */
  readonly required: boolean
  /** A Go struct or scalar that is not a pointer and has no omitempty: always present in JSON, `{}`, `''`, `0` or `null` if unset. */
  readonly always: boolean
  /**
   * Explicit presence: zero, '' or an empty list is kept and told from an absent value (a Go pointer; a list or map
   * without omitempty). Otherwise zero means unset: it is dropped on decoding, and protobuf carries it for every unset field.
   */
  readonly explicit?: boolean
  /** Written as `null` where it is unset; in memory it is absent. */
  readonly orNull?: boolean
  /** Not written while it is zero, although it is always present in memory. */
  readonly omitZero?: boolean
  readonly defaultValue?: unknown
  readonly listKind?: ListKind
  readonly listKeys?: readonly string[]
  readonly mapKind?: 'atomic' | 'granular'
  readonly patchStrategy?: PatchStrategy
  readonly patchMergeKey?: string
  readonly immutable?: boolean
  readonly docText?: string
  readonly featureGate?: string
  readonly deprecatedSince?: string
  /** Fields of one `union` exclude each other. */
  readonly union?: string
  /** A field of a Go struct that is embedded inline: flat in JSON, inside the messages with these tags, outermost first, in protobuf. */
  readonly inlineTags?: readonly number[]
  /** The names of those structs with dots between, which Go's decoding errors put into their paths. */
  readonly inlineName?: string
  /** Go's name of the type (of an item's, for a list), which decoding errors show, where it is a string type of its own. */
  readonly goType?: string
  readonly validators: readonly Validator<never>[]
}

/**
 * One declared field. `T` is its TypeScript type, `P` whether it is always present after decoding.
 * Every method returns a new field.
 */
export class Field<out T, out P extends boolean = false> {
  readonly facts: FieldFacts
  declare readonly _t?: T
  declare readonly _present?: P

  constructor(facts: FieldFacts) {
    this.facts = facts
  }

  #with<Q extends boolean = P>(facts: Partial<FieldFacts>): Field<T, Q> {
    return new Field<T, Q>({ ...this.facts, ...facts })
  }

  /** The client must give it; a missing one is `Required value`. */
  required(): Field<T, true> {
    return this.#with<true>({ required: true })
  }
  /** Always present: Go's zero value where the client gives none. */
  always(): Field<T, true> {
    return this.#with<true>({ always: true })
  }
  /** Present in memory, but not written while it is zero: OpenAPI names a default that Go's encoder omits. */
  omitZero(): Field<T, P> {
    return this.#with({ omitZero: true })
  }
  /** Shown as `null` in JSON where it is unset: a Go list or map without omitempty, or a time, which omitempty does not omit. */
  orNull(): Field<T, P> {
    return this.#with({ orNull: true })
  }
  /** Zero differs from unset, see `FieldFacts.explicit`. */
  explicit(): Field<T, P> {
    return this.#with({ explicit: true })
  }
  default(value: T): Field<T, true> {
    return this.#with<true>({ defaultValue: value })
  }
  /** A list merged by server-side apply: by keys (`map`), by value (`set`) or not (`atomic`). */
  listOf(listKind: ListKind, ...listKeys: string[]): Field<T, P> {
    return this.#with(listKind === 'map' ? { listKind, listKeys } : { listKind })
  }
  /** A map or message that server-side apply replaces as a whole. */
  atomic(): Field<T, P> {
    return this.#with({ mapKind: 'atomic' })
  }
  /** A map or message that server-side apply merges member by member, although its type is atomic elsewhere. */
  granular(): Field<T, P> {
    return this.#with({ mapKind: 'granular' })
  }
  /** How a strategic merge patch treats it. */
  patch(patchStrategy: PatchStrategy, patchMergeKey?: string): Field<T, P> {
    return this.#with(patchMergeKey === undefined ? { patchStrategy } : { patchStrategy, patchMergeKey })
  }
  /** On stored objects the server has always set it: for the TypeScript type alone. */
  present(): Field<T, true> {
    return this.#with<true>({})
  }
  /** Go's name of the type, see `FieldFacts.goType`. */
  go(goType: string): Field<T, P> {
    return this.#with({ goType })
  }
  immutable(): Field<T, P> {
    return this.#with({ immutable: true })
  }
  doc(docText: string): Field<T, P> {
    return this.#with({ docText })
  }
  /** Dropped on write while the gate is off, unless the old object has it. */
  gate(featureGate: string): Field<T, P> {
    return this.#with({ featureGate })
  }
  deprecated(deprecatedSince: string): Field<T, P> {
    return this.#with({ deprecatedSince })
  }
  union(union: string): Field<T, P> {
    return this.#with({ union })
  }
  validate(...validators: Validator<NoInfer<Exclude<T, undefined>>>[]): Field<T, P> {
    return this.#with({ validators: [...this.facts.validators, ...(validators as Validator<never>[])] })
  }
}

/** Declares a field by its protobuf tag and type. */
export const f = <T>(tag: number, type: Type<T>): Field<T, false> =>
  new Field<T, false>({ tag, type, required: false, always: false, validators: [] })

/** Embeds the fields of a message: `...inline(2, VolumeSource)`. */
export function inline<F extends Fields>(tag: number, message: Message<unknown, F>): F {
  const inlineName = message.name.slice(message.name.lastIndexOf('.') + 1)
  const entries = Object.entries(message.fields).map(([name, field]) => [
    name,
    new Field({
      ...field.facts,
      inlineTags: [tag, ...(field.facts.inlineTags ?? [])],
      inlineName: field.facts.inlineName === undefined ? inlineName : `${inlineName}.${field.facts.inlineName}`,
    }),
  ])
  return Object.fromEntries(entries) as F
}

/** The message behind a message type or a reference to one. */
export function messageOf(type: Type): Message | undefined {
  if (type.is === 'message') return type
  return type.is === 'reference' ? type.target() : undefined
}

/** The default that OpenAPI shows and that keys of lists take: the declared one, or Go's zero value of what is always present. */
export function shownDefault({ always, defaultValue, explicit, type }: FieldFacts): unknown {
  if (defaultValue !== undefined) return defaultValue
  if (!always || explicit) return undefined
  if (type.is === 'enum') return ''
  if (type.is === 'message' || type.is === 'reference') return {}
  if (type.is !== 'scalar') return undefined
  if (type.name === 'string') return ''
  if (type.name === 'bool') return false
  return /^u?int(32|64)$|^double$/.test(type.name) ? 0 : undefined
}
