/** How full the volumes of claims are (Kubernetes metrics reference, `kubelet_volume_stats_*`). */
import { statfs } from 'node:fs/promises'
import type { MountedClaim } from '../volumes/persistent-volumes.ts'
import { family, type Sample } from './metric-family.ts'

export interface MeasuredClaim extends MountedClaim {
  readonly capacityBytes: number
  readonly availableBytes: number
  readonly usedBytes: number
  readonly inodes: number
  readonly inodesFree: number
  readonly inodesUsed: number
}

/** A server of files that does not answer is not waited for longer. */
const patienceMs = 2_000

/** What cannot be measured is left out. */
export async function measureClaims(claims: readonly MountedClaim[]): Promise<MeasuredClaim[]> {
  const measured = await Promise.all(
    claims.map(async (claim): Promise<MeasuredClaim | undefined> => {
      const timer = Promise.withResolvers<undefined>()
      const patience = setTimeout(() => timer.resolve(undefined), patienceMs)
      const facts = await Promise.race([statfs(claim.path).catch(() => undefined), timer.promise])
      clearTimeout(patience)
      if (!facts) return undefined
      const { blocks, bfree, bavail, bsize, files, ffree } = facts
      return {
        ...claim,
        capacityBytes: blocks * bsize,
        availableBytes: bavail * bsize,
        usedBytes: (blocks - bfree) * bsize,
        inodes: files,
        inodesFree: ffree,
        inodesUsed: files - ffree,
      }
    }),
  )
  return measured.filter(claim => claim !== undefined)
}

const families = [
  ['capacity_bytes', 'Size of the volume.', 'capacityBytes'],
  ['available_bytes', 'Bytes that may still be written.', 'availableBytes'],
  ['used_bytes', 'Bytes in use.', 'usedBytes'],
  ['inodes', 'Inodes of the volume.', 'inodes'],
  ['inodes_free', 'Inodes that are free.', 'inodesFree'],
  ['inodes_used', 'Inodes in use.', 'inodesUsed'],
] as const

/** Each claim once, however many pods have it. */
export function volumeMetrics(claims: readonly MeasuredClaim[]): string {
  const distinct = [...new Map(claims.map(claim => [`${claim.namespace}/${claim.name}`, claim])).values()]
  return families
    .map(([name, help, key]) =>
      family(
        `kubelet_volume_stats_${name}`,
        'gauge',
        help,
        distinct.map(
          (claim): Sample => [{ namespace: claim.namespace, persistentvolumeclaim: claim.name }, claim[key]],
        ),
      ),
    )
    .join('')
}
