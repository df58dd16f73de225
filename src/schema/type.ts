/**
 * The types that a field can have. A value is always in its JSON form: a Quantity is a string, bytes are base64, a Time
 * is RFC 3339. The codecs read these descriptors; nothing else says how a value looks on the wire.
 */
import type { Field } from './field.ts'

export type ScalarName =
  | 'string'
  | 'bool'
  | 'int32'
  | 'int64'
  | 'uint32'
  | 'uint64'
  | 'double'
  | 'bytes' // JSON: base64 string
  | 'binary' // protobuf only: Uint8Array (CRI, CSI, etcd)
  | 'byteString' // protobuf only: bytes as a string with one character per byte (etcd's keys)
  | 'quantity'
  | 'intOrString'
  | 'time' // RFC 3339, seconds
  | 'microTime' // RFC 3339, microseconds
  | 'duration' // Go duration string
  | 'raw' // runtime.RawExtension: any JSON object
  | 'json' // any JSON value
  | 'fieldsV1'

export type Type<T = unknown> = (Scalar | Enum | ListType | MapType | Message | Reference) & { readonly _t?: T }

/** A scalar. `_t` never exists at run time; it carries the TypeScript type. */
export interface Scalar<T = unknown> {
  readonly is: 'scalar'
  readonly name: ScalarName
  readonly _t?: T
}

export interface Enum<T = unknown> {
  readonly is: 'enum'
  readonly values: readonly string[]
  /** Values that OpenAPI lists besides, although validation refuses them. */
  readonly alsoShown?: readonly string[]
  /** Whether other strings decode too (upstream leaves many string types open). Validation still names the values. */
  readonly _t?: T
}

export interface ListType<T = unknown> {
  readonly is: 'list'
  readonly of: Type
  readonly _t?: T
}

/** A map with string keys. */
export interface MapType<T = unknown> {
  readonly is: 'map'
  readonly of: Type
  readonly _t?: T
}

/** A reference to a message that is declared later or contains itself. */
export interface Reference<T = unknown> {
  readonly is: 'reference'
  readonly target: () => Message
  readonly _t?: T
}

export type Fields = Readonly<Record<string, Field<unknown, boolean>>>

export interface GroupVersionKind {
  readonly group: string
  readonly version: string
  readonly kind: string
}

export interface MessageOptions {
  /** `atomic`: replaced as a whole by server-side apply (x-kubernetes-map-type). */
  readonly mapType?: 'atomic'
  readonly doc?: string
  /** Members that exclude each other, named by the value of the discriminator (the member's name, capitalised) if there is one. */
  readonly unions?: readonly { readonly discriminator?: string; readonly members: readonly string[] }[]
  /** A message whose only field `items` is the JSON form itself (upstream: `type ExtraValue []string`). */
  readonly listForm?: boolean
  /** A kind whose JSON form names neither kind nor apiVersion. */
  readonly typeless?: boolean
  /** Members that are not declared are kept as they are. */
  readonly keepsUnknown?: boolean
  /** The kind of its lists, where it is not the kind with `List` behind. */
  readonly listKind?: string
  /** Runs on every object that is decoded from JSON: gives the object without what does not belong, and tells its paths. */
  readonly refine?: (object: Record<string, unknown>, unknown: (path: string) => void) => Record<string, unknown>
  /** JSON shows one of its two members alone, see `choice.ts`. */
  readonly choice?: boolean
}

export interface Message<T = unknown, F extends Fields = Fields> {
  readonly is: 'message'
  /** The name in OpenAPI, as `io.k8s.api.core.v1.PodSpec`. */
  readonly name: string
  readonly fields: F
  readonly options: MessageOptions
  /** Set on messages that are API kinds: they have `apiVersion` and `kind` in JSON and none in protobuf. */
  readonly gvk?: GroupVersionKind
  readonly _t?: T
}

const scalar = <T>(name: ScalarName): Scalar<T> => ({ is: 'scalar', name })

export const str = scalar<string>('string')
export const bool = scalar<boolean>('bool')
export const int32 = scalar<number>('int32')
/** A number while it is a safe integer, else a bigint at run time, so that no digit is lost. */
export const int64 = scalar<number>('int64')
export const uint32 = scalar<number>('uint32')
export const uint64 = scalar<number>('uint64')
export const double = scalar<number>('double')
export const bytes = scalar<string>('bytes')
export const binary = scalar<Uint8Array>('binary')
export const byteString = scalar<string>('byteString')
export const quantity = scalar<string>('quantity')
export const intOrString = scalar<number | string>('intOrString')
export const time = scalar<string>('time')
export const microTime = scalar<string>('microTime')
export const duration = scalar<string>('duration')
export const raw = scalar<Record<string, unknown>>('raw')
export const json = scalar<unknown>('json')
export const fieldsV1 = scalar<Record<string, unknown>>('fieldsV1')

export const oneOf = <const V extends readonly string[]>(...values: V): Enum<V[number]> => ({ is: 'enum', values })
/** The same enum, with values that OpenAPI lists although validation refuses them. */
export const showing = <T>(type: Enum<T>, ...alsoShown: readonly string[]): Enum<T> => ({ ...type, alsoShown })
export const list = <T>(of: Type<T>): ListType<T[]> => ({ is: 'list', of })
export const map = <T>(of: Type<T>): MapType<Record<string, T>> => ({ is: 'map', of })
/** Breaks a cycle between declarations; state the TypeScript type by hand: `later<JSONSchemaProps>(() => JSONSchemaProps)`. */
export const later = <T>(target: () => Message): Reference<T> => ({ is: 'reference', target })

/** The TypeScript type of a declared type. */
export type TypeOf<D> = D extends { readonly _t?: infer T } ? Exclude<T, undefined> : never
