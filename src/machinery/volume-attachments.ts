/** What the attach-detach controller and the nodes agree on about volumes that have to be attached. */
import { createHash } from 'node:crypto'

/** Of the VolumeAttachment of a volume on a node. */
export const attachmentName = (volumeHandle: string, driver: string, node: string): string =>
  `csi-${createHash('sha256').update(`${volumeHandle}${driver}${node}`).digest('hex')}`

/** As a Node's status names a volume in use. */
export const uniqueVolumeName = (driver: string, volumeHandle: string): string =>
  `kubernetes.io/csi/${driver}^${volumeHandle}`
