/** What a default role or binding must become, beside what a cluster's administrator made of it. Pure. */
import { isDeepStrictEqual } from 'node:util'
import type { PolicyRule, RoleRef, Subject } from '../../api/rbac/v1/rules.ts'
import { missingRules } from '../authorization/cover.ts'
import { autoupdateAnnotation } from './default-roles.ts'

interface Metadata {
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

export interface RoleLike {
  readonly metadata?: Metadata
  readonly rules?: readonly PolicyRule[]
  readonly aggregationRule?: unknown
}

export interface BindingLike {
  readonly metadata?: Metadata
  readonly roleRef?: Partial<RoleRef>
  readonly subjects?: readonly Partial<Subject>[]
}

/** Set to anything but `true`, the annotation keeps an object as it is. */
const isProtected = ({ metadata }: { metadata?: Metadata }): boolean =>
  (metadata?.annotations?.[autoupdateAnnotation] ?? 'true') !== 'true'

/** What is there wins over what is wanted; what is missing is added. */
function metadataWith<T extends Metadata>(existing: T | undefined, wanted: Metadata = {}): T {
  const labels = { ...wanted.labels, ...existing?.labels }
  const annotations = { ...wanted.annotations, ...existing?.annotations }
  return { ...existing, ...(Object.keys(labels).length === 0 ? {} : { labels }), annotations } as unknown as T
}

/** The role with the missing rules, labels and annotations added; undefined where nothing is to be done. */
export function reconciledRole<T extends RoleLike>(existing: T, wanted: RoleLike): T | undefined {
  if (isProtected(existing)) return undefined
  const missing = wanted.aggregationRule ? [] : missingRules(existing.rules ?? [], wanted.rules ?? [])
  const next = {
    ...existing,
    metadata: metadataWith(existing.metadata, wanted.metadata),
    ...(missing.length === 0 ? {} : { rules: [...(existing.rules ?? []), ...missing] }),
    ...(wanted.aggregationRule ? { aggregationRule: existing.aggregationRule ?? wanted.aggregationRule } : {}),
  }
  return isDeepStrictEqual(next, existing) ? undefined : next
}

const subjectKey = ({ kind, apiGroup, namespace, name }: Partial<Subject>): string =>
  JSON.stringify([kind, kind === 'ServiceAccount' ? '' : (apiGroup ?? ''), namespace ?? '', name])

/**
 * The binding with the missing subjects added; undefined where nothing is to be done. `recreate` where it names
 * another role: that field cannot be changed.
 */
export function reconciledBinding<T extends BindingLike>(
  existing: T,
  wanted: BindingLike,
): { readonly object: T; readonly recreate: boolean } | undefined {
  if (isProtected(existing)) return undefined
  const { kind, name } = wanted.roleRef ?? {}
  const recreate = existing.roleRef?.kind !== kind || existing.roleRef?.name !== name
  const known = new Set(existing.subjects?.map(subjectKey))
  const missing = (wanted.subjects ?? []).filter(subject => !known.has(subjectKey(subject)))
  const object = {
    ...existing,
    metadata: metadataWith(existing.metadata, wanted.metadata),
    ...(missing.length === 0 ? {} : { subjects: [...(existing.subjects ?? []), ...missing] }),
    ...(recreate ? { roleRef: wanted.roleRef } : {}),
  }
  return isDeepStrictEqual(object, existing) ? undefined : { object, recreate }
}
