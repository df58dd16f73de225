/** Gives the files of a volume to a pod's fsGroup (API: PodSecurityContext). */
import { chmod, lchown, lstat, opendir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Pod } from '../../api/core/v1/pod.ts'

const directoryBits = 0o2770
const fileBits = 0o660

/** Owned by the group, writable by it, and new files keep it. A large volume takes long: nothing waits for it but the pod. */
export async function giveToGroup(path: string, { spec }: Pod): Promise<void> {
  const { fsGroup, fsGroupChangePolicy } = spec.securityContext ?? {}
  if (fsGroup === undefined) return
  if (fsGroupChangePolicy === 'OnRootMismatch') {
    const root = await lstat(path)
    if (root.gid === fsGroup && (root.mode & directoryBits) === directoryBits) return
  }
  await giveTree(path, fsGroup)
}

/** The root last, so that its owner tells that all below has been done. */
async function giveTree(path: string, group: number): Promise<void> {
  const stats = await lstat(path)
  if (stats.isDirectory()) for await (const { name } of await opendir(path)) await giveTree(join(path, name), group)
  await lchown(path, stats.uid, group)
  if (!stats.isSymbolicLink())
    await chmod(path, (stats.mode & 0o7777) | (stats.isDirectory() ? directoryBits : fileBits))
}
