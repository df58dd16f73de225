/** Kinds: messages that the API serves, with the facts of their resource. */
import { f } from './field.ts'
import type { FieldValues } from './message.ts'
import { type Fields, type GroupVersionKind, list, type Message, type MessageOptions, type Type } from './type.ts'

export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch'

export interface SubresourceFacts {
  readonly verbs: readonly Verb[]
  /** The kind that it takes and answers; the resource's own where absent. */
  readonly kind?: GroupVersionKind
}

export interface ResourceFacts {
  readonly plural: string
  readonly singular: string
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
  readonly namespaced: boolean
  readonly verbs: readonly Verb[]
  readonly subresources?: Readonly<Record<string, SubresourceFacts>>
}

export interface KindMembers {
  readonly apiVersion: string
  readonly kind: string
}

/** An API kind. `T` is the TypeScript type of its objects. */
export interface Kind<T = unknown, F extends Fields = Fields> extends Message<T, F> {
  readonly gvk: GroupVersionKind
  /** `v1`, `apps/v1`. */
  readonly apiVersion: string
  /** Absent on kinds that are no resource of their own: options, Status, WatchEvent. */
  readonly resource?: ResourceFacts
}

export interface ListKind<T = unknown> extends Kind<T> {
  readonly item: Kind
}

export interface KindOptions extends MessageOptions {
  readonly resource?: ResourceFacts
}

export const apiVersionOf = (group: string, version: string): string => (group === '' ? version : `${group}/${version}`)

/** Declares the kinds of one group and version; `packageName` is the OpenAPI name of their package. */
export const kindsOf =
  (group: string, version: string, packageName: string) =>
  <const F extends Fields>(
    name: string,
    fields: F,
    options: KindOptions = {},
  ): Kind<KindMembers & FieldValues<F>, F> => {
    const { resource, ...rest } = options
    return {
      is: 'message',
      name: `${packageName}.${name}`,
      fields,
      options: rest,
      gvk: { group, version, kind: name },
      apiVersion: apiVersionOf(group, version),
      ...(resource === undefined ? {} : { resource }),
    }
  }

const lists = new WeakMap<Kind, ListKind>()

/** The list of a kind: `metadata` and `items`, named as the kind with `List` behind. `listMeta` is metav1.ListMeta. */
export function listKindOf(kind: Kind, listMeta: Type): ListKind {
  const known = lists.get(kind)
  if (known) return known
  const made: ListKind = {
    is: 'message',
    name: `${kind.name}List`,
    fields: {
      metadata: f(1, listMeta).always().doc('Version of the list, and the token for the rest of it.'),
      items: f(2, list(kind)).explicit().required().doc('The objects.'),
    },
    options: { doc: `A list of ${kind.gvk.kind} objects.` },
    gvk: { ...kind.gvk, kind: kind.options.listKind ?? `${kind.gvk.kind}List` },
    apiVersion: kind.apiVersion,
    item: kind,
  }
  lists.set(kind, made)
  return made
}
