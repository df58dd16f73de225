/** What is done for a claim: it is bound to a volume, waits for one, or has lost its own (upstream: syncClaim). */
import { PersistentVolume } from '../../api/core/v1/persistent-volume.ts'
import { PersistentVolumeClaim } from '../../api/core/v1/persistent-volume-claim.ts'
import type { StorageClass } from '../../api/storage/v1/storage-class.ts'
import {
  bestMatch,
  bindCompletedAnnotation,
  boundByController,
  classOf,
  isReservedFor,
  mismatchOf,
  pointingVolume,
  selectedNodeAnnotation,
} from '../../machinery/volume-matching.ts'
import { type Action, type Plan, update, updateStatus } from '../runtime/action.ts'
import { same } from '../runtime/same.ts'

const provisionerMarks = ['volume.beta.kubernetes.io/storage-provisioner', 'volume.kubernetes.io/storage-provisioner']
const noProvisioner = 'kubernetes.io/no-provisioner'

export interface ClaimState {
  readonly claim: PersistentVolumeClaim
  readonly volumes: readonly PersistentVolume[]
  readonly storageClass: StorageClass | undefined
  /** Name of the class that claims without one get. */
  readonly defaultClass: string | undefined
  /** Pods that use the claim and have no node yet. */
  readonly waitingPods: readonly string[]
}

type Claim = PersistentVolumeClaim

const event = (claim: Claim, type: 'Normal' | 'Warning', reason: string, message: string): Action => ({
  do: 'event',
  on: claim,
  type,
  reason,
  message,
})

function withPhase(claim: Claim, phase: 'Pending' | 'Lost'): readonly Action[] {
  if (claim.status.phase === phase) return []
  const { accessModes: _a, capacity: _c, ...status } = claim.status
  return [updateStatus(PersistentVolumeClaim, { ...claim, status: { ...status, phase } })]
}

function lost(claim: Claim, reason: string, message: string): Plan {
  const status = withPhase(claim, 'Lost')
  return { steps: status.length === 0 ? [] : [[event(claim, 'Warning', reason, message)], status] }
}

export function planClaim(state: ClaimState): Plan {
  const { claim, volumes } = state
  const volume = volumes.find(({ metadata }) => metadata.name === claim.spec.volumeName)
  if (claim.metadata.annotations?.[bindCompletedAnnotation] === undefined) return planUnbound(state, volume)
  if (!claim.spec.volumeName) {
    return lost(claim, 'ClaimLost', 'Bound claim has lost reference to PersistentVolume. Data on the volume is lost!')
  }
  if (!volume) {
    return lost(claim, 'ClaimLost', 'Bound claim has lost its PersistentVolume. Data on the volume is lost!')
  }
  if (volume.spec.claimRef === undefined || volume.spec.claimRef.uid === claim.metadata.uid) return bind(volume, claim)
  return lost(claim, 'ClaimMisbound', 'Two claims are bound to the same volume, this one is bound incorrectly')
}

function planUnbound(state: ClaimState, named: PersistentVolume | undefined): Plan {
  const { claim, volumes, storageClass } = state
  if (claim.spec.volumeName) return named ? planNamed(claim, named) : { steps: [withPhase(claim, 'Pending')] }
  const delayed = storageClass?.volumeBindingMode === 'WaitForFirstConsumer'
  const found = bestMatch(volumes, claim, delayed)
  return found ? bind(found, claim) : planWaiting(state, delayed)
}

/** The user has chosen the volume. */
function planNamed(claim: Claim, volume: PersistentVolume): Plan {
  const pending = withPhase(claim, 'Pending')
  if (volume.spec.claimRef === undefined) {
    const mismatch = mismatchOf(volume, claim)
    if (mismatch === undefined) return bind(volume, claim)
    const message = `Cannot bind to requested volume ${JSON.stringify(volume.metadata.name)}: ${mismatch}`
    return { steps: [[event(claim, 'Warning', 'VolumeMismatch', message)], pending] }
  }
  if (isReservedFor(volume, claim)) return bind(volume, claim)
  const message = `volume ${JSON.stringify(volume.metadata.name)} already bound to a different claim.`
  return { steps: [[event(claim, 'Warning', 'FailedBinding', message)], pending] }
}

function planWaiting(state: ClaimState, delayed: boolean): Plan {
  const { claim, storageClass, defaultClass } = state
  if (claim.spec.storageClassName === undefined && classOf(claim) === '' && defaultClass !== undefined) {
    const changed = { ...claim, spec: { ...claim.spec, storageClassName: defaultClass } }
    return { steps: [[update(PersistentVolumeClaim, changed)]] }
  }
  const pending = withPhase(claim, 'Pending')
  if (delayed && claim.metadata.annotations?.[selectedNodeAnnotation] === undefined) {
    return { steps: [[waitingEvent(state)], pending] }
  }
  const name = classOf(claim)
  if (name === '') {
    const message = 'no persistent volumes available for this claim and no storage class is set'
    return { steps: [[event(claim, 'Normal', 'FailedBinding', message)], pending] }
  }
  if (!storageClass) {
    const message = `storageclass.storage.k8s.io ${JSON.stringify(name)} not found`
    return { steps: [[event(claim, 'Warning', 'ProvisioningFailed', message)]] }
  }
  return provision(claim, storageClass.provisioner)
}

function waitingEvent({ claim, waitingPods }: ClaimState): Action {
  if (waitingPods.length === 0) {
    const message = 'waiting for first consumer to be created before binding'
    return event(claim, 'Normal', 'WaitForFirstConsumer', message)
  }
  const pods = waitingPods.length > 1 ? `pods ${waitingPods.join(',')}` : `pod ${waitingPods[0]}`
  return event(claim, 'Normal', 'WaitForPodScheduled', `waiting for ${pods} to be scheduled`)
}

/** Asks the driver outside to make a volume. */
function provision(claim: Claim, provisioner: string): Plan {
  if (provisioner === noProvisioner) return { steps: [] }
  const message = `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`
  const annotations = { ...claim.metadata.annotations }
  const isAsked = provisionerMarks.every(mark => annotations[mark] === provisioner)
  for (const mark of provisionerMarks) annotations[mark] = provisioner
  const asked = { ...claim, metadata: { ...claim.metadata, annotations } }
  const tell = event(claim, 'Normal', 'ExternalProvisioning', message)
  return { steps: isAsked ? [[tell]] : [[update(PersistentVolumeClaim, asked)], [tell]] }
}

/** The next writes on the way to a bound pair: the two objects point at each other first, then their phases tell so. */
export function bind(volume: PersistentVolume, claim: Claim): Plan {
  const changedVolume = pointingVolume(volume, claim)
  const changedClaim = pointingClaim(claim, volume)
  if (changedVolume) return { steps: [[update(PersistentVolume, changedVolume)]] }
  if (changedClaim) return { steps: [[update(PersistentVolumeClaim, changedClaim)]] }
  const { accessModes, capacity, volumeAttributesClassName } = volume.spec
  // A resize that is under way tells the size itself.
  const size = claim.status.phase === 'Bound' && claim.status.capacity ? claim.status.capacity : capacity
  const status = {
    ...claim.status,
    phase: 'Bound' as const,
    ...(accessModes ? { accessModes } : {}),
    ...(size ? { capacity: size } : {}),
    ...(volumeAttributesClassName ? { currentVolumeAttributesClassName: volumeAttributesClassName } : {}),
  }
  return {
    steps: same(status, claim.status) ? [] : [[updateStatus(PersistentVolumeClaim, { ...claim, status })]],
  }
}

function pointingClaim(claim: Claim, volume: PersistentVolume): Claim | undefined {
  const annotations = { ...claim.metadata.annotations }
  const isNew = claim.spec.volumeName !== volume.metadata.name
  if (!isNew && annotations[bindCompletedAnnotation] !== undefined) return undefined
  if (isNew) annotations[boundByController] = 'yes'
  annotations[bindCompletedAnnotation] = 'yes'
  return {
    ...claim,
    metadata: { ...claim.metadata, annotations },
    spec: { ...claim.spec, volumeName: volume.metadata.name },
  }
}
