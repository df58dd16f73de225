/**
 * Directories that are given out as volumes: made when a pod first mounts them, deleted when their volume is released and is
 * to be deleted. A directory whose volume the cluster does not know is left alone: it may be known again after a restore.
 */
import { chmodSync, mkdirSync, readdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { PersistentVolume } from '../../api/core/v1/persistent-volume.ts'
import type { Clock, Timer } from '../../base/clock.ts'
import type { Logger } from '../../base/log.ts'
import type { Client } from '../../client/client.ts'
import { isNotFound } from '../../machinery/api-error.ts'
import { isLocalPathVolume, isToBeDeleted, localPathVolumeName } from '../../machinery/local-path.ts'

const everyMs = 10_000

export interface LocalPathOptions {
  readonly client: Client
  readonly clock: Clock
  readonly log: Logger
  /** Holds a directory per volume. */
  readonly directory: string
  /** Whether a pod has the volume mounted. */
  isMounted(volume: string): boolean
}

export class LocalPathVolumes {
  readonly #options: LocalPathOptions
  #timer: Timer | undefined
  #stopped = false

  constructor(options: LocalPathOptions) {
    this.#options = options
  }

  /** Volumes that are here, as the node's status names them. */
  inUse(): string[] {
    return this.#names().map(localPathVolumeName).sort()
  }

  /** Anybody may write, as nobody knows yet who will. */
  prepare(volume: PersistentVolume): void {
    const path = volume.spec.local?.path
    if (path === undefined || !isLocalPathVolume(volume) || dirname(path) !== this.#options.directory) return
    if (this.#names().includes(basename(path))) return
    mkdirSync(path, { recursive: true })
    chmodSync(path, 0o777)
  }

  start(): void {
    const round = async () => {
      await this.look()
      if (!this.#stopped) this.#timer = this.#options.clock.after(everyMs, () => void round())
    }
    void round()
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  /** Deletes what is to be deleted. */
  async look(): Promise<void> {
    for (const name of this.#names())
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

  #names(): string[] {
    try {
      return readdirSync(this.#options.directory)
    } catch {
      return []
    }
  }
}
