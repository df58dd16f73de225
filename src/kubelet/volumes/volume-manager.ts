/** The volumes of the node's pods: made before the first container, kept up to date, taken away after the last. */
import { chmodSync, chownSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Pod } from '../../api/core/v1/pod.ts'
import type { Volume } from '../../api/core/v1/volume.ts'
import { namesIn } from '../names-in.ts'
import { unitsOf } from '../resources/amounts.ts'
import { writeAtomically } from './atomic-writer.ts'
import { giveToGroup } from './fs-group.ts'
import { prepareHostPath } from './host-path.ts'
import { type Mounter, mountsBelow } from './mounter.ts'
import { type PayloadFacts, volumePayload } from './payload.ts'
import { type MountedVolume, type PersistentVolumes, unmountUnusedDevices } from './persistent-volumes.ts'
import { mountSubPath } from './sub-path.ts'

/** A volume that could not be made; the message names it and its type. */
export class VolumeError extends Error {}

const folderOf: Record<string, string> = {
  emptyDir: 'kubernetes.io~empty-dir',
  configMap: 'kubernetes.io~configmap',
  secret: 'kubernetes.io~secret',
  projected: 'kubernetes.io~projected',
  downwardAPI: 'kubernetes.io~downward-api',
}

const typeOf = (volume: Volume): string => Object.keys(volume).find(key => key !== 'name') ?? 'emptyDir'

export class VolumeManager {
  readonly #podsDirectory: string
  readonly #mounter: Mounter
  readonly #now: () => number
  readonly #persistent: PersistentVolumes | undefined
  #serial = 0

  /** Without `persistent` it only removes. */
  constructor(podsDirectory: string, mounter: Mounter, now: () => number, persistent?: PersistentVolumes) {
    this.#persistent = persistent
    this.#podsDirectory = podsDirectory
    this.#mounter = mounter
    this.#now = now
  }

  podDirectory(uid: string): string {
    return join(this.#podsDirectory, uid)
  }

  emptyDirPath(uid: string, volumeName: string): string {
    return join(this.podDirectory(uid), 'volumes', folderOf.emptyDir!, volumeName)
  }

  /** Makes or refreshes all volumes of a pod. Throws VolumeError for the first that fails. */
  async ensure(pod: Pod, facts: PayloadFacts): Promise<ReadonlyMap<string, MountedVolume>> {
    const result = new Map<string, MountedVolume>()
    // Images are mounted by the runtime.
    for (const volume of pod.spec.volumes ?? [])
      if (!volume.image)
        try {
          result.set(volume.name, await this.#ensureOne(pod, volume, facts))
        } catch (error) {
          throw new VolumeError(`MountVolume.SetUp failed for volume "${volume.name}" : ${(error as Error).message}`)
        }
    return result
  }

  async #ensureOne(pod: Pod, volume: Volume, facts: PayloadFacts): Promise<MountedVolume> {
    if (this.#persistent?.handles(volume)) return await this.#persistent.ensure(pod, volume)
    return { hostPath: await this.#ensurePath(pod, volume, facts) }
  }

  async #ensurePath(pod: Pod, volume: Volume, facts: PayloadFacts): Promise<string> {
    if (volume.hostPath) return prepareHostPath(volume.hostPath)
    const type = typeOf(volume)
    const folder = folderOf[type]
    if (folder === undefined) throw new Error(`volumes of type ${type} are not supported by this node`)
    const path = join(this.podDirectory(pod.metadata.uid), 'volumes', folder, volume.name)
    if (type === 'emptyDir') return await this.#emptyDir(pod, volume, path)
    const fsGroup = pod.spec.securityContext?.fsGroup
    const payload = await volumePayload(pod, volume, facts)
    mkdirSync(path, { recursive: true, mode: 0o755 })
    // Nothing secret lands on a disk.
    if (type !== 'configMap' && !this.#mounter.isMounted(path)) await this.#mounter.tmpfs(path, 0)
    chmodSync(path, 0o777)
    if (fsGroup !== undefined) {
      chownSync(path, 0, fsGroup)
      chmodSync(path, 0o2777)
    }
    writeAtomically(path, payload ?? new Map(), this.#stamp(), fsGroup)
    return path
  }

  async #emptyDir(pod: Pod, volume: Volume, path: string): Promise<string> {
    const { medium = '', sizeLimit, mode } = volume.emptyDir ?? {}
    if (medium !== '' && medium !== 'Memory') throw new Error(`emptyDir does not support the medium ${medium}`)
    const exists = this.#mounter.isMounted(path) || (medium === '' && directoryExists(path))
    if (exists) return path
    mkdirSync(path, { recursive: true, mode: 0o755 })
    if (medium === 'Memory') await this.#mounter.tmpfs(path, unitsOf(sizeLimit))
    chmodSync(path, mode ?? 0o777)
    await giveToGroup(path, pod)
    return path
  }

  /** The place on the node of one mount of a container. */
  async mountPath(
    pod: Pod,
    containerName: string,
    index: number,
    volume: MountedVolume,
    volumeName: string,
    subPath: string,
  ): Promise<string> {
    if (subPath === '') return volume.hostPath
    const { uid } = pod.metadata
    const target = join(this.podDirectory(uid), 'volume-subpaths', volumeName, containerName, `${index}`)
    return await mountSubPath(this.#mounter, volume.hostPath, subPath, target)
  }

  /** Unmounts and deletes everything of a pod. */
  async remove(uid: string): Promise<void> {
    const directory = this.podDirectory(uid)
    await this.#persistent?.release(uid)
    await this.#mounter.unmountBelow(directory)
    // Below a mount lies what must not be deleted.
    if (mountsBelow(directory).length > 0) throw new Error(`${directory} is still mounted`)
    rmSync(directory, { recursive: true, force: true })
    await unmountUnusedDevices(this.#mounter, dirname(this.#podsDirectory))
  }

  /** Pods that have a directory here. */
  podUids(): string[] {
    return namesIn(this.#podsDirectory)
  }

  /** Unique in a volume, and sorted by time, as `2026_11_23_...`. */
  #stamp(): string {
    this.#serial = (this.#serial + 1) % 1e9
    return `${new Date(this.#now())
      .toISOString()
      .replaceAll(/[-T:.]/g, '_')
      .replace('Z', '')}.${this.#serial}${process.pid}`
  }
}

const directoryExists = (path: string): boolean => {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}
