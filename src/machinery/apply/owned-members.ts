/** Which members of an object count in managedFields at all (upstream: stripMeta and the strategies' GetResetFields). */
import type { Kind } from '../../schema/kind.ts'

/** Members of `metadata` that nobody owns: the server sets them, or they name the object. */
export const unownedMetadata: ReadonlySet<string> = new Set([
  'name',
  'namespace',
  'creationTimestamp',
  'selfLink',
  'uid',
  'clusterName',
  'generation',
  'managedFields',
  'resourceVersion',
])

const cached = new WeakMap<Kind, Map<string, ReadonlySet<string>>>()

/** Kinds whose requests are made once and whose answers have subresources: who makes one owns nothing of it. */
const unownedRequests: ReadonlySet<string> = new Set(['certificates.k8s.io/CertificateSigningRequest'])

function resetMembersOf(kind: Kind, subresource: string): string[] {
  if (subresource === 'status') return Object.keys(kind.fields).filter(name => name !== 'status' && name !== 'metadata')
  return subresource === '' && kind.resource?.subresources?.status ? ['status'] : []
}

/** Members that a write sets, and nobody owns. */
export const unownedMembers = ({ gvk }: Kind): ReadonlySet<string> =>
  unownedRequests.has(`${gvk.group}/${gvk.kind}`) ? requestMembers : none

const requestMembers: ReadonlySet<string> = new Set(['spec'])
const none: ReadonlySet<string> = new Set()

/**
 * Top-level members that a write through this endpoint does not set: the status of a kind with a status subresource for the
 * object itself, all but the status for that subresource.
 */
export function resetMembers(kind: Kind, subresource: string): ReadonlySet<string> {
  let ofKind = cached.get(kind)
  if (!ofKind) {
    ofKind = new Map()
    cached.set(kind, ofKind)
  }
  let members = ofKind.get(subresource)
  if (!members) {
    members = new Set(resetMembersOf(kind, subresource))
    ofKind.set(subresource, members)
  }
  return members
}

const unowned = new WeakMap<ReadonlySet<string>, ReadonlySet<string>>()

/** The same with apiVersion, kind and metadata, whose members are looked at one by one. */
export function skippedMembers(kind: Kind, subresource: string): ReadonlySet<string> {
  const reset = resetMembers(kind, subresource)
  let skipped = unowned.get(reset)
  if (!skipped) {
    skipped = new Set([...reset, ...unownedMembers(kind), 'apiVersion', 'kind', 'metadata'])
    unowned.set(reset, skipped)
  }
  return skipped
}
