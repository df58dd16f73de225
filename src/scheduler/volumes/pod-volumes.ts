/** What a pod's claims mean for the nodes that it may go to, and what is to be bound for it on one of them. */
import type { Node } from '../../api/core/v1/node.ts'
import type { PersistentVolume } from '../../api/core/v1/persistent-volume.ts'
import type { PersistentVolumeClaim } from '../../api/core/v1/persistent-volume-claim.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import type { StorageClass } from '../../api/storage/v1/storage-class.ts'
import { claimNameOf } from '../../machinery/pod-claims.ts'
import { nodeSelectorMatches } from '../../machinery/selectors/node-selector.ts'
import { bestMatch, classOf, selectedNodeAnnotation, wantedSize } from '../../machinery/volume-matching.ts'
import { claimKeyOf, isFullyBound, type VolumeView } from './volume-view.ts'

/** Their volumes are made by hand. */
const noProvisioner = 'kubernetes.io/no-provisioner'

export interface PodClaims {
  readonly bound: readonly PersistentVolumeClaim[]
  /** They get their volume once the pod has its node. */
  readonly delayed: readonly PersistentVolumeClaim[]
}

/** The claims of a pod; or why no node will do, in upstream's words. */
export function claimsOf(pod: Pod, view: VolumeView): PodClaims | string {
  const bound: PersistentVolumeClaim[] = []
  const delayed: PersistentVolumeClaim[] = []
  let waits = false
  for (const source of pod.spec.volumes ?? []) {
    const name = claimNameOf(pod, source)
    if (name === undefined) continue
    // Made for the pod, and gone with it.
    const isEphemeral = !source.persistentVolumeClaim
    const claim = view.claim(pod.metadata.namespace, name)
    const quoted = JSON.stringify(name)
    if (!claim && isEphemeral)
      return `waiting for ephemeral volume controller to create the persistentvolumeclaim ${quoted}`
    if (!claim) return `persistentvolumeclaim ${quoted} not found`
    if (claim.status.phase === 'Lost') {
      const volume = JSON.stringify(claim.spec.volumeName ?? '')
      return `persistentvolumeclaim ${quoted} bound to non-existent persistentvolume ${volume}`
    }
    if (claim.metadata.deletionTimestamp !== undefined) return `persistentvolumeclaim ${quoted} is being deleted`
    if (isEphemeral && !claim.metadata.ownerReferences?.some(owner => owner.uid === pod.metadata.uid)) {
      const { namespace, name: podName } = pod.metadata
      return `PVC ${namespace}/${name} was not created for pod ${namespace}/${podName} (pod is not owner)`
    }
    if (isFullyBound(claim)) bound.push(claim)
    else if (isDelayed(claim, view)) delayed.push(claim)
    else waits = true
  }
  return waits ? 'pod has unbound immediate PersistentVolumeClaims' : { bound, delayed }
}

const isDelayed = (claim: PersistentVolumeClaim, view: VolumeView): boolean =>
  !claim.spec.volumeName && view.storageClass(classOf(claim))?.volumeBindingMode === 'WaitForFirstConsumer'

export interface VolumePlan {
  readonly bindings: readonly { readonly claim: PersistentVolumeClaim; readonly volume: PersistentVolume }[]
  /** A driver is to make their volumes where the node reaches them. */
  readonly provisions: readonly PersistentVolumeClaim[]
}

export const noVolumePlan: VolumePlan = { bindings: [], provisions: [] }

const missingVolume = 'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)'
const nodeConflict = "node(s) didn't match PersistentVolume's node affinity"
const nothingToBind = "node(s) didn't find available persistent volumes to bind"

/** What is to be bound if the pod goes to the node; or why it cannot. */
export function planVolumes(
  { bound, delayed }: PodClaims,
  node: Node,
  view: VolumeView,
): VolumePlan | readonly string[] {
  const reasons: string[] = []
  for (const { spec } of bound) {
    const volume = view.volume(spec.volumeName!)
    const reason = volume ? (isReached(volume, node) ? undefined : nodeConflict) : missingVolume
    if (reason !== undefined) {
      reasons.push(reason)
      break
    }
  }
  const plan = delayed.length === 0 ? noVolumePlan : planDelayed(delayed, node, view)
  if (!plan) reasons.push(nothingToBind)
  return plan && reasons.length === 0 ? plan : reasons
}

function planDelayed(claims: readonly PersistentVolumeClaim[], node: Node, view: VolumeView): VolumePlan | undefined {
  const selected = (claim: PersistentVolumeClaim) =>
    claim.metadata.annotations?.[selectedNodeAnnotation] ?? view.selectedNode(claim)
  if (claims.some(claim => (selected(claim) ?? node.metadata.name) !== node.metadata.name)) return undefined
  const provisions = claims.filter(claim => selected(claim) !== undefined)
  const bindings: VolumePlan['bindings'][number][] = []
  const taken = new Set<string>()
  // The smallest first, so that none takes a volume that only a larger one needs.
  const bySize = claims
    .filter(claim => selected(claim) === undefined)
    .sort((a, b) => Number(wantedSize(a) - wantedSize(b)))
  for (const claim of bySize) {
    const free = view.volumesOfClass(classOf(claim)).filter(volume => {
      const { name } = volume.metadata
      return (
        !taken.has(name) && (view.givenTo(name) ?? claimKeyOf(claim)) === claimKeyOf(claim) && isReached(volume, node)
      )
    })
    const volume = bestMatch(free, claim, false)
    if (volume) {
      taken.add(volume.metadata.name)
      bindings.push({ claim, volume })
    } else provisions.push(claim)
  }
  const canMake = (claim: PersistentVolumeClaim) => isProvisionable(view.storageClass(classOf(claim)), node)
  return provisions.every(canMake) ? { bindings, provisions } : undefined
}

export const isReached = ({ spec }: PersistentVolume, node: Node): boolean =>
  !spec.nodeAffinity?.required || nodeSelectorMatches(spec.nodeAffinity.required, node)

function isProvisionable(storageClass: StorageClass | undefined, node: Node): boolean {
  if (!storageClass || storageClass.provisioner === noProvisioner) return false
  const terms = storageClass.allowedTopologies ?? []
  const labels = node.metadata.labels ?? {}
  const matches = (term: (typeof terms)[number]) =>
    (term.matchLabelExpressions ?? []).every(({ key, values }) => values.includes(labels[key] ?? ''))
  return terms.length === 0 || terms.some(matches)
}
