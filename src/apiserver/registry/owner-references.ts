/** Owner references that say the same twice are kept once, and the client is warned (upstream: dedupOwnerReferences). */
import { equalJson } from './clone.ts'
import type { ObjectJson, OwnerReferenceJson } from './stored-object.ts'

/** `afterAdmission` says who is to blame. Changes the object in place. */
export function dedupeOwnerReferences(
  object: ObjectJson,
  warn: (message: string) => void,
  afterAdmission: boolean,
): void {
  const references = object.metadata?.ownerReferences
  if (references === undefined || references.length < 2) return
  const kept: OwnerReferenceJson[] = []
  const duplicates: string[] = []
  for (const reference of references) {
    if (kept.some(other => other.uid === reference.uid && equalJson(other, reference))) duplicates.push(reference.uid)
    else kept.push(reference)
  }
  if (duplicates.length === 0) return
  object.metadata.ownerReferences = kept
  warn(
    `.metadata.ownerReferences contains duplicate entries${afterAdmission ? ' after mutating admission happens' : ''}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${duplicates.join(', ')}`,
  )
}
