/** Claims for devices let go of pods that have ended. */
import type { Pod } from '../../api/core/v1/pod.ts'
import { ResourceClaim } from '../../api/resource/v1/resource-claim.ts'
import { type Action, mergePatch, type Plan, remove, updateStatus } from '../runtime/action.ts'
import { controllerOf } from '../runtime/owners.ts'
import { isDone } from './pods.ts'

/** Set by the scheduler on what it allocates. */
const finalizer = 'resource.kubernetes.io/delete-protection'

const unprotected = (claim: ResourceClaim): Action => {
  const finalizers = claim.metadata.finalizers?.filter(name => name !== finalizer) ?? []
  return mergePatch(ResourceClaim, claim, { metadata: { uid: claim.metadata.uid, finalizers } })
}

/** `podOf` knows pods by name; undefined for one that is certainly gone. */
export async function planClaim(
  claim: ResourceClaim,
  podOf: (name: string, uid: string) => Promise<Pod | undefined>,
): Promise<Plan | undefined> {
  const { reservedFor = [], allocation, ...status } = claim.status
  const kept: typeof reservedFor = []
  for (const user of reservedFor) {
    // Other users than pods look after themselves.
    if (user.apiGroup || user.resource !== 'pods') {
      kept.push(user)
      continue
    }
    const pod = await podOf(user.name, user.uid)
    if (pod?.metadata.uid === user.uid && !isDone(pod)) kept.push(user)
  }
  const isProtected = claim.metadata.finalizers?.includes(finalizer) === true
  const isUnused = kept.length === 0
  if (kept.length < reservedFor.length) {
    const keepsAllocation = allocation && !(isUnused && isProtected)
    const next = {
      ...claim,
      status: {
        ...status,
        ...(isUnused ? {} : { reservedFor: kept }),
        ...(keepsAllocation ? { allocation } : {}),
      },
    }
    const frees = isProtected && !keepsAllocation ? [[unprotected(claim)]] : []
    return { steps: [[updateStatus(ResourceClaim, next)], ...frees] }
  }
  if (!isUnused) return undefined
  const isDeleted = claim.metadata.deletionTimestamp !== undefined
  // What was allocated and never used stays so until the claim goes.
  if (isProtected && isDeleted) {
    const deallocation = allocation ? [[updateStatus(ResourceClaim, { ...claim, status })]] : []
    return { steps: [...deallocation, [unprotected(claim)]] }
  }
  const actions: Action[] = []
  const owner = controllerOf(claim)
  if (!isDeleted && owner?.kind === 'Pod' && owner.apiVersion === 'v1') {
    const pod = await podOf(owner.name, owner.uid)
    // A pod that is gone is the garbage collector's business.
    if (pod && (pod.metadata.uid !== owner.uid || isDone(pod))) actions.push(remove(ResourceClaim, claim))
  }
  return actions.length === 0 ? undefined : { steps: [actions] }
}
