/**
 * Directories that are given out as volumes: made when a pod first mounts them, deleted when their volume is released and is
 * to be deleted. A directory whose volume the cluster does not know is left alone: it may be known again after a restore.
 */
import { chmodSync, existsSync, mkdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { PersistentVolume } from '../../api/core/v1/persistent-volume.ts'
import type { Logger } from '../../base/log.ts'
import type { Client } from '../../client/client.ts'
import { isNotFound } from '../../machinery/api-error.ts'
import { isLocalPathVolume, isToBeDeleted, localPathVolumeName } from '../../machinery/local-path.ts'
import { namesIn } from '../names-in.ts'

export interface LocalPathOptions {
  readonly client: Client
  readonly log: Logger
  /** Holds a directory per volume. */
  readonly directory: string
  /** Whether a pod has the volume mounted. */
  isMounted(volume: string): boolean
}

export class LocalPathVolumes {
  readonly #options: LocalPathOptions

  constructor(options: LocalPathOptions) {
    this.#options = options
  }

  /** Volumes that are here, as the node's status names them. */
  inUse(): string[] {
    return namesIn(this.#options.directory).map(localPathVolumeName).sort()
  }

  /** Anybody may write, as nobody knows yet who will. False where the volume is not one of ours. */
  prepare(volume: PersistentVolume): boolean {
    const path = volume.spec.local?.path
    if (path === undefined || !isLocalPathVolume(volume) || dirname(path) !== this.#options.directory) return false
    if (existsSync(path)) return true
    mkdirSync(path, { recursive: true })
    chmodSync(path, 0o777)
    return true
  }

  /** Deletes what is to be deleted. */
  async look(): Promise<void> {
    for (const name of namesIn(this.#options.directory))
      try {
        await this.#lookAt(name)
      } catch (error) {
        this.#options.log.warn({ volume: name, error: (error as Error).message }, 'local volume not looked at')
      }
  }

  async #lookAt(name: string): Promise<void> {
    const { client, directory, log, isMounted } = this.#options
    const volume = await client
      .of(PersistentVolume)
      .get('', name)
      .catch(error => {
        if (isNotFound(error)) return undefined
        throw error
      })
    const path = join(directory, name)
    if (!volume || !isLocalPathVolume(volume) || volume.spec.local?.path !== path) return
    if (!isToBeDeleted(volume) || isMounted(name)) return
    await rm(path, { recursive: true, force: true })
    log.info({ volume: name }, 'local volume deleted')
  }
}
