import { type Field, f } from './field.ts'
import { type Fields, list, type Message, type MessageOptions, type Type } from './type.ts'

type PresentKeys<F extends Fields> = {
  [K in keyof F]: F[K] extends Field<unknown, infer P> ? (true extends P ? K : never) : never
}[keyof F]
type ValueOf<D> = D extends Field<infer T, boolean> ? T : never

/** The TypeScript type of a set of declared fields: those always present, then the optional ones. */
export type FieldValues<F extends Fields> = { [K in PresentKeys<F>]: ValueOf<F[K]> } & {
  [K in Exclude<keyof F, PresentKeys<F>>]?: ValueOf<F[K]>
}

/** Declares the messages of one API package, as `io.k8s.api.core.v1`. */
export const messagesOf =
  (packageName: string) =>
  <const F extends Fields>(name: string, fields: F, options: MessageOptions = {}): Message<FieldValues<F>, F> => ({
    is: 'message',
    name: `${packageName}.${name}`,
    fields,
    options,
  })

/** Declares messages whose JSON form is a list (in Go: `type ExtraValue []string`); in protobuf it is their field 1. */
export const listMessagesOf =
  (packageName: string) =>
  <T>(name: string, of: Type<T>): Message<T[]> => ({
    is: 'message',
    name: `${packageName}.${name}`,
    fields: { items: f(1, list(of)) },
    options: { listForm: true },
  })

/** What a client has to give to create a value: what the server fills in may be left out, at every depth. */
export type Draft<T> = T extends readonly (infer U)[]
  ? Draft<U>[]
  : T extends object
    ? { [K in keyof T]?: Draft<T[K]> }
    : T
