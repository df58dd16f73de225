/** Writes in the other versions and groups of their resource (`matchPolicy: Equivalent`). */
import type {
  MatchResources,
  NamedRuleWithOperations,
  RuleWithOperations,
} from '../../api/admissionregistration/v1/match-resources.ts'
import type { Kind } from '../../schema/kind.ts'
import type { ObjectReader } from '../registry/object-reader.ts'
import type { AdmissionAttributes } from './admission.ts'
import { nameOf } from './refusal.ts'
import { matchesRule, matchesSelectors } from './rule-match.ts'

type Json = Record<string, unknown>

/** The same objects in another version, or under another group: what is stored in one place. */
export interface Equivalent {
  readonly kind: Kind
  readonly group: string
  readonly version: string
  readonly resource: string
  /** The kind of the resource that the request names. */
  readonly requested: Kind
  /** From and to the version of the request. A webhook may have to be asked: ApiError 500 where it fails. */
  to(object: Json): Json | Promise<Json>
  from(object: Json): Json | Promise<Json>
}

export type FindEquivalents = (group: string, version: string, resource: string) => readonly Equivalent[]

/** What rules match: the write as it was sent, or in another version. */
export type Matched = 'itself' | Equivalent

export interface Rules {
  readonly rules?: readonly (RuleWithOperations | NamedRuleWithOperations)[] | undefined
  readonly matchPolicy?: string | undefined
}

/** Earlier rules come before later ones, and the version of the request before all others. */
export function matchedBy(
  { rules = [], matchPolicy }: Rules,
  attributes: AdmissionAttributes,
  find: FindEquivalents,
): Matched | undefined {
  if (rules.some(rule => matchesRule(rule, attributes))) return 'itself'
  if (rules.length === 0 || matchPolicy !== 'Equivalent') return undefined
  const others = find(attributes.group, attributes.version, attributes.resource)
  for (const rule of rules) {
    const found = others.find(({ group, version, resource }) =>
      matchesRule(rule, { ...attributes, group, version, resource }),
    )
    if (found) return found
  }
  return undefined
}

/** By a policy's constraints; without rules everything matches that the selectors do. */
export async function matchedByResources(
  match: MatchResources | undefined,
  attributes: AdmissionAttributes,
  reader: ObjectReader,
  find: FindEquivalents,
): Promise<Matched | undefined> {
  if (!match) return 'itself'
  const { matchPolicy, resourceRules, excludeResourceRules } = match
  const named = { ...attributes, name: nameOf(attributes) }
  if (matchedBy({ rules: excludeResourceRules, matchPolicy }, named, find)) return undefined
  const matched = resourceRules?.length ? matchedBy({ rules: resourceRules, matchPolicy }, named, find) : 'itself'
  return matched && (await matchesSelectors(match, attributes, reader)) ? matched : undefined
}

/** The write in the version that a rule named. */
export interface VersionedWrite {
  /** Its objects are in that version; all else is the request's. */
  readonly attributes: AdmissionAttributes
  readonly kind: Kind
  readonly group: string
  readonly version: string
  readonly resource: string
}

/** The objects of such subresources as `scale` are the same in all versions. */
const hasOwnKind = (attributes: AdmissionAttributes, as: Equivalent): boolean => attributes.kind !== as.requested

export async function versioned(attributes: AdmissionAttributes, matched: Matched): Promise<VersionedWrite> {
  if (matched === 'itself') {
    const { kind, group, version, resource } = attributes
    return { attributes, kind, group, version, resource }
  }
  const { kind, group, version, resource } = matched
  if (hasOwnKind(attributes, matched)) return { attributes, kind: attributes.kind, group, version, resource }
  const [object, oldObject] = await Promise.all(
    [attributes.object, attributes.oldObject].map(one => one && matched.to(one)),
  )
  return { attributes: { ...attributes, object, oldObject }, kind, group, version, resource }
}

/** An object of such a write in the version of the request. */
export const asRequested = (attributes: AdmissionAttributes, matched: Matched, object: Json): Json | Promise<Json> =>
  matched === 'itself' || hasOwnKind(attributes, matched) ? object : matched.from(object)
