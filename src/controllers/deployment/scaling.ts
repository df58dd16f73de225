/** How many pods each ReplicaSet of a Deployment gets: during a rollout, and when the Deployment is scaled. */
import type { Deployment } from '../../api/apps/v1/deployment.ts'
import type { ReplicaSet } from '../../api/apps/v1/replica-set.ts'
import {
  byAge,
  isRolling,
  maxAnnotation,
  maxSurgeOf,
  maxUnavailableOf,
  sizeOf,
  totalOf,
  totalSize,
  wantedOf,
} from './deployments.ts'

/** New sizes by the ReplicaSet's name; those not named stay. */
export type Sizes = ReadonlyMap<string, number>

/** The size of the new ReplicaSet, within what may be above the wanted number. */
export function newSetSize(deployment: Deployment, sets: readonly ReplicaSet[], current: number): number {
  const wanted = wantedOf(deployment)
  if (!isRolling(deployment)) return wanted
  const room = wanted + maxSurgeOf(deployment) - totalSize(sets)
  return room <= 0 ? current : current + Math.min(room, wanted - current)
}

/** Old ReplicaSets shrink: first what is not available anyway, then as far as enough stay available. */
export function oldSetSizes(deployment: Deployment, sets: readonly ReplicaSet[], newSet: ReplicaSet): Sizes {
  const sizes = new Map<string, number>()
  const old = sets.filter(set => set !== newSet && sizeOf(set) > 0).sort(byAge)
  const minAvailable = wantedOf(deployment) - maxUnavailableOf(deployment)
  const newUnavailable = sizeOf(newSet) - (newSet.status.availableReplicas ?? 0)
  let room = totalSize(sets) - minAvailable - newUnavailable
  if (old.length === 0 || room <= 0) return sizes
  for (const set of old) {
    const unhealthy = sizeOf(set) - (set.status.availableReplicas ?? 0)
    const down = Math.min(room, unhealthy)
    if (down <= 0) continue
    sizes.set(set.metadata.name, sizeOf(set) - down)
    room -= down
  }
  let spare = totalOf(sets, 'availableReplicas') - minAvailable
  for (const set of old) {
    if (spare <= 0) break
    const size = sizes.get(set.metadata.name) ?? sizeOf(set)
    const down = Math.min(size, spare)
    if (down === 0) continue
    sizes.set(set.metadata.name, size - down)
    spare -= down
  }
  return sizes
}

/** When the wanted number changed: all to the only active set, or to each its share, so that a rollout half done stays so. */
export function scaledSizes(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
  newSet: ReplicaSet | undefined,
): Sizes {
  const wanted = wantedOf(deployment)
  const active = sets.filter(set => sizeOf(set) > 0)
  if (active.length <= 1) {
    const only = active[0] ?? newSet ?? [...sets].sort(byAge).at(-1)
    return only && sizeOf(only) !== wanted ? new Map([[only.metadata.name, wanted]]) : new Map()
  }
  if (newSet && sizeOf(newSet) === wanted && (newSet.status.availableReplicas ?? 0) === wanted) {
    return new Map(active.filter(set => set !== newSet).map(set => [set.metadata.name, 0]))
  }
  return isRolling(deployment) ? shares(deployment, active) : new Map()
}

function shares(deployment: Deployment, active: readonly ReplicaSet[]): Sizes {
  const wanted = wantedOf(deployment)
  const allowed = wanted > 0 ? wanted + maxSurgeOf(deployment) : 0
  const toAdd = allowed - totalSize(active)
  if (toAdd === 0) return new Map()
  // The largest first; of equal ones the newer when growing, the older when shrinking.
  const sorted = [...active].sort((a, b) => sizeOf(b) - sizeOf(a) || (toAdd > 0 ? byAge(b, a) : byAge(a, b)))
  const sizes = new Map<string, number>()
  let added = 0
  for (const set of sorted) {
    const share = shareOf(deployment, set)
    const left = toAdd - added
    const change = toAdd > 0 ? Math.max(0, Math.min(share, left)) : Math.min(0, Math.max(share, left))
    sizes.set(set.metadata.name, sizeOf(set) + change)
    added += change
  }
  const first = sorted[0]!.metadata.name
  sizes.set(first, Math.max(0, sizes.get(first)! + toAdd - added))
  return sizes
}

/** What a set gains or loses in proportion to its size before. */
function shareOf(deployment: Deployment, set: ReplicaSet): number {
  const wanted = wantedOf(deployment)
  if (wanted === 0) return -sizeOf(set)
  const before = Number(set.metadata.annotations?.[maxAnnotation] ?? Number.NaN) || (deployment.status.replicas ?? 0)
  if (before === 0) return 0
  return Math.round((sizeOf(set) * (wanted + maxSurgeOf(deployment))) / before) - sizeOf(set)
}
