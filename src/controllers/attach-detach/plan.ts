/** Which attachments a node is to have. Pure. */
import type { Node } from '../../api/core/v1/node.ts'
import type { PersistentVolume } from '../../api/core/v1/persistent-volume.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import { VolumeAttachment } from '../../api/storage/v1/volume-attachment.ts'
import { attachmentName, uniqueVolumeName } from '../../machinery/volume-attachments.ts'
import { type Action, create, type Plan, remove } from '../runtime/action.ts'
import { isFinished } from '../runtime/pods.ts'

export interface NodeAttachments {
  readonly nodeName: string
  /** Undefined where it is gone. */
  readonly node: Node | undefined
  /** Pods on the node, with those of their volumes that have to be attached. */
  readonly users: readonly { readonly pod: Pod; readonly volumes: readonly PersistentVolume[] }[]
  readonly attachments: readonly VolumeAttachment[]
  /** Whether another node has the volume attached. */
  isElsewhere(volume: string): boolean
  /** Whether it was made by this controller, for a volume that is known. */
  isOwn(attachment: VolumeAttachment): boolean
  handleOf(volume: string): string | undefined
  readonly nowMs: number
}

/** A node that is not ready for so long cannot say that it has let go of a volume (upstream: maxWaitForUnmountDuration). */
const unmountWaitMs = 360_000
const sharedModes = ['ReadWriteMany', 'ReadOnlyMany']

export function planNode(state: NodeAttachments): Plan {
  const { node, users, attachments, isOwn } = state
  const wanted = new Map<string, { readonly pod: Pod; readonly volume: PersistentVolume }>()
  for (const { pod, volumes } of users)
    if (!isFinished(pod)) for (const volume of volumes) wanted.set(volume.metadata.name, { pod, volume })
  const actions: Action[] = []
  const attached = new Set(attachments.map(({ spec }) => spec.source.persistentVolumeName ?? ''))
  if (node)
    for (const [name, { pod, volume }] of wanted) if (!attached.has(name)) actions.push(attach(state, pod, volume))
  let waits = false
  for (const attachment of attachments) {
    const name = attachment.spec.source.persistentVolumeName ?? ''
    if (wanted.has(name) || attachment.metadata.deletionTimestamp !== undefined || !isOwn(attachment)) continue
    if (isInUse(state, attachment)) waits = true
    else actions.push(remove(VolumeAttachment, attachment))
  }
  return { steps: [actions], ...(waits && !isReady(node) ? { requeueAfterMs: unmountWaitMs } : {}) }
}

function isInUse({ node, handleOf, nowMs }: NodeAttachments, { spec }: VolumeAttachment): boolean {
  const name = uniqueVolumeName(spec.attacher, handleOf(spec.source.persistentVolumeName ?? '') ?? '')
  if (!node?.status.volumesInUse?.includes(name)) return false
  return isReady(node) || nowMs - silentSinceMs(node, nowMs) < unmountWaitMs
}

function attach({ nodeName, isElsewhere }: NodeAttachments, pod: Pod, volume: PersistentVolume): Action {
  const { name } = volume.metadata
  const { driver, volumeHandle } = volume.spec.csi!
  const isShared = volume.spec.accessModes?.some(mode => sharedModes.includes(mode)) === true
  if (!isShared && isElsewhere(name)) {
    const message = `Multi-Attach error for volume ${JSON.stringify(name)} Volume is already exclusively attached to one node and can't be attached to another`
    return { do: 'event', on: pod, type: 'Warning', reason: 'FailedAttachVolume', message }
  }
  const attachment = {
    metadata: { name: attachmentName(volumeHandle, driver, nodeName) },
    spec: { attacher: driver, nodeName, source: { persistentVolumeName: name } },
  }
  return create(VolumeAttachment, '', attachment, {
    on: pod,
    failure: ['FailedAttachVolume', `AttachVolume.Attach failed for volume ${JSON.stringify(name)} : {error}`],
  })
}

const readyOf = (node: Node) => node.status.conditions?.find(({ type }) => type === 'Ready')
const isReady = (node: Node | undefined): boolean => node !== undefined && readyOf(node)?.status === 'True'

const silentSinceMs = (node: Node, nowMs: number): number => {
  const since = Date.parse(readyOf(node)?.lastTransitionTime ?? '')
  return Number.isNaN(since) ? nowMs : since
}
