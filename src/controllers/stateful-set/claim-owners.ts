/** Who owns the claim of a pod of a StatefulSet, and has it deleted when it goes (KEP-1847). Pure. */
import { StatefulSet } from '../../api/apps/v1/stateful-set.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import type { OwnerReference } from '../../api/meta/v1/object-meta.ts'
import { controllerReference } from '../runtime/owners.ts'

/** The references that the claim is to have. `isSurplus`: the pod is beyond the set's replicas. */
export function claimOwners(
  before: readonly OwnerReference[],
  set: StatefulSet,
  pod: Pod,
  isSurplus: boolean,
): readonly OwnerReference[] {
  const { whenDeleted, whenScaled } = set.spec.persistentVolumeClaimRetentionPolicy ?? {}
  const isSet = ({ kind, apiVersion, name }: OwnerReference) =>
    kind === 'StatefulSet' && apiVersion.startsWith('apps/') && name === set.metadata.name
  const isPod = ({ kind, apiVersion, name }: OwnerReference) =>
    kind === 'Pod' && apiVersion === 'v1' && name === pod.metadata.name
  // Of an owner of the same name that is gone: the garbage collector decides.
  const setBefore = before.find(isSet)
  const podBefore = before.find(isPod)
  if (setBefore && setBefore.uid !== set.metadata.uid) return before
  if (podBefore && podBefore.uid !== pod.metadata.uid) return before
  const others = before.filter(reference => !isSet(reference) && !isPod(reference))
  const mayDelete = whenDeleted === 'Delete' || whenScaled === 'Delete'
  // One controller alone: what another has, it keeps.
  if (!mayDelete || others.some(({ controller }) => controller === true)) return others
  const byPod = whenScaled === 'Delete' && isSurplus
  const bySet = whenDeleted === 'Delete' && !byPod
  return [
    ...others,
    ...(bySet ? [controllerReference(StatefulSet, set)] : []),
    ...(byPod ? [controllerReference(Pod, pod)] : []),
  ]
}
