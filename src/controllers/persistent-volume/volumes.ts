/** What is done for a volume: its phase follows its claim, and it is reclaimed after it (upstream: syncVolume). */
import { PersistentVolume } from '../../api/core/v1/persistent-volume.ts'
import type { PersistentVolumeClaim } from '../../api/core/v1/persistent-volume-claim.ts'
import { timeOf } from '../../client/timestamps.ts'
import { provisionedByAnnotation as provisionedBy } from '../../machinery/local-path.ts'
import { boundByController } from '../../machinery/volume-matching.ts'
import { type Action, type Plan, update, updateStatus } from '../runtime/action.ts'

export interface VolumeState {
  readonly volume: PersistentVolume
  /** The claim that the volume points at, with the UID that it names. */
  readonly claim: PersistentVolumeClaim | undefined
  readonly nowMs: number
}

type Phase = NonNullable<PersistentVolume['status']['phase']>

function withPhase(volume: PersistentVolume, phase: Phase, nowMs: number, message = ''): readonly Action[] {
  if (volume.status.phase === phase && (volume.status.message ?? '') === message) return []
  const { message: _m, ...before } = volume.status
  const lastPhaseTransitionTime = volume.status.phase === phase ? volume.status.lastPhaseTransitionTime : timeOf(nowMs)
  const status = {
    ...before,
    phase,
    ...(message === '' ? {} : { message }),
    ...(lastPhaseTransitionTime === undefined ? {} : { lastPhaseTransitionTime }),
  }
  return [updateStatus(PersistentVolume, { ...volume, status })]
}

/** `claimToLookAt`: the claim has to be bound to this volume still. */
export function planVolume({ volume, claim, nowMs }: VolumeState): Plan & { readonly claimToLookAt?: string } {
  const { claimRef } = volume.spec
  if (!claimRef?.uid) return { steps: [withPhase(volume, 'Available', nowMs)] }
  if (!claim) return planReleased(volume, nowMs)
  const key = `${claim.metadata.namespace}/${claim.metadata.name}`
  if (!claim.spec.volumeName) return { steps: [], claimToLookAt: key }
  if (claim.spec.volumeName === volume.metadata.name) {
    return { steps: [withPhase(volume, 'Bound', nowMs)], claimToLookAt: key }
  }
  const isProvisioned = volume.metadata.annotations?.[provisionedBy] !== undefined
  if (isProvisioned && volume.spec.persistentVolumeReclaimPolicy === 'Delete') return planReleased(volume, nowMs)
  return { steps: [[update(PersistentVolume, unbound(volume))]] }
}

/** Free again: what the controller has written goes, what a user has reserved stays without the UID. */
function unbound(volume: PersistentVolume): PersistentVolume {
  const { [boundByController]: byController, ...annotations } = volume.metadata.annotations ?? {}
  const { claimRef, ...spec } = volume.spec
  if (byController !== undefined) return { ...volume, metadata: { ...volume.metadata, annotations }, spec }
  const { uid: _u, resourceVersion: _r, ...reserved } = claimRef ?? {}
  return { ...volume, spec: { ...spec, claimRef: reserved } as PersistentVolume['spec'] }
}

function planReleased(volume: PersistentVolume, nowMs: number): Plan {
  const { phase } = volume.status
  const released = phase === 'Released' || phase === 'Failed' ? [] : withPhase(volume, 'Released', nowMs)
  if (released.length > 0) return { steps: [released] }
  if (phase === 'Failed' || volume.metadata.deletionTimestamp !== undefined) return { steps: [] }
  const policy = volume.spec.persistentVolumeReclaimPolicy
  // A driver deletes what it has made.
  const isDriversOwn = volume.spec.csi !== undefined || volume.metadata.annotations?.[provisionedBy] !== undefined
  if (policy === 'Retain' || policy === undefined || (policy === 'Delete' && isDriversOwn)) return { steps: [] }
  const { name } = volume.metadata
  const [reason, message] =
    policy === 'Delete'
      ? [
          'VolumeFailedDelete',
          `error getting deleter volume plugin for volume ${JSON.stringify(name)}: no deletable volume plugin matched`,
        ]
      : ['VolumeFailedRecycle', 'No recycler plugin found for the volume!']
  return {
    steps: [
      [{ do: 'event', on: volume, type: 'Warning', reason, message }],
      withPhase(volume, 'Failed', nowMs, message),
    ],
  }
}
