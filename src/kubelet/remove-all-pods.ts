/** Takes everything of all pods away: sandboxes, mounts, control groups. For `down` and `reset`. */
import { join } from 'node:path'
import type { Logger } from '../base/log.ts'
import type { Spawner } from '../base/spawner.ts'
import { ContainerState } from './cri/enums.ts'
import type { RuntimeClient } from './cri/runtime-client.ts'
import { Cgroups } from './resources/cgroups.ts'
import { Mounter } from './volumes/mounter.ts'
import { VolumeManager } from './volumes/volume-manager.ts'

export interface RemoveAllPodsOptions {
  readonly runtime: RuntimeClient
  readonly spawner: Spawner
  readonly log: Logger
  /** The cluster's. */
  readonly dataDirectory: string
  readonly cgroupDriver: 'cgroupfs' | 'systemd'
  readonly cgroupRoot: string
  /** Containers get so long to end. */
  readonly graceSeconds: number
}

const cgroupTries = 40
const cgroupWaitMs = 50

const removeTries = 5
const removeWaitMs = 200

/** The runtime may be busy with the same thing for a moment, as with a sandbox that was just being made. */
async function persistently(remove: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await remove()
    } catch (error) {
      if (tries === removeTries) throw error
      await new Promise(resolve => setTimeout(resolve, removeWaitMs))
    }
  }
}

export const kubeletDirectory = (dataDirectory: string): string => join(dataDirectory, 'kubelet')
export const podsDirectory = (dataDirectory: string): string => join(kubeletDirectory(dataDirectory), 'pods')

export async function removeAllPods(options: RemoveAllPodsOptions): Promise<void> {
  const { runtime, spawner, log, dataDirectory, graceSeconds } = options
  const running = await runtime.listContainers({ state: { state: ContainerState.running } })
  await Promise.all(running.map(({ id }) => runtime.stopContainer(id ?? '', graceSeconds)))
  const sandboxes = await runtime.listPodSandboxes()
  await Promise.all(
    sandboxes.map(({ id = '' }) =>
      persistently(async () => {
        await runtime.stopPodSandbox(id)
        await runtime.removePodSandbox(id)
      }),
    ),
  )
  const mounter = new Mounter(spawner)
  const volumes = new VolumeManager(podsDirectory(dataDirectory), mounter, () => 0)
  for (const uid of volumes.podUids()) await volumes.remove(uid)
  // What drivers have staged; they are gone.
  await mounter.unmountBelow(join(kubeletDirectory(dataDirectory), 'plugins'))
  const cgroups = new Cgroups({ driver: options.cgroupDriver, root: options.cgroupRoot })
  // The last process of a group may take a moment to be gone.
  for (let tries = 0; tries < cgroupTries; tries++) {
    const busy = cgroups.podUids().filter(uid => !cgroups.remove(uid))
    if (busy.length === 0) break
    await new Promise(resolve => setTimeout(resolve, cgroupWaitMs))
  }
  cgroups.removeRoot()
  log.info({ sandboxes: sandboxes.length }, 'removed all pods')
}
