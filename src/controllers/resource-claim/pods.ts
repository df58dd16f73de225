/** The claims of a pod: those that it names, and those made for it from templates. */
import { Pod } from '../../api/core/v1/pod.ts'
import type { PodResourceClaim } from '../../api/core/v1/resources.ts'
import { ResourceClaim } from '../../api/resource/v1/resource-claim.ts'
import type { ResourceClaimTemplate } from '../../api/resource/v1/resource-claim-template.ts'
import { type Action, create, type Plan, updateStatus } from '../runtime/action.ts'
import { controllerOf, controllerReference } from '../runtime/owners.ts'

/** Which entry of its pod a claim was made for. */
const entryAnnotation = 'resource.kubernetes.io/pod-claim-name'
/** Leaves room for five random characters in 63. */
const maxNameBase = 57
const maxReservations = 256

export interface ClaimSources {
  claim(name: string): ResourceClaim | undefined
  template(name: string): ResourceClaimTemplate | undefined
  /** Claims that the pod controls. */
  readonly made: readonly ResourceClaim[]
}

export const isDone = (pod: Pod): boolean =>
  pod.status.phase === 'Succeeded' ||
  pod.status.phase === 'Failed' ||
  (pod.metadata.deletionTimestamp !== undefined && !pod.spec.nodeName)

function claimFor(entry: PodResourceClaim, sources: ClaimSources): ResourceClaim | undefined {
  const { resourceClaimName, name } = entry
  if (resourceClaimName !== undefined) return sources.claim(resourceClaimName)
  return sources.made.find(({ metadata }) => metadata.annotations?.[entryAnnotation] === name)
}

function nameBaseOf(pod: string, entry: string): string {
  const whole = `${pod}-${entry}-`
  if (whole.length <= maxNameBase) return whole
  const part = (text: string) => text.slice(0, Math.floor((text.length * maxNameBase) / whole.length))
  return `${part(pod)}-${part(entry)}`
}

function createFor(pod: Pod, entry: PodResourceClaim, template: ResourceClaimTemplate): Action {
  const { metadata, spec } = template.spec
  const failure = ['FailedResourceClaimCreation', `PodResourceClaim ${entry.name}: {error}`] as const
  return create(
    ResourceClaim,
    pod.metadata.namespace,
    {
      metadata: {
        generateName: nameBaseOf(pod.metadata.name, entry.name),
        ...(metadata.labels ? { labels: metadata.labels } : {}),
        annotations: { ...metadata.annotations, [entryAnnotation]: entry.name },
        ownerReferences: [controllerReference(Pod, pod)],
      },
      spec,
    },
    { on: pod, failure },
  )
}

/** A claim that is allocated is kept for a pod that came to its node without the scheduler. */
function reservationFor(pod: Pod, claim: ResourceClaim | undefined): Action | undefined {
  if (!pod.spec.nodeName || !claim?.status.allocation) return undefined
  const reservedFor = claim.status.reservedFor ?? []
  const { name, uid } = pod.metadata
  if (reservedFor.some(user => user.uid === uid) || reservedFor.length >= maxReservations) return undefined
  return updateStatus(ResourceClaim, {
    ...claim,
    status: { ...claim.status, reservedFor: [...reservedFor, { resource: 'pods', name, uid }] },
  })
}

export function planPod(pod: Pod, sources: ClaimSources): Plan | undefined {
  if (pod.metadata.deletionTimestamp !== undefined) return undefined
  const steps: Action[] = []
  const statuses: { name: string; resourceClaimName: string }[] = []
  for (const entry of pod.spec.resourceClaims ?? []) {
    const claim = claimFor(entry, sources)
    const { resourceClaimTemplateName } = entry
    if (!claim && resourceClaimTemplateName !== undefined) {
      if (isDone(pod)) continue
      const template = sources.template(resourceClaimTemplateName)
      if (template) steps.push(createFor(pod, entry, template))
      else {
        const message = `PodResourceClaim ${entry.name}: resource claim template "${resourceClaimTemplateName}": not found`
        steps.push({ do: 'event', on: pod, type: 'Warning', reason: 'FailedResourceClaimCreation', message })
      }
    } else if (claim && controllerOf(claim)?.uid === pod.metadata.uid) {
      const known = pod.status.resourceClaimStatuses?.find(({ name }) => name === entry.name)
      const resourceClaimName = claim.metadata.name
      if (known?.resourceClaimName !== resourceClaimName) statuses.push({ name: entry.name, resourceClaimName })
    }
    const reservation = reservationFor(pod, claim)
    if (reservation) steps.push(reservation)
  }
  if (statuses.length > 0) {
    steps.push({
      do: 'patch',
      kind: Pod,
      namespace: pod.metadata.namespace,
      name: pod.metadata.name,
      type: 'strategic',
      subresource: 'status',
      patch: { metadata: { uid: pod.metadata.uid }, status: { resourceClaimStatuses: statuses } },
    })
  }
  return steps.length === 0 ? undefined : { steps: [steps] }
}
